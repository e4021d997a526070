"""One column's declaration as SQL: from the text that came to the value that is kept, and what is counted of it.

A cell that is not of its type is NULL; a value out of its bounds becomes the bound; one out of its domain NULL – the
"other" cell. Declared names match an allow-list pattern and constants are typed, so the SQL holds no free text but
quoted literals.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sandbox.catalogue.declared import MOST_DIGITS
from sandbox.catalogue.entry import ColumnEntry
from sandbox.engines.files import quoted

PLAIN = r"\s*[+-]?[0-9]+(\.0*)?\s*"  # a whole number, also spelled 17000.0
WIDE = "DECIMAL(38,18)"  # exact but slow: only for whole numbers with an exponent
DAY = r"^\d{4}-\d{2}-\d{2}([ T]00:00:00(\.0+)?)?$"


def sql_type(column: ColumnEntry) -> str:
    """Give the type in which the column is stored."""
    simple = {"integer": "BIGINT", "string": "VARCHAR", "boolean": "BOOLEAN", "date": "DATE"}
    return simple.get(column.type) or column.type.upper()


def parsed(column: ColumnEntry) -> str:
    """Give the cell as a value of its kind, not yet clamped; NULL when it is not one."""
    cell = f'"{column.name}"'
    match column.plan_type.kind:
        case "integer":
            wide = f"TRY_CAST({cell} AS {WIDE})"
            exponent = f"CASE WHEN {wide} = trunc({wide}) THEN TRY_CAST({wide} AS BIGINT) END"
            return f"CASE WHEN regexp_full_match({cell}, '{PLAIN}') THEN TRY_CAST({cell} AS BIGINT) ELSE {exponent} END"
        case "decimal":
            return f"TRY_CAST({cell} AS DECIMAL({MOST_DIGITS},{column.plan_type.scale}))"
        case "boolean":
            low = f"lower(trim({cell}))"
            return f"CASE WHEN {low} IN ('true', '1') THEN true WHEN {low} IN ('false', '0') THEN false END"
        case "date":
            day = f"TRY_CAST(left(trim({cell}), 10) AS DATE)"  # year 0 is no date elsewhere
            return f"CASE WHEN regexp_matches(trim({cell}), '{DAY}') AND {day} >= DATE '0001-01-01' THEN {day} END"
        case _:
            return cell


def kept(column: ColumnEntry, value: str) -> str:
    """Give the stored form of the parsed `value`: clamped to the bounds, or NULL outside the domain."""
    if column.bounds is not None:
        low, high = (literal(bound) for bound in column.bounds)
        value = f"CASE WHEN {value} < {low} THEN {low} WHEN {value} > {high} THEN {high} ELSE {value} END"
    if column.domain is not None:
        value = f"CASE WHEN {value} IN ({', '.join(literal(one) for one in column.domain)}) THEN {value} END"
    return f"TRY_CAST({value} AS {sql_type(column)})"


def counts(column: ColumnEntry) -> list[str]:
    """Give four aggregates over the parsed column: values, filled cells, outside the bounds, outside the domain."""
    cell, value = f'"__raw_{column.name}"', f'"{column.name}"'
    clamped = outside = "0"
    if column.bounds is not None:
        low, high = (literal(bound) for bound in column.bounds)
        clamped = f"count(*) FILTER ({value} < {low} OR {value} > {high})"
    if column.domain is not None:
        outside = f"count(*) FILTER ({value} NOT IN ({', '.join(literal(one) for one in column.domain)}))"
    return [f"count({cell})", f"count({kept(column, value)})", clamped, outside]


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
