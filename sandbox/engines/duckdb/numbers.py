"""Numbers as SQL trees: whole, value·10^scale."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sqlglot import exp

from sandbox.engines.duckdb.terms import call, case, cast, constant, digits, double, integer
from sandbox.engines.fixed import grains
from sandbox.engines.widths import LARGEST_DECIMAL, Width, common, listed, peak, raw, shift, step, width
from sandbox.plan import scalar as s
from sandbox.plan.functions import HALVINGS, LN10, MICRO, PER_LN, root_factor

if TYPE_CHECKING:
    from sandbox.engines.duckdb.scalars import Scalars

PLAIN = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul, "//": exp.IntDiv, "%": exp.Mod}


def render(scalars: Scalars, node: s.Scalar, most: int) -> tuple[exp.Expr, int]:
    """Give the number in its own width, and the largest number on the way to it, at least `most`."""
    own = raw(node)
    match node:
        case s.Column():
            return scalars.column(node), most
        case s.Constant():
            return (exp.null() if node.value is None else digits(_grains(node, own.scale))), most
        case s.Arithmetic():
            most = max(most, peak(node))
            return _arithmetic(scalars, node, most), most
        case s.Sign():
            return call(node.what, scalars.render(node.arg)), most
        case s.Round():
            most = max(most, peak(node))
            return _rounded(scalars, node, most), most
        case s.Function():
            return (_root(scalars, node) if node.what in s.ROOTS else _listed(scalars, node)), most
        case s.Length():
            return call("length", scalars.render(node.arg)), most
        case s.Position():
            return call("strpos", scalars.render(node.arg), scalars.text(node.part)), most
        case s.ToNumber():
            return _read(scalars, node), most
        case s.DatePart():
            return _date_part(scalars, node), most
        case s.Case():
            whens = [(scalars.render(condition), scalars.number(result, own)) for condition, result in node.whens]
            return case(whens, scalars.number(node.otherwise, own)), most
        case s.Extreme():
            return call(node.op, *(scalars.number(arg, own) for arg in node.args)), most
        case _:
            raise ValueError(f"no number from {type(node).__name__}")


def _grains(node: s.Constant, scale: int) -> int:
    assert isinstance(node.value, (int, Decimal))
    return grains(node.value, scale)


def _arithmetic(scalars: Scalars, node: s.Arithmetic, most: int) -> exp.Expr:
    apart = node.op in ("*", "/")
    sides = [width(node.left), width(node.right)] if apart else common([node.left, node.right])
    left, right = (
        cast(scalars.number(child, side), integer(most))
        for child, side in zip((node.left, node.right), sides, strict=True)
    )
    if node.op == "/":
        return divided(left, right, shift(node), most)
    return PLAIN[node.op](this=left, expression=right)


def _nearest(value: exp.Expression, by: int, most: int) -> exp.Expression:
    """value / by, a power of ten, to the nearest whole number, half away from zero."""
    places = digits(1 - len(str(by)))
    return _part(call("round", value, places), by, most)


def _part(value: exp.Expression, by: int, most: int) -> exp.Expression:
    """The whole part of value / by; what is no call is in brackets."""
    whole = value if isinstance(value, exp.Func) else exp.Paren(this=value)
    return exp.IntDiv(this=whole, expression=constant(by, most))


def _rounded(scalars: Scalars, node: s.Round, most: int) -> exp.Expression:
    own, arg = raw(node), width(node.arg)
    by = step(node, arg)
    value = cast(scalars.number(node.arg, arg), integer(most))
    if by == 1:
        return value
    match node.how:
        case "nearest":
            steps = _nearest(value, by, most)
        case "zero":
            steps = _part(value, by, most)
        case _:  # moved above 0 and back, where cutting off is going down
            above = (arg.most // by + 1) * by
            extra = by - 1 if node.how == "up" else 0
            moved = exp.Add(this=value, expression=constant(above + extra, most))
            steps = exp.Sub(this=_part(moved, by, most), expression=constant(above // by, most))
    if node.digits >= 0:
        return steps
    return exp.Mul(this=cast(steps, integer(most)), expression=constant(10**-node.digits, max(most, own.most)))


def _root(scalars: Scalars, node: s.Function) -> exp.Expression:
    """Square root or logarithm by IEEE operations alone, as `sandbox.plan.functions` has them. What is below 0 – for a
    logarithm also 0 – becomes NULL first, for DuckDB fails there: a number without sign cannot hold it. (NULLIF or CASE
    would write the argument twice.)"""
    kind = node.arg.type
    number = scalars.number(node.arg, width(node.arg).at(kind.scale))
    if node.what == "sqrt":
        before, after = root_factor(kind.scale)
        taken = exp.Mul(this=positive(number), expression=double(float(before)))
        millionths = exp.Mul(this=call("sqrt", taken), expression=double(after))
    else:
        above = positive(exp.Paren(this=exp.Sub(this=number, expression=digits(1))))
        found: exp.Expression = exp.Add(this=above, expression=double(1.0))
        for _ in range(HALVINGS):
            found = call("sqrt", found)
        below = exp.Paren(this=exp.Add(this=found, expression=double(1.0)))
        part = exp.Sub(this=double(2.0), expression=exp.Div(this=double(4.0), expression=below))
        whole = exp.Mul(this=double(float(1 << HALVINGS)), expression=exp.Paren(this=part))
        moved = exp.Paren(this=exp.Sub(this=whole, expression=double(kind.scale * LN10)))
        scaled = exp.Mul(this=moved, expression=double(PER_LN[node.what]))
        millionths = exp.Mul(this=exp.Paren(this=scaled), expression=double(MICRO))
    return call("floor", exp.Add(this=exp.Paren(this=millionths), expression=double(0.5)))


def positive(number: exp.Expression) -> exp.Expression:
    """A whole number of 53 bits as a float; NULL below 0."""
    return cast(exp.TryCast(this=number, to=exp.DataType.build("UBIGINT", "duckdb")), "DOUBLE")


def _listed(scalars: Scalars, node: s.Function) -> exp.Expression:
    """The values as a list, and the argument as a place in it."""
    assert node.lower is not None
    values = [exp.null() if value is None else digits(value) for value in listed(node)]
    at = width(node.arg).at(node.arg.type.scale)
    largest = integer(max(at.most + abs(node.lower) + 1, width(node).most))
    place = exp.Sub(this=scalars.number(node.arg, at), expression=constant(node.lower - 1, at.most))
    many = cast(exp.Array(expressions=values), f"{largest}[]")
    return call("list_extract", many, cast(exp.Paren(this=place), "BIGINT"))


def _read(scalars: Scalars, node: s.ToNumber) -> exp.Expression:
    """What the text spells, by a pattern that gives the empty text – no number – for all others; DuckDB's cast of a
    text to a decimal rounds half away from zero."""
    scale = node.type.scale
    pattern = rf"^ *([+-]?[0-9]{{1,{node.digits}}}(?:\.[0-9]*)?) *$"
    spelled = call("regexp_extract", scalars.render(node.arg), scalars.text(pattern), digits(1))
    number = exp.TryCast(this=spelled, to=exp.DataType.build(f"DECIMAL(38,{scale})"))
    return exp.Mul(this=number, expression=cast(digits(10**scale), f"DECIMAL({scale + 1},0)"))


def _date_part(scalars: Scalars, node: s.DatePart) -> exp.Expression:
    day = scalars.render(node.arg)
    if node.part in ("days", "months"):
        unit = exp.Literal.string(node.part.removesuffix("s"))
        return call("date_diff", unit, cast(exp.Literal.string("0001-01-01"), "DATE"), day)
    return exp.Extract(this=exp.Var(this=node.part), expression=day)


def grains_of(column: exp.Expression, own: Width) -> exp.Expression:
    """Give a decimal of the database times 10^scale. DuckDB multiplies decimals in 18 digits unless one is wider, and a
    row beyond them would make the query fail: whatever could be longer is widened first."""
    by = 10**own.scale
    if own.most * by >= LARGEST_DECIMAL:
        column = cast(column, f"DECIMAL(38,{own.scale})")
    return exp.Mul(this=column, expression=cast(digits(by), f"DECIMAL({own.scale + 1},0)"))


def divided(left: exp.Expression, right: exp.Expression, moved: int, most: int) -> exp.Expression:
    """Give left·10^(moved - 1) / right, half away from zero: the quotient with one decimal more than is kept, cut off
    there, and then rounded. It is the same as rounded at once: what is cut off makes no difference to half."""
    if moved > 0:
        left = exp.Paren(this=exp.Mul(this=left, expression=constant(10**moved, most)))
    if moved < 0:
        right = exp.Paren(this=exp.Mul(this=right, expression=constant(10**-moved, most)))
    return _nearest(exp.IntDiv(this=left, expression=right), 10, most)
