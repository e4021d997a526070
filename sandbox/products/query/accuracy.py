"""How far off the numbers of an answer may be: half-widths of 95 % intervals, from the base alone, so that they are the
same for every recipient.

A mark of amplitude f·σ adds f²σ² to the variance; f is at most 0.3. What registration or bounds leave out is bias and
is said in the notes instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import hypot, sqrt
from statistics import median

from sandbox.plan.evaluate import evaluate
from sandbox.plan.plan import SIGMA_UNIT, STATISTICS, Measurement, Output, Plan
from sandbox.plan.scalar import Value, columns
from sandbox.products.query.statistics import half_width
from sandbox.products.query.values import Row

HALF_WIDTH = 1.959964 * sqrt(1 + 0.3**2)  # σ's in a 95 % half-width, the mark's variance included


def error(plan: Plan, output: Output, rows: Sequence[Row], base: Sequence[Sequence[int]]) -> float | None:
    """Give the 95 % half-width of `output` in its own unit, of the middle one of `rows` (values of the base, aligned
    with `base`) where it differs by row; None for what has none: keys, texts, truth values."""
    if output.what == "key" or not output.type.numeric:
        return None
    found = [_of_row(plan, output, row, released) for row, released in zip(rows, base, strict=True)]
    known = [one for one in found if one is not None]
    if known:
        return median(known)
    if output.what == "computed":
        return None
    return _of_row(plan, output, {}, [0] * len(plan.measurements))


def _of_row(plan: Plan, output: Output, row: Row, released: Sequence[int]) -> float | None:
    match output.what:
        case "count" | "sum":
            return _of_integer(plan.measurements[output.source[0]])
        case "average":
            total, count = output.source
            return _of_average(plan.measurements[total], plan.measurements[count], released[total], released[count])
        case what if what in STATISTICS:
            parts = [plan.measurements[i] for i in output.source]
            return half_width(what, parts, [released[i] for i in output.source], HALF_WIDTH)
        case _:
            return _of_computed(plan, output, row, released)


def _of_integer(measured: Measurement) -> float:
    """Noise is whole steps of the fixed point: half a step more keeps 95 % where σ is about a step."""
    return HALF_WIDTH * sigma(measured) + 0.5 * float(Decimal(1).scaleb(-measured.scale))


def sigma(measured: Measurement) -> float:
    """Give σ in the unit of the column."""
    return float(Decimal(measured.sigma) / SIGMA_UNIT / 10**measured.scale)


def _of_average(total: Measurement, count: Measurement, summed: int, counted: int) -> float:
    """First order: √(σ_S² + d²σ_n²)/n; never more than the bounds are apart."""
    widest = float(Decimal(total.upper - total.lower).scaleb(-total.scale))
    if counted <= 0:
        return widest
    off_centre = summed / counted / 10**total.scale
    return min(HALF_WIDTH * hypot(sigma(total), off_centre * sigma(count)) / counted, widest)


def _of_computed(plan: Plan, output: Output, row: Row, released: Sequence[int]) -> float | None:
    """What each part moves by its own half-width, added up: at least the truth, whatever the parts share."""
    assert output.expr is not None
    here = evaluate(output.expr, row)
    if not isinstance(here, (int, Decimal)):
        return None
    moved = 0.0
    for part in plan.outputs:
        if part.name in columns(output.expr) and part.what != "key":
            there = evaluate(output.expr, {**row, part.name: _moved(plan, part, row, released)})
            moved += abs(float(there - here)) if isinstance(there, (int, Decimal)) else 0.0
    return moved


def _moved(plan: Plan, part: Output, row: Row, released: Sequence[int]) -> Value:
    value, width = row[part.name], _of_row(plan, part, row, released)
    if not isinstance(value, (int, Decimal)) or width is None:
        return value
    return Decimal(value) + Decimal(f"{width:.6g}")


def scale(plan: Plan, output: Output, width: float) -> float:
    """Give σ of `output` in its own unit: exactly for counts and sums, from the half-width for what varies by row."""
    return sigma(plan.measurements[output.source[0]]) if output.what in ("count", "sum") else width / HALF_WIDTH


def spelled(number: float) -> str:
    """Give a number to four digits, without an exponent."""
    return f"{Decimal(f'{number:.4g}'):f}"
