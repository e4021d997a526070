"""Marks: what must survive of a copy to name its recipient, what innocents risk, and how long it takes.

Alone: `python -m benchmarks.marks`. Fixed seeds; trials are stated in the page. One thread.
"""

from __future__ import annotations

import hmac
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from benchmarks import apart
from benchmarks.answer import MASTER, Answer
from benchmarks.copies import NINE, RECIPIENTS, Trial, least_possible, needed
from benchmarks.leaked import FILES, File
from benchmarks.mixed import COLLUDERS, MIXED, others
from benchmarks.timing import say
from sandbox.oversight.marks import marks_bases
from watermarking import score
from watermarking.align import align
from watermarking.base import Base, Primitive
from watermarking.chips import chips
from watermarking.design import Design
from watermarking.embed import channel, embed
from watermarking.keys import base_key, user_key
from watermarking.leak import Direct, Leak
from watermarking.score import LOG10_ALPHA, log10_p

# Attack, cells to look at, trials, and the figure to reach.
ALONE = (
    ("none; order, names, × constant", Trial(), 120, 4_000, 37),
    ("noise of 0.5 δ", Trial(noise=0.5), 120, 4_000, 53),
    ("noise of 1 δ", Trial(noise=1.0), 360, 4_000, 122),
    ("noise of 2 δ", Trial(noise=2.0), 1_200, 4_000, 392),
    ("noise of 1 σ, f = 0.3", Trial(noise=10 / 3), 2_600, 2_000, 1_000),
    ("noise of 1 σ, f = 0.1", Trial(noise=10.0), 22_000, 400, 8_000),
    ("rounded to 2 δ", Trial(grid=2.0), 120, 4_000, 36),
    ("rounded to 4 δ", Trial(grid=4.0), 240, 4_000, 94),
    ("rounded to 10 δ", Trial(grid=10.0), 480, 4_000, 224),
    ("rounded to 20 δ", Trial(grid=20.0), 960, 4_000, 480),
    ("rounded to 50 δ", Trial(grid=50.0), 2_400, 4_000, 1_300),
    ("rounded to 100 δ", Trial(grid=100.0), 4_800, 2_000, 2_520),
)
# Colluders: cells to look at, trials, and the figures to reach: average, mix, worst of nine.
TOGETHER = {
    2: (500, 400, (128, 336, 368)),
    3: (1_300, 400, (200, 670, 990)),
    5: (3_000, 400, (286, 1_534, 2_314)),
    10: (10_000, 400, (464, 4_988, 7_888)),
}
HALF_BELOW = 350  # cells of a base whose chips are fair coins
BY_VALUE = ((1_000, 1, 292), (10_000, 2, 1_361))
ROOT = Path(__file__).parents[1]
LEAKS, INNOCENTS, AT_ONCE = 5, 200_000, 2_000
SIZES = {True: 384, False: 192}  # groups of the answer that a leak is made of: of several copies, of one
LEVELS = (10, 100, 1_000, 10_000)


def report() -> str:
    """Give the section of the page."""
    say("marks")
    taken = times()  # first: a process starts with the peak of its parent
    page = Path(__file__).with_name("marks.md").read_text(encoding="utf-8")
    valued = [
        f"| {rows:,} × {columns} | {by_value(rows, columns):,.0f} | {want:,} |" for rows, columns, want in BY_VALUE
    ]
    return page.format(
        alone="\n".join(alone()), together="\n".join(together()), by_value="\n".join(valued), files="\n".join(files()),
        times="\n".join(taken), recipients=f"{RECIPIENTS:,}", alpha=LOG10_ALPHA, leaks=LEAKS,
        innocents=f"{INNOCENTS:,}", levels=", ".join(f"{t:,}" for t in LEVELS),
    )  # fmt: skip


def alone() -> list[str]:
    """Give the rows of the table of one copy."""
    found = []
    for name, trial, cells, trials, want in ALONE:
        fair, arcsine = (needed(trial, each, cells, trials) for each in (False, True))
        floor = "–" if trial.noise else f"{least_possible(trial.grid):,}"
        found.append(f"| {name} | {trials:,} | {_count(fair)} | {floor} | {_count(arcsine)} | {want:,} |")
    return found


def together(most: int = 10) -> list[str]:
    """Give the rows of the table of colluders, up to `most` of them."""
    found = []
    for colluders, (cells, trials, want) in TOGETHER.items():
        if colluders > most:
            continue
        worst = {attack: either(Trial(colluders, attack), cells, trials) for attack in NINE}
        greatest = None if None in worst.values() else max(cell for cell in worst.values() if cell is not None)
        shown = " | ".join(map(_count, (worst["average"], worst["mix"], greatest)))
        found.append(f"| {colluders} | {trials} | {shown} | {' / '.join(f'{each:,}' for each in want)} |")
    return found


def either(trial: Trial, cells: int, trials: int) -> int | None:
    """Give the cells needed: in a base of fair chips if that is small enough to have them, else of arcsine chips."""
    fair = needed(trial, False, HALF_BELOW, trials)
    return fair if fair is not None else needed(trial, True, cells, trials)


def by_value(rows: int, columns: int, seed: int = 1) -> float:
    """Give ln E of a leaker of 1,000 rows of a base of `rows` groups, without keys, δ = 1, σ = 10, fair chips."""
    chance = np.random.default_rng(seed)
    x = (chance.lognormal(7, 1, (rows, columns)) + chance.normal(0, 10, (rows, columns))).round().astype(int)
    primitives = tuple(Primitive(f"m{i}", Fraction(10), False) for i in range(columns))
    base = Base(b"b", ("k",), tuple((i,) for i in range(rows)), primitives, tuple(map(tuple, x.tolist())))
    design = replace(Design.of(base), arcsine=False)
    copy = embed(base, design, bytes(32), b"u" * 32)
    shown = [tuple(map(str, copy[i])) for i in chance.choice(rows, 1_000, replace=False)]
    leak = Leak(tuple("ab"[:columns]), tuple(shown))
    found = align(leak, base, [Direct(p.name, i) for i, p in enumerate(primitives)])
    if found is None:
        return 0.0
    return float(score.log_e_values(found, base, design, channel(base, design, bytes(32)), [b"u" * 32])[0])


def files(innocents: int = INNOCENTS) -> list[str]:
    """Give the rows of the table of files."""
    say(f"marks: {innocents:,} innocents")
    lines = innocent((*FILES, *MIXED), innocents)
    found = []
    for file, (line, error) in lines.items():
        say(f"marks: {file.__name__}")
        bounds = [traced(file, seed) for seed in range(LEAKS)]
        named = sum(bound <= LOG10_ALPHA for bound in bounds)
        name = file.__name__.replace("_", " ")
        found.append(f"| {name} | {named} of {LEAKS} | {max(bounds):.0f} | {line:.2f} ({error:.2f}) |")
    return found


def traced(file: File, seed: int) -> float:
    """Give log10 of the bound of the best of the leakers, for `RECIPIENTS` recipients."""
    answer = Answer(seed, groups=SIZES[file in MIXED])
    _, log_e, _ = answer.scores(file(answer, random.Random(seed)), COLLUDERS, others(answer))
    return log10_p(float(log_e.max()), RECIPIENTS)


def innocent(chosen: Sequence[File], count: int, seed: int = 0) -> dict[File, tuple[float, float]]:
    """Give, for each file, the greatest t·P(E ≥ t) of `count` recipients who had no part, all scored in full, and the
    standard error where it is 1. The same recipients for all files; files that show the same are scored once."""
    found = {}
    for groups in sorted({SIZES[file in MIXED] for file in chosen}):
        answer = Answer(seed, groups=groups)
        shown = {file: sighted(answer, file, seed) for file in chosen if SIZES[file in MIXED] == groups}
        distinct = {_same(sight): sight for sight in shown.values()}
        scores = dict(zip(distinct, scored(answer, list(distinct.values()), count), strict=True))
        for file, sight in shown.items():
            log_e = scores[_same(sight)]
            found[file] = max((t * float(np.mean(log_e >= np.log(t))), float(np.sqrt(t / count))) for t in LEVELS)
    return found


def sighted(answer: Answer, file: File, seed: int) -> score.Sight:
    """Give the marked cells that a file shows."""
    found = answer.traced(file(answer, random.Random(seed)), others(answer))
    assert found is not None
    base, alignment = found
    design = Design.of(base)
    path = channel(base, design, base_key(MASTER, base.id))
    return score.sight_of(alignment.observed, base, design, path)


def scored(answer: Answer, sights: Sequence[score.Sight], count: int) -> list[np.ndarray]:
    """Give ln E of `count` recipients of one answer for every sight."""
    [base] = marks_bases(answer.plan, answer.id, [answer.base])
    limits = channel(base, Design.of(base), base_key(MASTER, base.id)).limits
    gains = [score.gains_of(sight.seen) for sight in sights]
    found = [np.empty(count) for _ in sights]
    for begin in range(0, count, AT_ONCE):
        names = range(begin, min(begin + AT_ONCE, count))
        bits = np.stack([chips(user_key(MASTER, f"innocent-{i}", base.id), limits) for i in names])
        for log_e, sight, gain in zip(found, sights, gains, strict=True):
            product = bits[:, sight.rank].astype(np.float64) @ gain.gain + gain.start
            log_e[begin : begin + AT_ONCE] = score.mixed(product, gain) - gain.slack
    return found


def _same(sight: score.Sight) -> bytes:
    parts = (sight.rank, sight.seen.from_high, sight.seen.from_low)
    return b"".join(part.tobytes() for part in parts)


def times() -> list[str]:
    """Give the rows of the table of times, each measured in a process of its own with one thread."""
    found = []
    for name, work, groups in (
        ("a copy of 1,000,000 cells", copying, 500_000),
        ("5,000 cells against 10,000 recipients", tracing, 2_500),
        ("1,000,000 cells against 10,000 recipients", tracing, 500_000),
    ):
        say(f"marks: {name}")
        command = [sys.executable, "-m", "benchmarks.marks", work.__name__, str(groups)]
        one_thread = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=one_thread, cwd=ROOT)
        found.append(f"| {name} | {done.stdout.strip()} |")
    return found


def copying(groups: int) -> None:
    """Make one copy; print seconds, processor seconds and peak memory."""
    base = large(groups)
    with timed():
        embed(base, Design.of(base), bytes(32), b"u" * 32)


@contextmanager
def timed() -> Iterator[None]:
    """Print what the block took."""
    wall, processor = time.perf_counter(), time.process_time()
    yield
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(f"{wall:.1f} | {processor:.1f} | {apart.peak() >> 10:,} MB")


def tracing(groups: int) -> None:
    """Trace a shuffled copy; print seconds, processor seconds and peak memory."""
    base = large(groups)
    design, chance = Design.of(base), random.Random(1)
    keys = [hmac.digest(bytes(32), number.to_bytes(8, "big"), "sha256") for number in range(RECIPIENTS)]
    copy = embed(base, design, bytes(32), keys[7])
    rows = [(*map(str, group), *map(str, values)) for group, values in zip(base.groups, copy, strict=True)]
    chance.shuffle(rows)
    leak = Leak(tuple("abcd"), tuple(rows))
    with timed():
        found = align(leak, base, [Direct("n", 0), Direct("pay", 1)])
        assert found is not None
        log_e = score.log_e_values(found, base, design, channel(base, design, bytes(32)), keys)
    assert int(np.argmax(log_e)) == 7


def large(groups: int) -> Base:
    """A base of two primitives."""
    chance = np.random.default_rng(0)
    values = zip(
        chance.integers(100, 10**5, groups).tolist(), chance.integers(100, 10**6, groups).tolist(), strict=True
    )
    primitives = (Primitive("n", Fraction(20), True), Primitive("pay", Fraction(3_000), False))
    return Base(b"b", ("a", "b"), tuple((i // 50, f"内科{i % 50}") for i in range(groups)), primitives, tuple(values))


def _count(cells: int | None) -> str:
    return "more" if cells is None else f"{cells:,}"


if __name__ == "__main__":
    if sys.argv[1:]:
        {"copying": copying, "tracing": tracing}[sys.argv[1]](int(sys.argv[2]))
    else:
        sys.stdout.write(report())
