"""Programs: what the sandbox adds to 64 blocks over a million rows, and how soon a block's code runs.

python -m benchmarks.programs [rows] [blocks]

The same code on the same blocks, in turns: in this process, and each block in a sandbox of its own. Work only; a job
takes its declared time whatever its blocks do.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import numpy as np
import pyarrow as pa

from benchmarks.timing import ms, say
from sandbox.engines.worked import spread
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


@dataclass(frozen=True)
class Measured:
    """Seconds of all blocks in this process, and in sandboxes: medians of turns; and until a block's code runs."""

    alone: float
    kept: float
    start: float


def measure(code: str, parts: list[pa.Table], template: Template) -> Measured:
    """Run a program on blocks, in turns."""
    program = Program(code, NUMBERS, {}, MILLISECONDS, MEMORY)
    alone, kept = [], []
    for _ in range(ROUNDS):
        alone.append(_timed(lambda: [_outside(code, part) for part in parts]))
        kept.append(_timed(lambda: [_inside(template, program, part) for part in parts]))
    starts = [_start(template, program, parts[0].slice(0, 10)) for _ in range(STARTS)]
    return Measured(median(alone), median(kept), median(starts))


def _outside(code: str, part: pa.Table) -> None:
    space: dict[str, Callable[..., object]] = {}
    exec(code, space)
    space["program"](frame(stream_of(part)), {})


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


def main() -> None:
    """Measure both programs and say what came of it."""
    rows, blocks = (int(one) for one in (*sys.argv[1:], *map(str, (ROWS, BLOCKS)[len(sys.argv) - 1 :])))
    say(f"programs, {rows:,} rows, {blocks} blocks")
    parts, template = list(spread(table(rows), blocks)), Template()
    try:
        for name, code in PROGRAMS.items():
            one = measure(code, parts, template)
            sys.stdout.write(
                f"{name}, {blocks} blocks over {rows:,} rows: {ms(one.alone)} in one process, {ms(one.kept)} each in a "
                f"sandbox of its own ({one.kept / one.alone:.2f} ×, {ms((one.kept - one.alone) / blocks)} a block); "
                f"its code runs {ms(one.start)} after it was asked for\n"
            )
    finally:
        template.close()


if __name__ == "__main__":
    main()
