"""CAST, TRY_CAST and ::, which are the same here: what cannot be cast is NULL."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from sqlglot import exp

from sandbox.plan import scalar as s
from sandbox.sql.choices import case
from sandbox.sql.conditions import between, negate, truthy
from sandbox.sql.numbers import arithmetic
from sandbox.sql.reading import to_date, to_number, to_text
from sandbox.sql.rounding import round_
from sandbox.sql.terms import WORDS, Calls, Reader, Term, literal, quote, refuse

FLOAT = 6  # decimals of DOUBLE, FLOAT and REAL
MOST_DECIMALS = 18
_T = exp.DataType.Type
INTEGERS = (_T.TINYINT, _T.SMALLINT, _T.MEDIUMINT, _T.INT, _T.BIGINT, _T.INT128)
TEXTS = (_T.TEXT, _T.VARCHAR, _T.CHAR, _T.NCHAR, _T.NVARCHAR, _T.BPCHAR)
CLOCKS = (exp.CurrentTimestamp, exp.CurrentDate)
VOLATILE = "An answer must not depend on chance or on the clock; write the value itself, such as DATE '2024-01-31'."


def cast(reader: Reader, node: exp.Expr) -> Term:
    """Give the term of a cast. Refuses a type that is none here, and a text in quotes that says no such value."""
    wanted = node.args["to"]
    if isinstance(node.this, CLOCKS) and wanted.this == _T.DATE:
        return today(reader)
    value = reader.term(node.this)
    if value.null:
        return value
    found = _cast(value, wanted, node)
    if found.null and value.constant and value.type == s.STRING and not isinstance(node, exp.TryCast):
        if wanted.this == _T.DATE:
            raise refuse("A date is written as DATE '2024-01-31', with year, month and day that exist.")
        raise refuse(f"{quote(node)}: the text says no such value; write another one, or NULL.")
    return found


def today(reader: Reader, node: exp.Expr | None = None) -> Term:
    """CURRENT_DATE: the day of the job, where it is frozen in the plan."""
    if reader.today is None:
        raise refuse(VOLATILE)
    return literal(reader.today)


def _cast(value: Term, wanted: exp.DataType, node: exp.Expr) -> Term:
    kind = wanted.this
    if kind in TEXTS:
        return to_text(value)
    if kind in INTEGERS:
        return _whole(value)
    if kind in (_T.DOUBLE, _T.FLOAT):
        return _decimal(value, FLOAT)
    if kind == _T.DECIMAL:
        digits, scale = _precision(wanted, node)
        if value.type == s.STRING and digits - scale >= s.MOST_DIGITS:
            return _decimal(value, scale)
        return _limited(_decimal(value, scale, digits - scale), digits - scale)
    if kind == _T.BOOLEAN and value.type != s.DATE:
        return truthy(value)
    if kind == _T.DATE and value.type in (s.DATE, s.STRING):
        return to_date(value) if value.type == s.STRING else value
    if kind in (_T.BOOLEAN, _T.DATE):
        raise refuse(f"A {WORDS[value.type.kind]} is no {wanted.sql('duckdb').lower()}; write a comparison or a date.")
    raise refuse(
        f"{quote(node)}: types are INTEGER, DECIMAL(p, s), DOUBLE, VARCHAR, DATE and BOOLEAN; cast to one of them."
    )


def _whole(value: Term) -> Term:
    match value.type.kind:
        case "string":
            return to_number(value, s.INTEGER)
        case "boolean":
            return _as_number(value)
        case "date":
            raise refuse("A date is no number; write YEAR(…) or DATE_DIFF('day', …, …).")
        case _:
            return round_("nearest", value)


def _decimal(value: Term, scale: int, digits: int = s.MOST_DIGITS) -> Term:
    """A number with `scale` decimals, rounded half away from zero."""
    if scale == 0:
        return _whole(value)
    if value.type == s.STRING:
        if scale > s.MOST_SCALE:
            raise refuse(f"Texts are read as numbers of at most {s.MOST_SCALE} decimals; write fewer.")
        return to_number(value, s.Type("decimal", scale), max(1, min(digits, s.MOST_DIGITS)))
    number = _whole(value) if value.type.kind != "decimal" else round_("nearest", value, scale)
    return arithmetic("+", number, literal(Decimal(0).scaleb(-scale))) if number.type.scale < scale else number


def _as_number(value: Term) -> Term:
    """1 for true, 0 for false."""
    otherwise = literal(None) if value.nullable else literal(0)
    no = [(negate(value), literal(0))] if value.nullable else []
    found = case([(value, literal(1)), *no], otherwise)
    return replace(found, nullable=value.nullable, domain=(0, 1))


def _limited(value: Term, digits: int) -> Term:
    """NULL for what has more than `digits` digits before the point, where that can be."""
    most = Decimal(10) ** digits
    held = value.range
    if digits > s.MOST_DIGITS or value.null or (held and -most < held[0] and held[1] < most):
        return value
    edge = most - Decimal(1).scaleb(-value.type.scale)
    inside = between(value, literal(-edge), literal(edge))
    low, high = (max(held[0], -edge), min(held[1], edge)) if held else (-edge, edge)
    found = case([(inside, value)], literal(None))
    return found if found.constant else replace(found, low=low, high=high, nullable=True)


def _precision(wanted: exp.DataType, node: exp.Expr) -> tuple[int, int]:
    """p and s of DECIMAL(p, s); 18 and 3 when neither is written, as in DuckDB; 0 decimals when only p is."""
    written = [str(part.this.this) for part in wanted.expressions] or ["18", "3"]
    digits, scale = (int(one) if one.isdecimal() and len(one) < 3 else 99 for one in [*written, "0"][:2])
    if not (1 <= digits <= 38 and scale <= min(digits, MOST_DECIMALS)):
        raise refuse(f"{quote(node)}: write DECIMAL(p, s) with p up to 38 and s up to {MOST_DECIMALS}.")
    return digits, scale


CALLS: Calls = {
    exp.Cast: cast,
    exp.TryCast: cast,
    exp.Date: lambda reader, node: cast(reader, exp.Cast(this=node.this, to=exp.DataType.build("DATE"))),
    exp.CurrentDate: today,
    exp.CurrentTimestamp: lambda reader, node: _no_time(reader),
}


def _no_time(reader: Reader) -> Term:
    today(reader)
    raise refuse("There are days here, and no times of day; write CURRENT_DATE.")
