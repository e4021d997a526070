"""Public SQL of other private-SQL systems, from a folder named by SANDBOX_CONFORMANCE: what must be refused is refused,
and nothing but a problem is raised."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from query_examples import column, plan_of, registration

from sandbox.catalogue.entry import Entry, parse_entry
from sandbox.catalogue.facts import ColumnFacts, TableFacts
from sandbox.errors import Problem
from sandbox.privacy.rederive import loss

FOLDER = os.environ.get("SANDBOX_CONFORMANCE")
pytestmark = pytest.mark.skipif(not FOLDER, reason="conformance did not run: SANDBOX_CONFORMANCE names no folder")


def table(name: str, unit: str, *columns: str) -> dict[str, object]:
    """A table of one row a unit; `name:low:high` is a bounded integer, any other column a text."""
    declared = [column(unit, "integer", role="identifier")]
    for one in columns:
        title, *bounds = one.split(":")
        declared.append(
            column(title, "integer", bounds=[int(b) for b in bounds]) if bounds else column(title, "string")
        )
    return {"name": name, "unit": unit, "max_rows_per_unit": 1, "columns": declared}


PUMS = ("age:0:100", "sex", "educ", "race", "income:0:500000", "married")
CENSUS = (
    "age:17:90", "fnlwgt:0:1500000", "education_num:1:16", "capital_gain:0:99999", "capital_loss:0:5000",
    "hours_per_week:0:100", "workclass", "education", "marital_status", "occupation", "relationship", "race", "sex",
    "native_country", "income",
)  # fmt: skip
VALUES = ("int64_val:0:10", "double_val:0:10")
SIMPLE = ("int32:0:100", "int64:0:100", "uint32:0:100", "uint64:0:100", "string", "double:0:100", "float:0:100")


PUBLIC = {
    "zetasql": ("TestTableWithoutUid", VALUES, "zetasql_TestTableWithoutUid.csv"),
    "zetasql_types": ("SimpleTypes", SIMPLE, "zetasql_SimpleTypes_synthetic.csv"),
}


def public(name: str, columns: Sequence[str]) -> dict[str, object]:
    """A public table with the same notation."""
    kinds = [(one.partition(":")[0], "integer" if ":" in one else "string") for one in columns]
    return {"name": name, "public": True, "columns": [column(title, kind, role="public") for title, kind in kinds]}


def facts(schema: str) -> dict[str, TableFacts]:
    """What ingest would measure of the schema's public table."""
    if schema not in PUBLIC:
        return {}
    name, columns, file = PUBLIC[schema]
    with (Path(FOLDER or "") / "data" / file).open() as lines:
        rows = list(csv.DictReader(lines))
    found = {}
    for one in columns:
        title, *bounds = one.split(":")
        values: list[Any] = [int(float(row[title])) if bounds else row[title] for row in rows]
        ends = (min(values), max(values)) if bounds else (None, None)
        most = max(Counter(values).values())
        found[title] = ColumnFacts(len(set(values)), 0, most, tuple(sorted(set(values))), *ends)
    kinds = {one.partition(":")[0]: ":" in one for one in columns}
    lines = tuple(
        tuple(int(float(row[title])) if number else row[title] for title, number in kinds.items()) for row in rows
    )
    return {name: TableFacts(len(rows), found, lines)}


def schemas() -> dict[str, Entry]:
    """The resources that the texts are about."""
    return {
        name: parse_entry(registration(name, tables, f"{tables[0]['name']}.{tables[0]['unit']}"))
        for name, tables in {
            "pums": [table(name, "pid", *PUMS) for name in ("pums", "pums_null", "pums_dup")],
            "census": [table("census", "pid", *CENSUS)],
            "zetasql": [
                *(table(f"TestTableWithUid{i}", "uid", *VALUES) for i in ("", 2, 3, 4)),
                public(*PUBLIC["zetasql"][:2]),
            ],
            "zetasql_types": [
                table("SimpleTypesWithAnonymizationUid", "uid", *SIMPLE),
                public(*PUBLIC["zetasql_types"][:2]),
            ],
        }.items()
    }


def texts() -> Iterator[dict[str, str]]:
    for path in sorted(Path(FOLDER or "").glob("*.jsonl")):
        yield from (json.loads(line) for line in path.read_text().splitlines() if line)


def test_conformance(capsys: pytest.CaptureFixture[str]) -> None:
    entries = schemas()
    known = {schema: facts(schema) for schema in entries}
    seen: dict[tuple[str, bool], int] = {}
    for text in texts():
        try:
            plan = plan_of(text["sql"], entry=entries[text["schema"]], facts=known[text["schema"]])
        except Problem:
            answered = False
        else:
            answered = True
            assert loss(plan) == (plan.rho, plan.delta), text["id"]
        assert not (answered and text["expectation"] == "refuse"), text["id"]
        key = (text["expectation"], answered)
        seen[key] = seen.get(key, 0) + 1
    answered_of = seen[("answer", True)] / (seen[("answer", True)] + seen.get(("answer", False), 0))
    assert answered_of >= 0.95
    with capsys.disabled():
        print(f"\nconformance: {seen}")
