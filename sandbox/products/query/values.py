"""Released integers to the values of an answer. Counts, and sums of what is never negative, do not go below 0;
averages and statistics stay where the declared bounds let them be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from sandbox.plan.block import Block, Measurement
from sandbox.plan.plan import STATISTICS, Output
from sandbox.plan.scalar import DATE, Type, Value
from sandbox.products.query.statistics import value

Row = dict[str, Value]


def row_of(block: Block, outputs: Sequence[Output], group: tuple[Value, ...], released: Sequence[int]) -> Row:
    """Give the value of every output of a group, by name."""
    return {output.name: _value(block, output, group, released) for output in outputs}


def rounded(kind: Type, value: Value) -> Value:
    """Give a computed decimal with the decimals of its type, any other value as it is."""
    if kind.kind != "decimal" or not isinstance(value, (int, Decimal)):
        return value
    with localcontext(prec=100):
        return Decimal(value).quantize(Decimal(1).scaleb(-kind.scale), ROUND_HALF_EVEN) + 0


def _value(block: Block, output: Output, group: tuple[Value, ...], released: Sequence[int]) -> Value:
    first = output.source[0]
    measured = None if output.what == "key" else block.measurements[first]
    match output.what:
        case "key":
            return group[first]
        case "count":
            assert measured is not None
            return max(_to_type(output.type, released[first], measured.scale, measured.kept), 0)
        case "sum":
            assert measured is not None
            shown = max(released[first], 0) if measured.nonnegative else released[first]
            return _to_type(output.type, shown, measured.scale, measured.kept)
        case "quantile":
            assert measured is not None
            return _of_bin(output.type, measured, released[first])
        case what if what in STATISTICS:
            parts = [block.measurements[i] for i in output.source]
            return value(what, parts, [released[i] for i in output.source], output.type.scale)
        case _:
            total, count = output.source
            return average(block.measurements[total], released[total], released[count], output.type.scale)


def _of_bin(kind: Type, measured: Measurement, number: int) -> Value:
    """Give the middle of a bin, of the last one up to the upper bound."""
    low = measured.lower + (number << measured.shift)
    high = min(low + (1 << measured.shift) - 1, measured.upper)
    if kind == DATE:
        return date.fromordinal((low + high) // 2 + 1)
    return _to_type(kind, low + high, measured.scale, Decimal(2))


def _to_type(kind: Type, number: int, scale: int, parts: Decimal) -> int | Decimal:
    """Give number·10^-scale / parts as a value of the type."""
    with localcontext(prec=100):
        exact = Decimal(number).scaleb(-scale) / parts
        shown = exact.quantize(Decimal(1).scaleb(-kind.scale), ROUND_HALF_EVEN) + 0
    return int(shown) if kind.kind == "integer" else shown


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


def limits(block: Block, output: Output) -> tuple[Decimal | None, Decimal | None]:
    """Give what the true value of `output` cannot be below and above, from declarations alone: a count and a sum of
    what is never negative not below 0, an average within the bounds, a variance
    not below 0, a correlation from -1 to 1."""
    if output.what in STATISTICS:
        share, squares = output.what in ("corr", "regr_r2"), STATISTICS[output.what][0] == "aa"
        least = Decimal(-1) if output.what == "corr" else Decimal(0) if squares or share else None
        return least, (Decimal(1) if share else None)
    if output.what == "key" or not output.type.numeric:
        return None, None
    measured = block.measurements[output.source[0]]
    if output.what in ("average", "quantile"):
        return _scaled(measured.lower, measured.scale), _scaled(measured.upper, measured.scale)
    counted, zero = output.what == "count", Decimal(0)
    return (zero if counted or measured.lower >= 0 else None), (zero if not counted and measured.upper <= 0 else None)
