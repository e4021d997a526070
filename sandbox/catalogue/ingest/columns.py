"""One column's declaration as SQL: from the cell that came to the value that is kept, and what is counted of it.

A cell that is not of its type is NULL; a value out of its bounds becomes the bound; one out of its domain NULL – the
"other" cell. Declared names match an allow-list pattern and constants are typed, so the SQL holds no free text but
quoted literals.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sandbox.catalogue.declared import MOST_DIGITS
from sandbox.catalogue.entry import ColumnEntry
from sandbox.catalogue.laying import sql_type
from sandbox.engines.files import quoted

PLAIN = r"\s*[+-]?[0-9]+(\.0*)?\s*"  # a whole number, also spelled 17000.0
WIDE = "DECIMAL(38,18)"  # exact but slow: only for whole numbers with an exponent
DAY = r"^\d{4}-\d{2}-\d{2}([ T]00:00:00(\.0+)?)?$"
FIRST_DAY = "DATE '0001-01-01'"  # year 0 is no date elsewhere
WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
FINE, FAILED, CLAMPED, OUTSIDE = range(4)


def parsed(column: ColumnEntry, cell: str, found: str) -> str:
    """Give `cell`, of the SQL type `found`, as a value of its kind, not yet clamped; NULL when it is not one.

    What Parquet types as declared is taken as it is; all else is read from its text, as CSV has it."""
    text = cell if found == "VARCHAR" else f"CAST({cell} AS VARCHAR)"
    match column.plan_type.kind:
        case "integer":
            return f"CAST({cell} AS BIGINT)" if found in WHOLE else _whole(text)
        case "decimal":
            made = f"DECIMAL({MOST_DIGITS},{column.plan_type.scale})"
            if found == "DOUBLE":
                return _rounded(cell, column.plan_type.scale, made)
            return f"TRY_CAST({cell if found in WHOLE else text} AS {made})"
        case "boolean":
            low = f"lower(trim({text}))"
            truth = f"CASE WHEN {low} IN ('true', '1') THEN true WHEN {low} IN ('false', '0') THEN false END"
            return cell if found == "BOOLEAN" else truth
        case "date":
            if found == "DATE":
                return f"CASE WHEN {cell} BETWEEN {FIRST_DAY} AND DATE '9999-12-31' THEN {cell} END"
            return _day(text)
        case _:
            return text


def outside(column: ColumnEntry, value: str) -> str | None:
    """Give the condition under which the parsed `value` is not in bounds or domain, if there are any.

    A text's domain is an ENUM: `kept` tells."""
    if column.bounds is not None:
        low, high = (literal(bound) for bound in column.bounds)
        return f"({value} < {low} OR {value} > {high})"
    if column.domain is not None and column.plan_type.kind != "string":
        return f"{value} NOT IN ({', '.join(literal(one) for one in column.domain)})"
    return None


def kept(column: ColumnEntry, value: str, enum: str | None) -> str:
    """Give the stored form of the parsed `value`: clamped to the bounds, or NULL outside the domain; a text of a domain
    as a value of its type `enum`."""
    if column.bounds is not None:
        low, high = (literal(bound) for bound in column.bounds)
        value = f"CASE WHEN {value} < {low} THEN {low} WHEN {value} > {high} THEN {high} ELSE {value} END"
    elif (condition := outside(column, value)) is not None:
        value = f"CASE WHEN NOT {condition} THEN {value} END"
    return f"TRY_CAST({value} AS {enum or sql_type(column)})"


def status(column: ColumnEntry, value: str, stored: str) -> str | None:
    """Give what became of a cell that was filled: FINE, FAILED to be of its type, CLAMPED, or OUTSIDE the domain. None
    when nothing can become of it."""
    if column.plan_type.kind == "string":
        return None if column.domain is None else f"CASE WHEN {stored} IS NULL THEN {OUTSIDE} ELSE {FINE} END"
    condition = outside(column, value)
    moved = f"WHEN {condition} THEN {CLAMPED if column.bounds is not None else OUTSIDE} " if condition else ""
    return f"CASE {moved}WHEN {stored} IS NULL THEN {FAILED} ELSE {FINE} END"


def literal(value: object) -> str:
    """Give a declared value as an SQL literal."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return f"({value:f})" if isinstance(value, Decimal) else f"({value})"
        case date():
            return f"DATE '{value.isoformat()}'"
        case _:
            return quoted(str(value))


def _whole(text: str) -> str:
    """Whole numbers, also spelled 17000.0 or 1.7e4. What prints as it was written is one; the rest is looked at."""
    number, wide = f"TRY_CAST({text} AS BIGINT)", f"TRY_CAST({text} AS {WIDE})"
    exponent = f"CASE WHEN {wide} = trunc({wide}) THEN TRY_CAST({wide} AS BIGINT) END"
    looked = f"CASE WHEN regexp_full_match({text}, '{PLAIN}') THEN {number} ELSE {exponent} END"
    return f"CASE WHEN CAST({number} AS VARCHAR) = {text} THEN {number} ELSE {looked} END"


def _day(text: str) -> str:
    """Days as YYYY-MM-DD, also with a midnight behind. What prints as it was written is one; the rest is looked at."""
    plain, day = f"TRY_CAST({text} AS DATE)", f"TRY_CAST(left(trim({text}), 10) AS DATE)"
    looked = f"CASE WHEN regexp_matches(trim({text}), '{DAY}') AND {day} >= {FIRST_DAY} THEN {day} END"
    return f"CASE WHEN length({text}) = 10 AND CAST({plain} AS VARCHAR) = {text} THEN {plain} ELSE {looked} END"


def _rounded(cell: str, scale: int, made: str) -> str:
    """A double as a decimal: that of its shortest text, rounded half up, as if it had come in a CSV. Directly where it
    is far from a half, since printing is slow."""
    grain = f"{cell} * 1e{scale}"
    clear = f"abs({grain}) < 1e13 AND abs(abs({grain} - trunc({grain})) - 0.5) > 0.01"
    return f"CASE WHEN {clear} THEN CAST({cell} AS {made}) ELSE TRY_CAST(CAST({cell} AS VARCHAR) AS {made}) END"
