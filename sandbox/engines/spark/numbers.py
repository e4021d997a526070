"""Expressions of numbers as Spark SQL, on whole numbers; their meaning is `sandbox.plan.of_numbers` and `functions`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.engines.spark.words import case, integer, once, quotient, whole
from sandbox.engines.widths import Width, common, listed, shift, step, width
from sandbox.plan import scalar as s
from sandbox.plan.functions import EXACT, HALVINGS, LN10, MICRO, MOST_SCALE, PER_LN, root_factor

if TYPE_CHECKING:
    from sandbox.engines.spark.scalars import Scalars


def made(scalars: Scalars, node: s.Arithmetic | s.Sign | s.Round | s.Function, own: Width) -> str:
    """Give the number in the fixed point `own`."""
    match node:
        case s.Arithmetic(op="+" | "-" | "*"):
            return _exact(scalars, node, own)
        case s.Arithmetic():
            return _divided(scalars, node)
        case s.Sign(what="abs"):
            return f"abs({scalars.render(node.arg)})"
        case s.Sign():
            return f"sign(CAST({scalars.render(node.arg)} AS DOUBLE))"
        case s.Round():
            return _rounded(scalars, node)
        case _:
            return _function(scalars, node)


def _exact(scalars: Scalars, node: s.Arithmetic, own: Width) -> str:
    sides = [width(node.left), width(node.right)] if node.op == "*" else common([node.left, node.right])
    kind = integer(max(own.most, *(side.most for side in sides)))
    left, right = (
        f"CAST({scalars.number(child, side)} AS {kind})"
        for child, side in zip((node.left, node.right), sides, strict=True)
    )
    return f"({left} {node.op} {right})"


def _divided(scalars: Scalars, node: s.Arithmetic) -> str:
    """/, // and %. The quotient of / is cut off one decimal after those that are kept, and then rounded."""
    if node.op == "/":
        left, right, places = width(node.left), width(node.right), shift(node)
        steps = 10 ** max(places, 0), 10 ** max(-places, 0)
    else:
        [left, right], steps = common([node.left, node.right]), (1, 1)
    most = max(left.most * steps[0], right.most * steps[1])
    above, below = (
        f"(CAST({scalars.number(child, side)} AS {integer(most)}) * {whole(step, most)})"
        for child, side, step in zip((node.left, node.right), (left, right), steps, strict=True)
    )
    match node.op:
        case "/":
            return quotient(f"round({quotient(above, below, most)}, -1)", whole(10, most), most)
        case "//":
            return quotient(above, below, most)
        case _:
            return f"({above} % nullif({below}, {whole(0, most)}))"


def _rounded(scalars: Scalars, node: s.Round) -> str:
    """Whole multiples of a step, counted; steps of ten and more are multiplied out again."""
    arg = width(node.arg)
    size = step(node, arg)
    most = 2 * (arg.most + size)
    number, by = scalars.number(node.arg, Width(arg.scale, most)), whole(size, most)
    above = arg.most // size + 1  # that many steps make every number positive
    match node.how:
        case _ if size == 1:
            found = number
        case "nearest":
            found = quotient(f"round({number}, {node.digits - arg.scale})", by, most)
        case "zero":
            found = quotient(number, by, most)
        case _:
            moved = above * size + (size - 1 if node.how == "up" else 0)
            found = f"({quotient(f'({number} + {whole(moved, most)})', by, most)} - {whole(above, most)})"
    return found if node.digits >= 0 else f"({found} * {whole(10**-node.digits, most)})"


def _function(scalars: Scalars, node: s.Function) -> str:
    """Roots and logarithms by the operations of `functions`, which Java has bit for bit; others from a list."""
    number = scalars.render(node.arg)
    if node.lower is not None:
        values = listed(node)
        most = max((abs(value) for value in values if value is not None), default=0)
        texts = ", ".join("NULL" if value is None else whole(value, most) for value in values)
        place = f"CAST({number} - {whole(node.lower - 1, width(node.arg).most)} AS INT)"
        nowhere = len(values) + 1  # Spark 4.3 takes an unknown place for whatever was there before
        return f"element_at(array({texts}, NULL), coalesce({place}, {nowhere}))"
    most, scale = width(node.arg).most, node.arg.type.scale
    if node.what == "sqrt" and scale <= MOST_SCALE and 10 * most < EXACT:
        return once(number, "__x", lambda x: case([(f"{x} >= 0", _root(x, scale))], "NULL"))
    if node.what in PER_LN and most < EXACT:
        return once(number, "__x", lambda x: case([(f"{x} > 0", _logarithm(x, scale, PER_LN[node.what]))], "NULL"))
    raise ValueError(f"{node.what} of these numbers is in no engine")


def _root(number: str, scale: int) -> str:
    before, after = root_factor(scale)
    return f"floor(sqrt(CAST({number} * {before} AS DOUBLE)) * {after!r}D + 0.5D)"


def _logarithm(number: str, scale: int, per_ln: float) -> str:
    root = f"CAST({number} AS DOUBLE)"
    for _ in range(HALVINGS):
        root = f"sqrt({root})"
    ln = f"({float(1 << HALVINGS)!r}D * (2.0D - 4.0D / ({root} + 1.0D)))"
    return f"floor(({ln} - {scale * LN10!r}D) * {per_ln!r}D * {MICRO!r}D + 0.5D)"
