"""The reference page of the language, written from the examples that the tests run: `make reference`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import exact_world

from language import (
    beside,
    correlated,
    frames,
    grouped,
    intersected,
    joined,
    refused,
    released,
    served,
    subqueries,
    town,
    unions,
    windowed,
)
from language.case import Case

PAGE = Path(__file__).resolve().parents[3] / "docs" / "sql-reference.md"
MODULES = (grouped, joined, subqueries, correlated, windowed, frames, unions, intersected, released, beside)
TABLES = {name: getattr(town, name.upper()) for name in ("persons", "visits", "items", "places", "rates")}
EXACT = {"stations": exact_world.STATIONS, "lines": exact_world.LINES}
SERVED = """These tables hold nothing of persons and are [served exactly](exact.md): every digit here is what
leaves. The whole language is asked of them in the same way; these statistics are without noise nowhere else."""
HEAD = """# The language by examples

Written from the specification tests by `make reference`; each example runs on every engine, and where it says so plain
DuckDB gives the same rows for the same text. The rows here are exact: an answer has noise on them. What functions
and aggregates there are in all stands in [The SQL that can be asked](sql.md).

## The tables

Protected: `persons`, `visits` and `items`; the unit is the person, `pid`, to which an item leads by its visit.
Public: `places` and `rates`.
"""


def page(values: Sequence[tuple[str, Sequence[tuple[str, dict[str, Any], Any]]]]) -> str:
    """Give the page; `values` are examples of single values: heading, and expression, row, value."""
    parts = [HEAD, *(_table(name, text) for name, text in TABLES.items())]
    cases = [case for module in MODULES for case in module.CASES]
    for section in dict.fromkeys(case.section for case in cases):
        parts.append(f"\n## {section}\n")
        parts += [_example(case) for case in cases if case.section == section]
    parts.append(f"\n## {served.SECTION}\n\n{SERVED}\n")
    parts += [f"\n`{name}`\n\n{_rows(rows)}" for name, rows in EXACT.items()]
    parts += [_example(case) for case in served.CASES]
    parts.append("\n## Single values\n")
    for heading, examples in values:
        parts.append(f"\n### {heading}\n\n| expression | of | gives |\n| --- | --- | --- |")
        parts += [f"| {_code(sql)} | {_row(row)} | {_code(_value(value))} |" for sql, row, value in examples]
    parts.append("\n## Refused\n\nEach is refused before anything is spent, with a sentence that says what to write.\n")
    parts += [f"- {_text(case.title)}: {_code(case.sql)}" for case in refused.CASES]
    return "\n".join(parts).rstrip() + "\n"


def _table(name: str, text: str) -> str:
    header, *lines = [line.split() for line in text.strip().splitlines()]
    shown = [place for place, title in enumerate(header) if not title.startswith("__")]
    rows = [[line[place] for place in shown] for line in lines]
    return f"\n`{name}`\n\n{_grid([header[place] for place in shown], rows)}"


def _rows(rows: Sequence[Sequence[object]]) -> str:
    header, *lines = [["-" if cell is None else str(cell) for cell in row] for row in rows]
    return _grid(header, lines)


def _example(case: Case) -> str:
    rows = [[_value(value) for value in row] for row in case.answer or []]
    found = ", ".join("(" + ", ".join(row) + ")" for row in rows) or "no rows"
    most = f" One unit has at most {case.most} rows." if case.most else ""
    ours = "" if case.plainly else " Plain DuckDB differs here."
    title = _text(case.title[:1].upper() + case.title[1:])
    return f"\n**{title}.**{most}{ours}\n\n```sql\n{_wrapped(case.sql)}\n```\n\ngives {_code(found)}"


def _wrapped(sql: str) -> str:
    clauses = r" (FROM|WHERE|GROUP BY|HAVING|QUALIFY|ORDER BY|UNION ALL|LIMIT) "
    return re.sub(clauses, r"\n\1 ", sql) if len(sql) > 90 else sql


def _grid(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _row(row: dict[str, Any]) -> str:
    return ", ".join(_code(f"{name} = {_value(value)}") for name, value in row.items()) or "–"


def _value(value: object) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{value}'"
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _code(text: str) -> str:
    shown = text.replace("|", "\\|").replace("\n", "⏎")
    return f"`` {shown} ``" if "`" in shown else f"`{shown}`" if shown.strip() else "(a blank)"


def _text(text: str) -> str:
    return text.replace("|", "\\|")


def value_tables() -> Iterator[tuple[str, Sequence[tuple[str, dict[str, Any], Any]]]]:
    """Give the examples of single values, table by table."""
    import test_scalar_values

    for name, table in vars(test_scalar_values).items():
        if name.isupper() and isinstance(table, list) and table and len(table[0]) == 3:
            yield name.capitalize().replace("_", " "), table


if __name__ == "__main__":
    PAGE.write_text(page(list(value_tables())), encoding="utf-8")
    sys.stdout.write(f"{PAGE.name} is written\n")
