"""Compiled questions run alike in the engines that are there: whatever SQL the rules let through, the plain reference
and DuckDB give the same integers, and no row makes either fail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from language_moves import same
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
    "MEDIAN(wage)", "QUANTILE_DISC(age, 0.9) FILTER (WHERE insured)", "MAX(born)", "COUNT(DISTINCT wage)",
    "COUNT(DISTINCT sex) FILTER (WHERE age > 30)", "REGR_R2(wage, age)",
)  # fmt: skip
VISIT_TYPES = {"dept": "VARCHAR", "ward": "VARCHAR", "cost": "DECIMAL(18,2)", "day": "DATE"}
VISITS: list[dict[str, Any]] = [
    {
        "dept": ("eye", "skin", None)[i % 3],
        "ward": "abc"[i * i % 3],
        "cost": None if i % 11 == 0 else Decimal(i * 7919 % 2_000_001).scaleb(-2),
        "day": date(2023, 4 + i % 6, 1 + i % 28),
        "__unit": i // 6,
        "__ord": i % 6,
        "__h": (i * 2_654_435_761) % 2**32,
    }
    for i in range(120)
]
OF_VISITS = (
    "COUNT(DISTINCT pid)", "COUNT(DISTINCT pid) FILTER (WHERE cost > 9000)", "COUNT(DISTINCT cost)", "MEDIAN(cost)",
    "COUNT(DISTINCT day) FILTER (WHERE ward <> 'a')", "QUANTILE_CONT(cost, 0.95)", "MIN(day)", "COUNT(*)", "AVG(cost)",
    "COUNT(DISTINCT pid) FILTER (WHERE cost IS NULL)",
)  # fmt: skip


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> OpenVersion:
    path: Path = tmp_path_factory.mktemp("version") / "persons.db"
    return write_version(path, {"persons": (ROWS, TYPES)})


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> OpenVersion:
    path: Path = tmp_path_factory.mktemp("version") / "visits.db"
    return write_version(path, {"visits": (VISITS, VISIT_TYPES)})


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    made = DuckDBEngine()
    yield made
    made.close()


@given(st.sampled_from(KEYS), st.lists(st.sampled_from(ASKS), min_size=1, max_size=4), conditions())
@example("insured", ["QUANTILE_DISC(age, 0.9) FILTER (WHERE insured)"], "code <> 30")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_engines_agree(version: OpenVersion, engine: DuckDBEngine, keys: str, asks: list[str], condition: str) -> None:
    plan = plan_of(
        f"SELECT {', '.join(asks)} FROM persons WHERE {condition}" + (f" GROUP BY {keys}" if keys else ""), epsilon="2"
    )
    reference = ReferenceEngine({"persons": ROWS})
    same({"embedded": partial(engine.run, version), "reference": partial(reference.run, version)}, plan)


@given(
    st.sampled_from(["", "ward", "dept", "ward, dept", "MONTH(day)"]),
    st.lists(st.sampled_from(OF_VISITS), min_size=1, max_size=4),
    st.sampled_from([{}, {"rows_per_group": 2}, {"groups": 1}, {"groups": 2, "rows_per_group": 3}]),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_engines_agree_on_units_with_many_rows(
    visits: OpenVersion, engine: DuckDBEngine, keys: str, asks: list[str], bounds: dict[str, int]
) -> None:
    by = f" GROUP BY {keys}" if keys else ""
    plan = plan_of(f"SELECT {', '.join(asks)} FROM visits{by}", epsilon="2", bounds=bounds)
    reference = ReferenceEngine({"visits": VISITS})
    same({"embedded": partial(engine.run, visits), "reference": partial(reference.run, visits)}, plan)
