"""How far off the numbers of an answer may be: half-widths of 95 % intervals, from the base alone, so that they are the
same for every recipient.

A mark of amplitude f·σ adds f²σ² to the variance; f is at most 0.3. What registration or bounds leave out is bias and
is said in the notes instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import log, sqrt
from statistics import median

from sandbox.plan.block import SIGMA_UNIT, Block, Measurement
from sandbox.plan.plan import Output
from sandbox.products.query.statistics import half_width

HALF_WIDTH = 1.959964 * sqrt(1 + 0.3**2)  # σ's in a 95 % half-width, the mark's variance included
LAPLACE = log(20) + 0.3  # scales in a 95 % half-width of Laplace noise, the mark's amplitude on top


def errors(block: Block, output: Output, released: Sequence[Sequence[int]], size: int) -> Sequence[float | None]:
    """Give the 95 % half-width of `output` in its own unit, in each of `size` groups, from the columns of their base
    values."""
    if output.what in ("key", "quantile"):
        return [None] * size
    parts, sums = [block.measurements[i] for i in output.source], [released[i] for i in output.source]
    match output.what:
        case "count" | "sum":
            return [_of_integer(parts[0])] * size
        case "average":
            return _of_averages(parts[0], parts[1], sums[0], sums[1])
        case what:
            steps = [_steps(part) for part in parts]
            return [half_width(what, parts, row, steps) for row in zip(*sums, strict=True)]


def error(block: Block, output: Output, released: Sequence[int]) -> float | None:
    """Give the same of one group."""
    return errors(block, output, [[number] for number in released], 1)[0]


def constant_width(block: Block, output: Output) -> float | None:
    """Give the half-width of `output` where no group is left that could say it."""
    return error(block, output, [0] * len(block.measurements)) if output.type.numeric else None


def middle(widths: Sequence[float | None]) -> float | None:
    """Give the middle one of the half-widths that are known."""
    known = [width for width in widths if width is not None]
    return median(known) if known else None


def _of_integer(measured: Measurement) -> float:
    """Noise is whole steps of the fixed point: half a step more keeps 95 % where σ is about a step."""
    return (_steps(measured) + 0.5) * 10.0**-measured.scale / float(measured.kept)


def _steps(measured: Measurement) -> float:
    """Give the 95 % half-width of a measurement in its own integer unit."""
    return (LAPLACE if measured.mechanism == "laplace" else HALF_WIDTH) * measured.sigma / SIGMA_UNIT


def sigma(measured: Measurement) -> float:
    """Give σ – Laplace's scale – in the unit of the column."""
    return float(Decimal(measured.sigma) / SIGMA_UNIT / 10**measured.scale / measured.kept)


def _of_averages(
    total: Measurement, count: Measurement, sums: Sequence[int], counts: Sequence[int]
) -> Sequence[float | None]:
    """Fieller 1954: the averages θ with |sum − θ·count| ≤ √(w_S² + θ²w_n²), the 95 % half-width of that difference,
    lie between two ends, unless the count could be 0; never further apart than the bounds."""
    widest = float(Decimal(total.upper - total.lower).scaleb(-total.scale))
    of_sum, of_count, unit = _steps(total), _steps(count), 10.0**-total.scale

    def width(summed: int, counted: int) -> float:
        sure = float(counted) ** 2 - of_count**2
        if counted <= 0 or sure <= 0:
            return widest
        here = summed / counted
        middle = summed * counted / sure
        root = sqrt(max(sure * of_sum**2 + (of_count * summed) ** 2, 0.0)) / sure
        return min((abs(middle - here) + root) * unit, widest)

    return list(map(width, sums, counts))


def scale(shown: tuple[Block, Output] | None, width: float) -> float:
    """Give σ of a column in its own unit: exactly for counts and sums, from the half-width for what varies by row."""
    if shown is not None and shown[1].what in ("count", "sum"):
        return sigma(shown[0].measurements[shown[1].source[0]])
    return width / HALF_WIDTH


def spelled(number: float) -> str:
    """Give a number to four digits, without an exponent."""
    return f"{Decimal(f'{number:.4g}'):f}"
