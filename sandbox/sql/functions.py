"""Roots, logarithms, powers and functions of angles."""

from __future__ import annotations

from decimal import Decimal, localcontext

from sqlglot import exp

from sandbox.plan import scalar as s
from sandbox.plan.evaluate import evaluate
from sandbox.plan.functions import EXACT, LARGEST, MOST_SCALE
from sandbox.sql.meter import MOST_LISTED
from sandbox.sql.numbers import arithmetic, power
from sandbox.sql.rounding import round_
from sandbox.sql.terms import WORDS, Bound, Calls, Reader, Term, computed, constant, literal, quote, refuse, unbounded

PI = Decimal("3.141592653589793")
PLACES = 15  # decimals of a constant that is not exact
OTHER_BASE = 5  # decimals of a logarithm that is a quotient of two
MOST_POWER = 16
COST = 10  # a value of a function counts for as many others
MOST_NUMBERS = MOST_LISTED // COST
_ROUND_FIRST = "round it first, for example {name}(ROUND(x, 1))."
_NAMES: dict[type[exp.Expr], s.Name] = {
    exp.Sqrt: "sqrt", exp.Ln: "ln", exp.Exp: "exp", exp.Sin: "sin", exp.Cos: "cos", exp.Tan: "tan", exp.Cot: "cot",
    exp.Asin: "asin", exp.Acos: "acos", exp.Atan: "atan", exp.Degrees: "degrees", exp.Radians: "radians",
}  # fmt: skip
_RISING = ("sqrt", "ln", "log10", "log2", "exp", "asin", "atan", "degrees", "radians")
_WITHIN: dict[str, tuple[Decimal, Decimal]] = {
    "sin": (Decimal(-1), Decimal(1)), "cos": (Decimal(-1), Decimal(1)),
    "acos": (Decimal(0), Decimal(4)), "asin": (Decimal(-2), Decimal(2)),
}  # fmt: skip


def function(reader: Reader, what: s.Name, x: Term, exponent: Decimal | None = None) -> Term:
    """The function of x. Of rows, roots and logarithms take up to 15 digits, others a short list of arguments."""
    if x.null:
        return x
    if not x.type.numeric:
        raise refuse(f"{what.upper()} takes a number; a {WORDS[x.type.kind]} is none. Write CAST(… AS DECIMAL(18, 6)).")
    if reader.released or x.constant:
        return computed(lambda node: s.Function(what, node, exponent), x, span=_span(what, x, exponent), nullable=True)
    if x.range is None:
        raise unbounded(x, what.upper())
    low, high = (int(end.scaleb(x.type.scale)) for end in x.range)
    instead = _ROUND_FIRST.format(name=what.upper())
    if what in s.ROOTS:
        if x.type.scale > MOST_SCALE or 10 * max(abs(low), abs(high)) >= EXACT:
            raise refuse(f"{what.upper()} of rows takes numbers of at most 15 digits; {instead}")
        return computed(lambda node: s.Function(what, node), x, span=_span(what, x), nullable=_undefined(what, x))
    if high - low >= MOST_NUMBERS:
        raise refuse(f"{what.upper()} of rows takes at most {MOST_NUMBERS:,} different numbers; {instead}")
    reader.meter.spend(COST * (high - low + 1))
    nodes = (_of(x, n) for n in range(low, high + 1))
    values = [evaluate(s.Function(what, node, exponent), {}) for node in nodes]
    known = [value for value in values if isinstance(value, Decimal)]
    span = (min(known), max(known)) if known else (Decimal(0), Decimal(0))
    missing = x.nullable or None in values
    return computed(lambda node: s.Function(what, node, exponent, low, high), x, span=span, nullable=missing)


def _of(x: Term, grains: int) -> s.Constant:
    return s.Constant(Decimal(f"{grains}E-{x.type.scale}"), x.type)


def _undefined(what: str, x: Term) -> bool:
    assert x.range is not None
    return x.nullable or x.range[0] < 0 or (x.range[0] == 0 and what != "sqrt")


def _span(what: s.Name, x: Term, exponent: Decimal | None = None) -> tuple[Bound, Bound]:
    """What the function can be, the ends of x given."""
    if what not in _RISING or x.range is None:
        return _WITHIN.get(what, (-LARGEST, LARGEST))
    least = Decimal(1).scaleb(-x.type.scale) if what in ("ln", "log10", "log2") else Decimal(0)
    low, high = (max(end, least) if what in s.ROOTS else end for end in x.range)
    ends = [evaluate(s.Function(what, s.Constant(end, x.type), exponent), {}) for end in (low, high)]
    within = _WITHIN.get(what, (-LARGEST, LARGEST))
    return tuple(  # type: ignore[return-value]
        end if isinstance(end, Decimal) else other for end, other in zip(ends, within, strict=True)
    )


def _function(reader: Reader, node: exp.Expr) -> Term:
    return function(reader, _NAMES[type(node)], reader.term(node.this))


def _log(reader: Reader, node: exp.Expr) -> Term:
    """LOG(x) is that of base 10; LOG(b, x) of base b, with one decimal less where b is neither 2 nor 10."""
    if node.args.get("expression") is None:
        return function(reader, "log10", reader.term(node.this))
    base = reader.term(node.this)
    value: s.Value = base.node.value if isinstance(base.node, s.Constant) else None
    x = reader.term(node.expression)
    if value in (2, 10):
        return function(reader, "log2" if value == 2 else "log10", x)
    if not isinstance(value, (int, Decimal)) or value <= 0 or value == 1:
        raise refuse(f"{quote(node)}: the base of a logarithm is a number above 0 other than 1; write LOG(10, x).")
    with localcontext(prec=50):
        below = Decimal(value).ln().quantize(Decimal(1).scaleb(-PLACES))
    return round_("nearest", arithmetic("/", function(reader, "ln", x), literal(below), reader.digits), OTHER_BASE)


def _power(reader: Reader, node: exp.Expr) -> Term:
    base, exponent = reader.term(node.this), reader.term(node.expression)
    value = exponent.node.value if isinstance(exponent.node, s.Constant) else None
    if base.null or exponent.null:
        return literal(None)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise refuse("POWER takes a number as its exponent; write one, for example POWER(x, 2), or EXP(y * 0.693147).")
    if not base.type.numeric:
        raise refuse(f"POWER takes numbers; a {WORDS[base.type.kind]} is none. Write CAST(… AS DECIMAL(18, 6)).")
    number = Decimal(value)
    if number == Decimal("0.5"):
        return function(reader, "sqrt", base)
    if number != int(number) or abs(number) > MOST_POWER:
        return function(reader, "power", base, number)
    if number == 0:
        return arithmetic("+", arithmetic("*", base, literal(0), reader.digits), literal(1), reader.digits)
    found = power(base, abs(int(number)), reader.digits)
    return found if number > 0 else arithmetic("/", literal(1), found, reader.digits)


CALLS: Calls = {
    **dict.fromkeys(_NAMES, _function),
    exp.Log: _log,
    exp.Pow: _power,
    exp.Pi: lambda reader, node: constant(PI, s.Type("decimal", PLACES)),
}
