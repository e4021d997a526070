"""Programs: what a process for each block costs, what its sandbox adds, and how soon a block's code runs.

python -m benchmarks.programs [rows] [blocks] [rounds]

The same code on the same blocks, in turns: in one process; each block in a plain fork of an interpreter without a wall
(`forking`); each block in a sandbox of its own. Work only; a job takes its declared time whatever its blocks do.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa

from benchmarks.timing import ms, say
from sandbox.engines.worked import spread
from sandbox.isolation.bubblewrap import ENVIRONMENT, INSIDE
from sandbox.isolation.inside.loaded import frame
from sandbox.isolation.program import Program, stream_of, written
from sandbox.isolation.template import Template

ROWS, BLOCKS, ROUNDS, STARTS = 1_000_000, 64, 3, 30
TOTALS = """
import time
begun = time.monotonic()

def program(rows, parameters):
    spent = rows.groupby("unit")["cost"].agg(["sum", "count"])
    return {"begun": begun, "first": spent["sum"].mean(), "second": (rows["age"] > 60).mean()}
"""
REGRESSION = """
import time
import numpy as np
begun = time.monotonic()

def program(rows, parameters):
    x = np.column_stack([np.ones(len(rows)), rows["age"], *(rows["month"] == month for month in range(2, 13))])
    y, draw, slopes = np.log1p(rows["cost"].to_numpy()), np.random.default_rng(1), []
    for _ in range(30):
        own = draw.integers(0, len(rows), len(rows))
        slopes.append(np.linalg.lstsq(x[own], y[own], rcond=None)[0][1])
    return {"begun": begun, "first": np.mean(slopes), "second": np.std(slopes)}
"""
PROGRAMS = {"totals of each unit": TOTALS, "a regression, resampled 30 times": REGRESSION}
NUMBERS = ("begun", "first", "second")
MEMORY, MILLISECONDS = 1024, 60_000
NUMBERS_ONLY = "--numbers"


def table(rows: int) -> pa.Table:
    """Visits of persons with ten rows each, in order of their names."""
    draw = np.random.default_rng(1)
    units = np.sort(draw.integers(0, 1 << 60, rows // 10)).repeat(10)
    return pa.table(
        {
            "__unit": units,
            "cost": np.round(draw.gamma(2, 60, len(units)), 2),
            "month": draw.integers(1, 13, len(units)),
            "age": draw.integers(0, 100, len(units)),
        }
    )


class Unconfined(Template):
    """The same interpreter without a wall, whose blocks are plain forks: for code that one trusts."""

    def command(self, channel: int) -> list[str]:
        bare = {**ENVIRONMENT, "PYTHONPATH": str(INSIDE.parent)}
        script = str(Path(__file__).with_name("forking.py"))
        return ["env", "-i", *(f"{name}={one}" for name, one in bare.items()), sys.executable, script, str(channel)]


@dataclass(frozen=True)
class Measured:
    """Seconds of all blocks in one process, in forks, and in sandboxes: medians of turns; processor seconds of all
    blocks in forks and in sandboxes, mean of turns; and until a block's code runs in a sandbox."""

    alone: float
    forked: float
    kept: float
    forked_cpu: float
    kept_cpu: float
    start: float


def measure(code: str, parts: list[pa.Table], rounds: int) -> Measured:
    """Run a program on blocks, in turns."""
    program = Program(code, NUMBERS, {}, MILLISECONDS, MEMORY)
    alone, forked, kept = [], [], []
    with closing(Unconfined()) as plain, closing(Template()) as template:
        before = spent(plain), spent(template)
        for _ in range(rounds):
            alone.append(_timed(lambda: [_outside(code, part) for part in parts]))
            forked.append(_timed(lambda: [_inside(plain, program, part) for part in parts]))
            kept.append(_timed(lambda: [_inside(template, program, part) for part in parts]))
        forked_cpu, kept_cpu = ((after - then) / rounds for after, then in zip((spent(plain), spent(template)), before,
                                                                               strict=True))  # fmt: skip
        starts = [_start(template, program, parts[0].slice(0, 10)) for _ in range(STARTS)]
    return Measured(median(alone), median(forked), median(kept), forked_cpu, kept_cpu, median(starts))


def spent(template: Template) -> float:
    """Give the processor seconds of a waiting interpreter and of the blocks that ended."""
    process = template._process.pid
    while children := Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split():
        process = int(children[0])
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(int(one) for one in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def _outside(code: str, part: pa.Table) -> object:
    space: dict[str, Callable[..., object]] = {}
    exec(code, space)
    return space["program"](frame(stream_of(part)), {})


def _inside(template: Template, program: Program, part: pa.Table) -> tuple[float | None, ...]:
    found = written(template, program, {"rows": part})
    assert None not in found, "a block gave nothing"
    return found


def _start(template: Template, program: Program, part: pa.Table) -> float:
    asked = time.monotonic()
    begun = _inside(template, program, part)[0]
    assert begun is not None
    return begun - asked


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def found(rows: int = ROWS, blocks: int = BLOCKS, rounds: int = ROUNDS) -> dict[str, Measured]:
    """Measure each of the programs, by what it is called, in a process with one thread for algebra, as blocks have."""
    asked = [sys.executable, "-m", "benchmarks.programs", *map(str, (rows, blocks, rounds))]
    environment = {**os.environ, **{name: one for name, one in ENVIRONMENT.items() if name.endswith("_THREADS")}}
    told = subprocess.run([*asked, NUMBERS_ONLY], env=environment, stdout=subprocess.PIPE, check=True).stdout
    return {name: Measured(**one) for name, one in json.loads(told).items()}


def lines(measured: dict[str, Measured], blocks: int = BLOCKS) -> str:
    """A table of the times; the last columns are of one block."""
    told = [
        "| program | one process | a fork for each block | a sandbox for each block | × one process | × forks "
        "| a block: fork, sandbox | processor time of these |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, one in measured.items():
        each = [(taken - one.alone) / blocks for taken in (one.forked, one.kept)]
        told.append(
            f"| {name} | {ms(one.alone)} | {ms(one.forked)} | {ms(one.kept)} | {one.kept / one.alone:.2f} | "
            f"{one.kept / one.forked:.2f} | + {ms(each[0])}, + {ms(each[1])} | {ms(one.forked_cpu / blocks)}, "
            f"{ms(one.kept_cpu / blocks)} |"
        )
    return "\n".join(told)


def main() -> None:
    """Measure both programs and say what came of it."""
    given = [int(one) for one in sys.argv[1:] if one != NUMBERS_ONLY]
    rows, blocks, rounds = (given + [ROWS, BLOCKS, ROUNDS][len(given) :])[:3]
    if NUMBERS_ONLY in sys.argv:
        parts = [given["rows"] for given in spread(table(rows), blocks, {})]
        print(json.dumps({name: asdict(measure(code, parts, rounds)) for name, code in PROGRAMS.items()}))
        return
    say(f"programs, {rows:,} rows, {blocks} blocks")
    measured = found(rows, blocks, rounds)
    starts = ", ".join(ms(one.start) for one in measured.values())
    sys.stdout.write(f"{lines(measured, blocks)}\n\nA block's code runs after {starts}.\n")


if __name__ == "__main__":
    main()
