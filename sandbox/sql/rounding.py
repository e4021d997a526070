"""Numbers with fewer decimals, without their sign, or in buckets of equal width."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from sqlglot import exp

from sandbox.plan import scalar as s
from sandbox.plan.of_numbers import How, rounded
from sandbox.sql.listing import MOST_STEPS
from sandbox.sql.terms import WORDS, Bound, Calls, Reader, Term, computed, quote, refuse, unbounded, whole

MOST_PLACES = 18
MOST_BUCKETS = 10_000


def round_(how: How, x: Term, digits: int = 0) -> Term:
    """x with `digits` decimals; as it is when it has no more."""
    if x.null or digits >= x.type.scale:
        return x
    kind = s.Type("decimal", digits) if digits > 0 else s.INTEGER
    span = (rounded(x.range[0], digits, how), rounded(x.range[1], digits, how)) if x.range else (None, None)
    return computed(lambda node: s.Round(how, node, digits, kind), x, span=span, otherwise=_tens(span, digits))


def _tens(span: tuple[Bound, Bound], digits: int) -> tuple[s.Value, ...] | None:
    """All tens, hundreds … between two of them, where they are few."""
    if digits >= 0 or not isinstance(span[0], Decimal) or not isinstance(span[1], Decimal):
        return None
    every = range(int(span[0]), int(span[1]) + 1, 10**-digits)
    return tuple(every) if len(every) <= MOST_STEPS else None


def absolute(x: Term) -> Term:
    """x without its sign."""
    span: tuple[Decimal | None, Decimal | None] = (None, None)
    if x.range:
        low, high = x.range
        ends = sorted((abs(low), abs(high)))
        span = (Decimal(0) if low < 0 < high else ends[0]), ends[1]
    return x if x.null else computed(lambda node: s.Sign("abs", node, node.type), x, span=span)


def sign(x: Term) -> Term:
    """-1, 0 or 1."""
    if x.null:
        return x
    return computed(
        lambda node: s.Sign("sign", node, s.INTEGER), x, span=(Decimal(-1), Decimal(1)), otherwise=(-1, 0, 1)
    )


def bucket(x: Term, low: Term, high: Term, count: int) -> Term:
    """The number of x's bucket among `count` of equal width from low up to high: 0 below, count + 1 from high on."""
    ends = [end.node.value if isinstance(end.node, s.Constant) else None for end in (low, high)]
    if not all(isinstance(end, (int, Decimal)) for end in ends) or not ends[0] < ends[1]:  # type: ignore[operator]
        raise refuse("WIDTH_BUCKET takes x, two numbers, the lower one first, and how many buckets lie between them.")
    if x.null:
        return x
    if x.range is None:
        raise unbounded(x, "WIDTH_BUCKET")
    first, last = (s.Constant(end, term.type) for end, term in zip(ends, (low, high), strict=True))
    width = Decimal(ends[1]) - Decimal(ends[0])  # type: ignore[arg-type]
    step = s.Constant(width, s.Type("decimal", max(0, -int(width.as_tuple().exponent))))
    many = s.Constant(count, s.INTEGER)

    def made(node: s.Scalar) -> s.Scalar:
        scale = max(node.type.scale, first.type.scale)
        kind = s.Type("decimal", scale) if "decimal" in (node.type.kind, first.type.kind) else s.INTEGER
        above = s.Arithmetic("*", s.Arithmetic("-", node, first, kind), many, kind)
        inside = s.Arithmetic("+", s.Arithmetic("//", above, step, s.INTEGER), s.Constant(1, s.INTEGER), s.INTEGER)
        whens = (
            (s.Compare("<", node, first), s.Constant(0, s.INTEGER)),
            (s.Compare(">=", node, last), s.Constant(count + 1, s.INTEGER)),
        )
        return s.Case(whens, inside, s.INTEGER)

    every = tuple(range(count + 2)) if count + 2 <= MOST_BUCKETS else None
    return computed(made, x, span=(Decimal(0), Decimal(count + 1)), otherwise=every)


def _number(reader: Reader, node: exp.Expr, what: str) -> Term:
    found = reader.term(node)
    if not (found.type.numeric or found.null):
        raise refuse(f"{what} takes a number; a {WORDS[found.type.kind]} is none. Write CAST(… AS DECIMAL(18, 6)).")
    return found


def _rounding(reader: Reader, node: exp.Expr) -> Term:
    hows: dict[type[exp.Expr], How] = {exp.Round: "nearest", exp.Floor: "down", exp.Ceil: "up", exp.Trunc: "zero"}
    written = node.args.get("decimals")
    digits = 0 if written is None else whole(written, -MOST_PLACES, MOST_PLACES, f"The last part of {quote(node)}")
    return round_(hows[type(node)], _number(reader, node.this, type(node).__name__.upper()), digits)


def _signed(reader: Reader, node: exp.Expr) -> Term:
    what: Literal["ABS", "SIGN"] = "ABS" if isinstance(node, exp.Abs) else "SIGN"
    found = _number(reader, node.this, what)
    return absolute(found) if what == "ABS" else sign(found)


def _bucket(reader: Reader, node: exp.Expr) -> Term:
    low, high = reader.term(node.args["min_value"]), reader.term(node.args["max_value"])
    count = whole(node.args["num_buckets"], 1, MOST_BUCKETS, "The number of buckets")
    return bucket(_number(reader, node.this, "WIDTH_BUCKET"), low, high, count)


CALLS: Calls = {
    **dict.fromkeys((exp.Round, exp.Floor, exp.Ceil, exp.Trunc), _rounding),
    exp.Abs: _signed,
    exp.Sign: _signed,
    exp.WidthBucket: _bucket,
}
