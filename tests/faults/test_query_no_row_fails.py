"""Attacks that ask whether one person is there by making the question fail if so: no row can make a query fail."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from query_examples import refusal
from versions import DuckDBEngine, answers, measurement, plan, write_version

from sandbox.plan import scalar as s

NOTE = s.Column("note", s.STRING)
LARGEST = {2: "9999999999999999.99", 6: "-999999999999.999999", 18: "0.999999999999999999"}


@pytest.fixture
def engine() -> Iterator[DuckDBEngine]:
    made = DuckDBEngine(seconds=10)
    yield made
    made.close()


@pytest.mark.parametrize("scale", LARGEST)
def test_one_large_amount_does_not_overflow(tmp_path: Path, engine: DuckDBEngine, scale: int) -> None:
    """`WHERE cost > …` failed for whoever had an amount of more digits than DuckDB multiplies decimals in."""
    amount, kind = Decimal(LARGEST[scale]), s.Type("decimal", scale)
    rows = [{"__unit": 0, "__ord": 0, "__h": 0, "cost": amount}]
    version = write_version(tmp_path / "v.db", {"t": (rows, {"cost": f"DECIMAL(18,{scale})"})})
    most = 10**18
    cost = s.Column("cost", kind, -abs(amount), abs(amount))
    asked = plan(
        measurement("sum", cost, scale, -most, most),
        keys=[cost],
        where=s.Compare("=", cost, s.Constant(amount, kind)),
    )
    assert answers(engine, version, asked) == {(amount,): (int(amount.scaleb(scale)),)}


@pytest.mark.parametrize("pattern", ["%_a" * 20 + "%b", "%a" * 100 + "%b", "%_" * 125, "%_%a_" * 50])
def test_one_long_text_does_not_keep_LIKE_going_back(tmp_path: Path, engine: DuckDBEngine, pattern: str) -> None:
    """`note LIKE '%_a%_a…%b'` took for ever, and timed out, for whoever had a long note."""
    rows = [{"__unit": 0, "__ord": 0, "__h": 0, "note": "a" * 100_000}]
    version = write_version(tmp_path / "v.db", {"t": (rows, {"note": "VARCHAR"})})
    matches = not pattern.endswith("b")
    assert answers(engine, version, plan(measurement("rows"), where=s.Like(NOTE, pattern))) == {(): (matches,)}


def test_long_patterns_are_refused() -> None:
    assert "250 characters" in refusal(f"SELECT COUNT(*) FROM persons WHERE town LIKE '{'_' * 251}'").detail


@pytest.mark.parametrize(
    "tower",
    ["NULLIF({}, {n})", "COALESCE({}, code)", "CASE {} WHEN {n} THEN 1 WHEN {n} + 1 THEN NULL END"],
)
def test_towers_that_double_at_each_floor_are_refused(tower: str) -> None:
    """Twenty of them held a web worker for minutes, and made each row that passed the rest of WHERE cost that much."""
    sql = "age"
    for floor in range(20):
        sql = tower.format(sql, n=floor)
    assert "repeats its parts" in refusal(f"SELECT COUNT(*) FROM persons WHERE town = 'X' AND {sql} > 3").detail
