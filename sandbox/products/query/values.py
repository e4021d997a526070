"""Released integers to the values of an answer. Counts do not go below 0, averages and statistics stay where the
declared bounds let them be."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from sandbox.plan.evaluate import evaluate
from sandbox.plan.plan import STATISTICS, Measurement, Output, Plan
from sandbox.plan.scalar import Value
from sandbox.products.query.statistics import value

Row = dict[str, Value]


def row_of(plan: Plan, group: tuple[Value, ...], released: Sequence[int]) -> Row:
    """Give the value of every output that comes straight from keys and measurements, by name."""
    return {output.name: _value(plan, output, group, released) for output in plan.outputs if output.expr is None}


def shown(plan: Plan, row: Row) -> tuple[Value, ...]:
    """Give the visible values of a row, computed ones included."""
    return tuple(
        row[output.name] if output.expr is None else _computed(output, evaluate(output.expr, row))
        for output in plan.outputs
        if not output.hidden
    )


def _value(plan: Plan, output: Output, group: tuple[Value, ...], released: Sequence[int]) -> Value:
    first = output.source[0]
    match output.what:
        case "key":
            return group[first]
        case "count":
            return max(released[first], 0)
        case "sum":
            return released[first] if output.type.kind == "integer" else _scaled(released[first], output.type.scale)
        case what if what in STATISTICS:
            parts = [plan.measurements[i] for i in output.source]
            return value(what, parts, [released[i] for i in output.source], output.type.scale)
        case _:
            total, count = output.source
            return average(plan.measurements[total], released[total], released[count], output.type.scale)


def _scaled(number: int, scale: int) -> Decimal:
    with localcontext(prec=100):
        return Decimal(number).scaleb(-scale)


def average(measured: Measurement, total: int, count: int, decimals: int) -> Decimal | None:
    """Give centre + total/count, rounded half to even and kept within the bounds; NULL when count is not positive."""
    if count <= 0:
        return None
    with localcontext(prec=100):
        exact = (measured.centre + Decimal(total) / count).scaleb(-measured.scale)
        low, high = Decimal(measured.lower).scaleb(-measured.scale), Decimal(measured.upper).scaleb(-measured.scale)
        return min(max(exact, low), high).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN) + 0


def limits(plan: Plan, output: Output) -> tuple[Decimal | None, Decimal | None]:
    """Give what the true value of `output` cannot be below and above, from declarations alone: a count and a sum of
    what is never negative not below 0, an average within the bounds, a variance
    not below 0, a correlation from -1 to 1."""
    if output.what in STATISTICS:
        correlation, squares = output.what == "corr", STATISTICS[output.what][0] == "aa"
        return (Decimal(-1) if correlation else Decimal(0) if squares else None), (Decimal(1) if correlation else None)
    measured = plan.measurements[output.source[0]] if output.what in ("count", "sum", "average") else None
    if measured is None:
        return None, None
    if output.what == "average":
        return _scaled(measured.lower, measured.scale), _scaled(measured.upper, measured.scale)
    counted, zero = output.what == "count", Decimal(0)
    return (zero if counted or measured.lower >= 0 else None), (zero if not counted and measured.upper <= 0 else None)


def _computed(output: Output, value: Value) -> Value:
    """A computed decimal with the decimals of its type."""
    if output.type.kind != "decimal" or not isinstance(value, (int, Decimal)):
        return value
    with localcontext(prec=100):
        return Decimal(value).quantize(Decimal(1).scaleb(-output.type.scale), ROUND_HALF_EVEN) + 0
