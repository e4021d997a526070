"""Public SQL of other private-SQL systems, from a folder named by SANDBOX_CONFORMANCE: what must be refused is refused,
and nothing but a problem is raised."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from query_examples import column, plan_of, registration

from sandbox.catalogue.entry import Entry, parse_entry
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


def schemas() -> dict[str, Entry]:
    """The resources that the texts are about."""
    return {
        name: parse_entry(registration(name, tables, f"{tables[0]['name']}.{tables[0]['unit']}"))
        for name, tables in {
            "pums": [table(name, "pid", *PUMS) for name in ("pums", "pums_null", "pums_dup")],
            "census": [table("census", "pid", *CENSUS)],
            "zetasql": [table(f"TestTableWithUid{i}", "uid", *VALUES) for i in ("", 2, 3, 4)],
            "zetasql_types": [table("SimpleTypesWithAnonymizationUid", "uid", *SIMPLE)],
        }.items()
    }


def texts() -> Iterator[dict[str, str]]:
    for path in sorted(Path(FOLDER or "").glob("*.jsonl")):
        yield from (json.loads(line) for line in path.read_text().splitlines() if line)


def test_conformance(capsys: pytest.CaptureFixture[str]) -> None:
    entries = schemas()
    seen: dict[tuple[str, bool], int] = {}
    for text in texts():
        try:
            plan = plan_of(text["sql"], entry=entries[text["schema"]])
        except Problem:
            answered = False
        else:
            answered = True
            assert loss(plan) == (plan.rho, plan.delta), text["id"]
        assert not (answered and text["expectation"] == "refuse"), text["id"]
        key = (text["expectation"], answered)
        seen[key] = seen.get(key, 0) + 1
    assert seen.get(("answer", True), 0) >= 120
    with capsys.disabled():
        print(f"\nconformance: {seen}")
