"""Small pieces of SQL trees."""

from __future__ import annotations

from functools import lru_cache

from sqlglot import exp

from sandbox.engines.widths import MOST


def case(whens: list[tuple[exp.Expression, exp.Expression]], otherwise: exp.Expression) -> exp.Expression:
    """Give CASE WHEN … ELSE … END."""
    ifs = [exp.If(this=condition, true=result) for condition, result in whens]
    return exp.Case(ifs=ifs, default=otherwise)


def call(name: str, *parts: exp.Expression) -> exp.Expression:
    """Give name(parts)."""
    return exp.Anonymous(this=name, expressions=list(parts))


def cast(value: exp.Expr, kind: str) -> exp.Cast:
    """Give CAST(value AS kind), once."""
    wanted = _type(kind)
    if isinstance(value, exp.Cast) and value.to == wanted:
        return value
    return exp.Cast(this=value.copy() if value.parent else value, to=wanted.copy())


@lru_cache(maxsize=64)
def _type(kind: str) -> exp.DataType:
    """A type is a text to be parsed, which takes longer than all else here."""
    return exp.DataType.build(kind, dialect="duckdb")


def integer(most: int) -> str:
    """Give the integer type for |n| ≤ most; raises ValueError beyond 2¹²⁶."""
    if most > MOST:
        raise ValueError("the expression needs numbers beyond 2¹²⁶")
    return "BIGINT" if most < 1 << 62 else "HUGEINT"


def constant(number: int, most: int) -> exp.Expression:
    """Give a whole number in the integer type for `most`."""
    return cast(digits(number), integer(max(most, abs(number))))


def digits(number: int) -> exp.Expression:
    """Give a whole number as it is written."""
    literal: exp.Expression = exp.Literal.number(str(abs(number)))
    return exp.Paren(this=exp.Neg(this=literal)) if number < 0 else literal


def double(number: float) -> exp.Expression:
    """Give a float, digit by digit the same one."""
    return exp.Literal.number(f"{number!r}e0" if "e" not in repr(number) else repr(number))


def joined(query: exp.Select, source: exp.Expr, on: exp.Expr, how: str) -> exp.Select:
    """Join a source to a query, which is changed; `how`: inner, left, right or full."""
    way = {"kind": "INNER"} if how == "inner" else {"side": how.upper()}
    return query.join(exp.Join(this=source, on=on, **way), copy=False)


def column(name: str) -> exp.Column:
    """A column by its quoted name."""
    return exp.column(name, quoted=True)
