"""What a plan predicts from a bought profile is what happens: the share that its bounds leave out, and its error, on a
generated town whose heavy users crowd in one department."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sandbox.catalogue.entry import Entry, parse_entry
from sandbox.catalogue.ingest import ingest
from sandbox.catalogue.profile import Profile, profile_of
from sandbox.engines.base import OpenVersion
from sandbox.engines.duckdb.pool import DuckDBEngine
from sandbox.jobs.product import Question
from sandbox.jobs.profiling import content, profile_plan
from sandbox.plan.plan import Plan
from sandbox.privacy.convert import rho_for
from sandbox.privacy.release import release
from sandbox.products.query.kind import QueryProduct

PERSONS, MOST, DEPARTMENTS = 30_000, 100, [f"D{number:02}" for number in range(20)]
DELTA = Decimal("1e-6")
PROFILED = 0.01  # of a value: by so much the noise of the profile may mislead


@dataclass(frozen=True)
class Small:
    entry: Entry
    version: OpenVersion
    engine: DuckDBEngine
    profile: Profile
    truth: duckdb.DuckDBPyConnection

    def plan(self, sql: str, epsilon: str, **more: str) -> Plan:
        asked = {"sql": sql, "epsilon": epsilon, **more}
        return QueryProduct().compile(
            Question(asked, "r", "p", "later", self.entry, {}, DELTA / 2, DELTA / 2, profile=self.profile)
        )


def generated() -> pa.Table:
    """Persons with 1 to 100 visits; who has more than 30 goes to the first department with half of them. Costs grow
    with the number of the department."""
    chance = np.random.default_rng(5)
    many = np.clip(np.round(chance.lognormal(1.5, 0.9, PERSONS)), 1, MOST).astype(int)
    owner = np.repeat(np.arange(PERSONS), many)
    weights = 1 / np.arange(1, len(DEPARTMENTS) + 1) ** 0.5
    dept = chance.choice(len(DEPARTMENTS), len(owner), p=weights / weights.sum())
    dept[(many[owner] > 30) & (chance.random(len(owner)) < 0.5)] = 0
    town = chance.choice(300, len(owner), p=(zipf := 1 / np.arange(1, 301)) / zipf.sum())
    cost = np.clip(chance.lognormal(6 + 0.03 * dept, 1), 0, 20_000).astype(int)
    names = {"dept": np.array(DEPARTMENTS)[dept], "town": np.char.add("T", town.astype(str)), "cost": cost}
    return pa.table({"pid": owner, **names})


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    folder = tmp_path_factory.mktemp("small")
    rows = generated()
    pq.write_table(rows, folder / "visits.parquet")
    entry = parse_entry(REGISTRATION)
    files = {"visits": (folder / "visits.parquet", "parquet")}
    ingest(entry, files, folder / "v.duckdb", bytes(32), bytes(32))
    version, engine = OpenVersion("v", folder / "v.duckdb", bytes(32)), DuckDBEngine()
    loss = rho_for(Decimal(2), DELTA / 2)
    plan = profile_plan(entry, "r", "p", "v", loss, DELTA / 100, False)
    bought = profile_of(content(entry, plan, False, release(plan, engine.run(version, plan))))
    with duckdb.connect() as truth:
        truth.register("visits", rows)
        yield Small(entry, version, engine, bought, truth)
    engine.close()


REGISTRATION: dict[str, Any] = {
    "name": "small",
    "title": {"zh": "镇", "en": "Small town"},
    "holder": "Bureau",
    "domain": "health",
    "grade": "general",
    "personal_information": True,
    "legal_basis": {"type": "statutory_duty", "instrument": "Act", "purpose": "statistics"},
    "update_frequency": "P1M",
    "unit": {"name": "person", "column": "visits.pid"},
    "tables": [
        {
            "name": "visits",
            "unit": "pid",
            "max_rows_per_unit": MOST,
            "key_sets": [["dept"], ["dept", "town"]],
            "columns": [
                {"name": "pid", "type": "integer", "role": "identifier"},
                {"name": "dept", "type": "string", "role": "sensitive", "domain": DEPARTMENTS, "required": True},
                {"name": "town", "type": "string", "role": "sensitive", "required": True},
                {"name": "cost", "type": "integer", "role": "sensitive", "bounds": [0, 20_000], "required": True},
            ],
        }
    ],
    "privacy": {"epsilon": "100", "delta": "1e-6", "per_user": {"epsilon": "50", "delta": "1e-7"}},
}
QUESTIONS = [
    "SELECT dept, COUNT(*) AS x FROM visits GROUP BY dept",
    "SELECT dept, SUM(cost) AS x FROM visits GROUP BY dept",
    "SELECT dept, COUNT(DISTINCT pid) AS x FROM visits GROUP BY dept",
    "SELECT COUNT(*) AS x FROM visits",
    "SELECT SUM(cost) AS x FROM visits",
    "SELECT dept, town, COUNT(*) AS x FROM visits GROUP BY dept, town",
    "SELECT dept, SUM(cost) AS x FROM visits WHERE town = 'T1' GROUP BY dept",
]
"""Each has one number, last."""


@pytest.mark.parametrize("epsilon", ["0.2", "1"])
@pytest.mark.parametrize("sql", QUESTIONS)
def test_bounds_leave_out_what_was_predicted(small: Small, sql: str, epsilon: str) -> None:
    _check_left_out(small, sql, small.plan(sql, epsilon))


@pytest.mark.parametrize("mode", ["rows", "totals"])
@pytest.mark.parametrize("sql", [QUESTIONS[1], QUESTIONS[4], "SELECT town, SUM(cost) AS x FROM visits GROUP BY town"])
def test_modes_that_are_asked_for_leave_out_what_was_predicted(small: Small, sql: str, mode: str) -> None:
    _check_left_out(small, sql, small.plan(sql, "1", mode=mode))


def _check_left_out(small: Small, sql: str, plan: Plan) -> None:
    [block], [[*_, shown]] = plan.blocks, plan.outputs
    place, bias = shown.source[0], float(shown.bias or 0)
    [exact] = small.engine.run(small.version, plan)
    measured = block.measurements[place]
    assert all(isinstance(values[place], int) for values in exact.values)
    kept = sum(int(values[place]) for values in exact.values) / 10**measured.scale  # type: ignore[call-overload]
    true = float(sum(row[-1] for row in small.truth.execute(sql).fetchall()))
    left_out = 1 - kept / true
    assert abs(left_out - bias) <= 0.02 + bias / 2


@pytest.mark.parametrize("sql", QUESTIONS[:5])
def test_errors_are_as_large_as_predicted(small: Small, sql: str) -> None:
    plan = small.plan(sql, "1")
    exact = small.engine.run(small.version, plan)
    [expected] = QueryProduct().expect(plan)
    predicted = float(expected["bias"]) + float(expected["relative"])
    true = {row[:-1]: float(row[-1]) for row in small.truth.execute(sql).fetchall()}
    found = []
    for _ in range(15):
        base = release(plan, exact)
        answer = QueryProduct().present(plan, base, [one.values for one in base])
        found.append(median(abs(float(str(row[-1])) - true[row[:-1]]) / true[row[:-1]] for row in answer.rows))
    error = median(found)
    assert predicted / 8 - PROFILED <= error <= predicted + PROFILED


def test_no_group_is_far_off_although_heavy_users_crowd_in_one(small: Small) -> None:
    for sql in QUESTIONS[:2]:
        plan = small.plan(sql, "1")
        [exact] = small.engine.run(small.version, plan)
        [block], [[*_, shown]] = plan.blocks, plan.outputs
        place, scale = shown.source[0], 10 ** block.measurements[shown.source[0]].scale
        true = {row[0]: float(row[-1]) for row in small.truth.execute(sql).fetchall()}
        for (dept,), values in zip(exact.groups, exact.values, strict=True):
            assert isinstance(values[place], int)
            assert abs(float(str(values[place])) / scale / true[str(dept)] - 1) < 0.1, (sql, dept)
