"""How far off the numbers of an answer may be: half-widths of 95 % intervals, from the base alone, so that they are the
same for every recipient. They are those of copies, whose numbers have noise and a mark (`law`).

What registration or bounds leave out is bias and is said in the notes instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from math import hypot, prod, sqrt
from statistics import median

from sandbox.oversight.marks import strength_of
from sandbox.plan.block import SIGMA_UNIT, Block, Measurement
from sandbox.plan.plan import Output
from sandbox.products.query.law import NORMAL, Law
from sandbox.products.query.off import own
from sandbox.products.query.statistics import half_width, moves
from sandbox.products.query.together import half_width as half_width_of_both
from watermarking.chips import ONE

LOPSIDED = 1.2  # of the two sides of an interval; below, the middle of both is right to second order
Widths = Sequence[float | None]
Pulls = Sequence[Sequence[float]]


class Accuracy:
    """The half-widths of a block's outputs in a base of `groups` groups. With a `number`, that of the block, they
    remember which errors they are made of."""

    def __init__(self, block: Block, groups: int, number: int | None = None) -> None:
        self._block, self._groups, self._number = block, groups, number

    def law(self, measurement: int) -> Law:
        """Give the law of the error of a measurement's numbers."""
        measured = self._block.measurements[measurement]
        mark = strength_of(self._block, measurement, self._groups)
        return _law(measured.mechanism, measured.sigma, mark.delta, mark.share)

    def widths(self, output: Output, released: Sequence[Sequence[int]], size: int) -> Widths:
        """Give the 95 % half-width of `output` in its own unit, in each of `size` groups, from the columns of their
        base values."""
        if output.what in ("key", "quantile"):
            return [None] * size
        parts, sums = [self._block.measurements[i] for i in output.source], [released[i] for i in output.source]
        laws = [self.law(i) for i in output.source]
        if output.what in ("count", "sum"):
            if len(parts) == 1:
                width = _of_integer(output, parts[0], laws[0])
                return self._remembered(output, [width] * size, lambda: [(1.0,)] * size)
            centre = parts[0].centre
            width = _of_two(output, parts[0], half_width_of_both(laws[0], laws[1], centre))
            pull = laws[0].smooth, centre * laws[1].smooth
            return self._remembered(output, [width] * size, lambda: [pull] * size)
        steps = [law.smooth for law in laws]
        if output.what == "average":
            found = _of_averages(parts[0], steps, sums[0], sums[1])
            return self._remembered(output, found, lambda: _pulls(steps, sums[0], sums[1]))
        what, rows = output.what, list(zip(*sums, strict=True))
        marks = [law.delta for law in laws]
        found = [half_width(what, parts, row, steps, marks) for row in rows]
        return self._remembered(output, found, lambda: [moves(what, parts, row, steps) for row in rows])

    def _remembered(self, output: Output, widths: Sequence[float], pulls: Callable[[], Pulls]) -> Widths:
        """Widths and, where that is wanted, in which shares the errors of the output's measurements make them up."""
        number = self._number
        if number is None:
            return widths
        return [
            own(width, zip(((number, group, place) for place in output.source), pull, strict=True))
            for group, (width, pull) in enumerate(zip(widths, pulls(), strict=True))
        ]


def error(block: Block, output: Output, released: Sequence[int], groups: int = 1) -> float | None:
    """Give the half-width in one group of so many."""
    return Accuracy(block, groups).widths(output, [[number] for number in released], 1)[0]


def constant_width(block: Block, output: Output) -> float | None:
    """Give the half-width of `output` where there is no group yet that could say it. Of private keys nobody knows how
    many there will be: marks are taken to be as strong as they ever are."""
    domains = [len(key.domain) for key in block.keys if key.domain is not None]
    groups = prod(domains) if len(domains) == len(block.keys) else 1
    return error(block, output, [0] * len(block.measurements), groups) if output.type.numeric else None


def middle(widths: Widths) -> float | None:
    """Give the middle one of the half-widths that are known."""
    known = [width for width in widths if width is not None]
    return median(known) if known else None


def two_sided(up: float, down: float) -> float:
    """Give the half-width of an interval that reaches `up` above the value and `down` below it: half its length where
    both are much alike, else the larger. Of opposite signs are those of a value at its extreme."""
    least, most = sorted((abs(up), abs(down)))
    return (least + most) / 2 if most <= LOPSIDED * least and up * down > 0 else most


@lru_cache(maxsize=1024)
def _law(mechanism: str, sigma: int, delta: int, share: int) -> Law:
    return Law(mechanism == "laplace", sigma / SIGMA_UNIT, delta, share / ONE)


@lru_cache(maxsize=1024)
def _rounded(law: Law, grid: float) -> float:
    return law.rounded(grid)


def _of_integer(output: Output, measured: Measurement, law: Law) -> float:
    """Shown is the released integer in its fixed point or, divided by the share that is kept, in the type's."""
    step = 10.0**-measured.scale / float(measured.kept)
    finer = measured.kept == 1 and measured.scale <= output.type.scale
    return (law.whole if finer else _rounded(law, 10.0**-output.type.scale / step)) * step


def _of_two(output: Output, measured: Measurement, width: float) -> float:
    """The same of a sum that is put together with a count, which is rounded only where it is divided."""
    step = 10.0**-measured.scale / float(measured.kept)
    grid = 0.0 if measured.kept == 1 and measured.scale <= output.type.scale else 10.0**-output.type.scale / step
    return hypot(width, grid / 2) * step


def sigma(block: Block, output: Output) -> float:
    """Give σ – Laplace's scale – of a count or sum in the unit of the column."""
    parts = [block.measurements[place] for place in output.source]
    first, off = parts[0], [float(Decimal(part.sigma) / SIGMA_UNIT) for part in parts]
    whole = off[0] if len(parts) == 1 else hypot(off[0], first.centre * off[1])
    return float(whole / 10**first.scale / float(first.kept))


def _of_averages(
    total: Measurement, steps: Sequence[float], sums: Sequence[int], counts: Sequence[int]
) -> Sequence[float]:
    """Fieller 1954: the averages θ with |sum − θ·count| ≤ √(w_S² + θ²w_n²), the 95 % half-width of that difference,
    lie between two ends, unless the count could be 0; never further apart than the bounds."""
    widest = float(Decimal(total.upper - total.lower).scaleb(-total.scale))
    (of_sum, of_count), unit = steps, 10.0**-total.scale

    def width(summed: int, counted: int) -> float:
        sure = float(counted) ** 2 - of_count**2
        if counted <= 0 or sure <= 0:
            return widest
        moved = summed * counted / sure - summed / counted
        root = sqrt(max(sure * of_sum**2 + (of_count * summed) ** 2, 0.0)) / sure
        return min(two_sided(root + moved, root - moved) * unit, widest)

    return list(map(width, sums, counts))


def _pulls(steps: Sequence[float], sums: Sequence[int], counts: Sequence[int]) -> Pulls:
    """By how much the errors of sum and count move averages, to first order."""
    return [
        (steps[0] / max(counted, 1), -steps[1] * summed / max(counted, 1) ** 2)
        for summed, counted in zip(sums, counts, strict=True)
    ]


def scale(shown: tuple[Block, Output] | None, width: float) -> float:
    """Give σ of a column in its own unit: exactly for counts and sums, from the half-width for what varies by row."""
    if shown is not None and shown[1].what in ("count", "sum"):
        return sigma(*shown)
    return width / NORMAL


def spelled(number: float) -> str:
    """Give a number to four digits, without an exponent."""
    return f"{Decimal(f'{number:.4g}'):f}"
