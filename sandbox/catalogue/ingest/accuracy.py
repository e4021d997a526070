# ruff: noqa: S608 – declared names match an allow-list pattern, everything else is our own or a quoted literal
"""How far the rows of an upload keep the accuracy rules of their holder (R3), before anything is dropped."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any

import duckdb

from sandbox.catalogue.declared import constant
from sandbox.catalogue.entry import Entry, TableEntry
from sandbox.catalogue.ingest.columns import literal
from sandbox.catalogue.rules import Filled, Pattern, QualityRule, Range, Refers
from sandbox.engines.files import quoted
from sandbox.errors import Problem


def measure_rules(
    connection: duckdb.DuckDBPyConnection, entry: Entry, table: TableEntry, schemas: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Give of each rule of `table`, in their order, how many values or rows were looked at, how many broke it, the
    share that kept it and whether that reaches the target. Raises `Problem(field_invalid)` for a pattern that cannot be
    used."""
    measured = []
    for place, rule in enumerate(table.quality):
        try:
            checked, broken = _measured(connection, entry, table, rule, schemas)
        except duckdb.InvalidInputException:
            raise Problem(
                "field_invalid",
                f"Rule {place + 1} of table {table.name}: the pattern cannot be used; write it without backreferences "
                "and look-around.",
                field=f"{table.name}.quality",
            ) from None
        share = _share(checked - broken, checked)
        said = rule.model_dump(mode="json", exclude_none=True)
        measured.append(said | {"checked": checked, "broken": broken, "share": str(share), "met": share >= rule.target})
    return measured


def _measured(
    connection: duckdb.DuckDBPyConnection,
    entry: Entry,
    table: TableEntry,
    rule: QualityRule,
    schemas: Mapping[str, str],
) -> tuple[int, int]:
    source = f"{schemas[table.name]}.typed"
    match rule:
        case Filled():
            looked, wrong = "count(*)", f'count(*) FILTER ("{rule.column}" IS NULL)'
        case Range():
            looked, wrong = f'count("{rule.column}")', f"count(*) FILTER ({_beyond(table, rule)})"
        case Pattern():
            kept = f'regexp_full_match(CAST("{rule.column}" AS VARCHAR), {quoted(rule.pattern)})'
            looked, wrong = f'count("{rule.column}")', f"count(*) FILTER (NOT {kept})"
        case Refers():
            other, name = rule.to.split(".")
            found = entry.table(other)
            assert found is not None, "structure was checked"
            values = f'SELECT CAST("{name}" AS VARCHAR) FROM {schemas[found.name]}.typed WHERE "{name}" IS NOT NULL'
            looked = f'count("{rule.column}")'
            wrong = f'count(*) FILTER (CAST("{rule.column}" AS VARCHAR) NOT IN ({values}))'
        case _:
            names = ", ".join(f'"{name}"' for name in rule.columns)
            filled = " AND ".join(f'"{name}" IS NOT NULL' for name in rule.columns)
            source = f"(SELECT count(*) AS times FROM {source} WHERE {filled} GROUP BY {names})"
            looked, wrong = "coalesce(sum(times), 0)::BIGINT", "coalesce(sum(times - 1), 0)::BIGINT"
    checked, broken = connection.execute(f"SELECT {looked}, {wrong} FROM {source}").fetchone() or (0, 0)
    return checked, broken


def _beyond(table: TableEntry, rule: Range) -> str:
    column = table.column(rule.column)
    assert column is not None, "structure was checked"
    limits = [(rule.least, "<"), (rule.most, ">")]
    return " OR ".join(
        f'"{rule.column}" {sign} {literal(constant(column.type, raw))}' for raw, sign in limits if raw is not None
    )


def _share(part: int, whole: int) -> Decimal:
    return (Decimal(part) / whole).quantize(Decimal("0.000001"), ROUND_DOWN) if whole else Decimal(1)
