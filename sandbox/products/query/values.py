"""Released integers to the values of an answer. Counts, and sums of what is never negative, do not go below 0;
averages and statistics stay where the declared bounds let them be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

from sandbox.plan.block import Block, Measurement
from sandbox.plan.plan import STATISTICS, Output
from sandbox.plan.scalar import DATE, Type, Value
from sandbox.products.query.statistics import value

_EXACT = Context(prec=100)


def values_of(
    block: Block, output: Output, keys: Sequence[Sequence[Value]], released: Sequence[Sequence[int]]
) -> Sequence[Value]:
    """Give the value of an output in every group, from the columns of a block's keys and released integers."""
    if output.what == "key":
        return keys[output.source[0]]
    parts, sums = [block.measurements[i] for i in output.source], [released[i] for i in output.source]
    first, kind = parts[0], output.type
    match output.what:
        case "count" | "sum" as what:
            whole = summed(first, *sums)
            return spelled_units(kind, _units(kind, first, whole, what == "count" or _nonnegative(parts)))
        case "quantile":
            return [_of_bin(kind, first, number) for number in sums[0]]
        case "average":
            return [average(first, total, count, kind.scale) for total, count in zip(*sums, strict=True)]
        case what:
            return [value(what, parts, row, kind.scale) for row in zip(*sums, strict=True)]


def summed(first: Measurement, released: Sequence[int], counts: Sequence[int] | None = None) -> Sequence[int]:
    """Give counts or sums in their fixed point; those around a centre from the `counts` of their rows, too."""
    if counts is None:
        return released
    return [number + first.centre * count for number, count in zip(released, counts, strict=True)]


def _nonnegative(parts: Sequence[Measurement]) -> bool:
    return parts[0].nonnegative if len(parts) == 1 else parts[0].lower >= 0


def rounded(kind: Type, value: Value) -> Value:
    """Give a computed decimal with the decimals of its type, any other value as it is."""
    if kind.kind != "decimal" or not isinstance(value, (int, Decimal)):
        return value
    with localcontext(prec=100):
        return Decimal(value).quantize(Decimal(1).scaleb(-kind.scale), ROUND_HALF_EVEN) + 0


def _units(kind: Type, measured: Measurement, released: Sequence[int], nonnegative: bool) -> list[int]:
    """Give released integers, divided by the share that is kept, in the last decimal of a type; half to even."""
    import numpy as np

    from sandbox.privacy.cells import nearest, whole

    steps, shown = kind.scale - measured.scale, measured.kept.as_integer_ratio()
    up, down = 10 ** max(steps, 0) * shown[1], 10 ** max(-steps, 0) * shown[0]
    numbers = whole(released) if up == down else nearest(whole(released), up, down)
    units: list[int] = (np.maximum(numbers, 0) if nonnegative else numbers).tolist()
    return units


def _nearest(number: int, parts: int) -> int:
    """Give number / parts, rounded half to even."""
    whole, rest = divmod(number, parts)
    return whole + (2 * rest > parts or (2 * rest == parts and whole % 2))


def spelled_units(kind: Type, numbers: Sequence[int]) -> Sequence[Value]:
    """Give whole numbers of the last decimal of a type as its values."""
    if kind.kind == "integer":
        return numbers
    return [Decimal(number).scaleb(-kind.scale, _EXACT) for number in numbers]


def _of_bin(kind: Type, measured: Measurement, number: int) -> Value:
    """Give the middle of a bin, of the last one up to the upper bound."""
    low = measured.lower + (number << measured.shift)
    high = min(low + (1 << measured.shift) - 1, measured.upper)
    if kind == DATE:
        return date.fromordinal((low + high) // 2 + 1)
    [middle] = spelled_units(kind, [_nearest((low + high) * 10**kind.scale, 2 * 10**measured.scale)])
    return middle


def average(measured: Measurement, total: int, count: int, decimals: int) -> Decimal | None:
    """Give centre + total/count, rounded half to even and kept within the bounds; NULL when count is not positive."""
    if count <= 0:
        return None
    whole = min(max(measured.centre * count + total, measured.lower * count), measured.upper * count)
    units = _nearest(whole * 10**decimals, count * 10**measured.scale)
    return Decimal(units).scaleb(-decimals, _EXACT)


def _scaled(number: int, scale: int) -> Decimal:
    return Decimal(number).scaleb(-scale, _EXACT)


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
