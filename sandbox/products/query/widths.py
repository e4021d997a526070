"""How far off what is computed from released values may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache, partial
from operator import add, mul, sub, truediv

from sandbox.plan.evaluate import evaluate
from sandbox.plan.scalar import Arithmetic, Column, Constant, Scalar, Value, columns
from sandbox.products.query.accuracy import two_sided
from sandbox.products.query.off import Off, combined
from sandbox.products.query.table import Width

Cells = Mapping[str, Value]
Quick = Callable[[Mapping[str, float]], float | None]
FOUR = {"+": add, "-": sub, "*": mul, "/": truediv}


def width_of(expr: Scalar, base: Cells, widths: Mapping[str, Width], value: Value) -> Width:
    """Give by how much `expr`, of this value, may be off where each value of `base` may be by its own of `widths`; None
    where one of them is not known, or what is shown is no number.

    The errors together make up a ball, and `expr` is followed along the direction in which it changes most, to both
    ends: exact for sums, Fieller's interval for quotients of large values."""
    if isinstance(expr, Column):
        return widths.get(expr.name, 0.0)
    read = columns(expr)
    names = sorted(read & set(widths))
    here = _number(value)
    if here is None or any(widths[name] is None for name in names):
        return None
    known = {name: width for name in names if (width := widths[name])}

    quick = _quick(expr)

    def change(steps: Mapping[str, float]) -> float | None:
        if quick is not None:
            moved = quick({name: float(base[name]) + steps.get(name, 0.0) for name in read})  # type: ignore[arg-type]
        else:
            moved = _number(evaluate(expr, {**base, **{name: _moved(base[name], by) for name, by in steps.items()}}))
        return None if moved is None else moved - here

    alone = {name: change({name: width}) for name, width in known.items()}
    terms = [((alone[name] or 0.0) / width, width) for name, width in known.items()]
    linear = combined(terms)
    steps = _steepest(linear, terms, known)
    up, down = change(steps), change({name: -by for name, by in steps.items()})
    if not linear or up is None or down is None:
        return Off(max(linear, *(abs(one or 0.0) for one in (up, down))), linear.moves) if known else 0.0
    return _scaled(linear, two_sided(up, -down))


@lru_cache(maxsize=256)
def _quick(expr: Scalar) -> Quick | None:
    """Give an expression of the four operations as a function of floats; None for any other. All that it reads has a
    value."""
    match expr:
        case Column(name=name):
            return lambda row: row[name]
        case Constant(value=int() | Decimal() as value) if not isinstance(value, bool):
            number = float(value)
            return lambda _: number
        case Arithmetic(op="+" | "-" | "*" | "/" as op):
            first, second = _quick(expr.left), _quick(expr.right)
            if first is None or second is None:
                return None
            return partial(_of_two, op, first, second)
        case _:
            return None


def _of_two(op: str, first: Quick, second: Quick, row: Mapping[str, float]) -> float | None:
    left, right = first(row), second(row)
    if left is None or right is None or (op == "/" and right == 0):
        return None
    return float(FOUR[op](left, right))


def _steepest(linear: Off, terms: Sequence[tuple[float, float]], known: Mapping[str, float]) -> dict[str, float]:
    """How far each value goes towards the end where the expression has changed most; all the way where it is not known
    which errors values share."""
    found = {}
    for (slope, _), (name, width) in zip(terms, known.items(), strict=True):
        moves = width.moves if isinstance(width, Off) else None
        if linear.moves is None or moves is None or not linear:
            found[name] = width if slope >= 0 else -width
        else:
            found[name] = sum(move * linear.moves.get(source, 0.0) for source, move in moves.items()) / linear
    return found


def _scaled(linear: Off, width: float) -> Off:
    moves = linear.moves
    return Off(width, None if moves is None else {source: move * width / linear for source, move in moves.items()})


def _number(value: Value) -> float | None:
    return None if isinstance(value, bool) or not isinstance(value, (int, Decimal)) else float(value)


def _moved(value: Value, width: float) -> Value:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return value
    return Decimal(value) + Decimal(f"{width:.6g}")
