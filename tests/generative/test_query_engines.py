"""Compiled questions run alike in the engines that are there: whatever SQL the rules let through, the plain reference
and DuckDB give the same integers, and no row makes either fail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from query_examples import plan_of
from test_sql_text import conditions
from versions import DuckDBEngine, ReferenceEngine, write_version

from sandbox.engines.base import OpenVersion

TYPES = {
    "sex": "VARCHAR",
    "age": "BIGINT",
    "wage": "DECIMAL(18,2)",
    "code": "BIGINT",
    "insured": "BOOLEAN",
    "born": "DATE",
}
ROWS: list[dict[str, Any]] = [
    {
        "sex": ("f", "m", None)[i % 3],
        "age": None if i % 7 == 0 else (i * 37) % 101,
        "wage": Decimal(-1000 + (i * 7919) % 100_051).scaleb(-2),
        "code": (None, 2**63 - 1, -(2**63), 7)[i % 4],
        "insured": (True, False, None)[i % 5 % 3],
        "born": date(1920 + i % 100, 1 + i % 12, 1 + i % 28),
        "__unit": i,
        "__ord": 0,
        "__h": (i * 2_654_435_761) % 2**32,
    }
    for i in range(60)
]
KEYS = ("", "sex", "insured", "age", "YEAR(born)", "CASE WHEN age > 50 THEN wage ELSE age END", "wage > 100, sex")
ASKS = (
    "COUNT(*)", "COUNT(age)", "SUM(wage)", "AVG(age)", "SUM(age * wage - 3)", "SUM(-wage)", "COUNT(DISTINCT pid)",
    "AVG(CASE WHEN insured THEN wage WHEN sex = 'f' THEN 2 END)", "SUM(MONTH(born))", "COUNT(NULLIF(sex, 'f'))",
    "COUNT(*) FILTER (WHERE age > 30)", "SUM(wage) FILTER (WHERE sex = 'f')", "AVG(age) FILTER (WHERE NOT insured)",
    "COUNT_IF(code > 0)", "STDDEV(wage)", "CORR(wage, age)", "VAR_POP(age * 2) FILTER (WHERE insured)",
)  # fmt: skip


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> OpenVersion:
    path: Path = tmp_path_factory.mktemp("version") / "persons.db"
    return write_version(path, {"persons": (ROWS, TYPES)})


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    made = DuckDBEngine()
    yield made
    made.close()


@given(st.sampled_from(KEYS), st.lists(st.sampled_from(ASKS), min_size=1, max_size=4), conditions())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_engines_agree(version: OpenVersion, engine: DuckDBEngine, keys: str, asks: list[str], condition: str) -> None:
    plan = plan_of(
        f"SELECT {', '.join(asks)} FROM persons WHERE {condition}" + (f" GROUP BY {keys}" if keys else ""), epsilon="2"
    )
    [found], [expected] = (one.run(version, plan) for one in (engine, ReferenceEngine({"persons": ROWS})))
    assert dict(zip(found.groups, found.values, strict=True)) == dict(
        zip(expected.groups, expected.values, strict=True)
    )
