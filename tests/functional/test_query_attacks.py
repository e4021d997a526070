"""Attacks on the language that once worked, each by its name, and what may never be asked."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from query_examples import only, plan_of, refusal
from versions import ReferenceEngine

from sandbox.engines.base import OpenVersion
from sandbox.engines.width import fits, norm_fits
from sandbox.plan.block import Block, Measurement, Norm
from sandbox.plan.relation import Scan
from sandbox.plan.scalar import Column, Type
from sandbox.plan.walk import stored, walk

PERSONS = [{"__unit": unit, "__ord": 0, "age": 30 + unit, "sex": "m"} for unit in range(3)]
VISITS = [{"__unit": unit % 2, "__ord": unit // 2, "cost": Decimal(5 * (unit % 3)), "ward": "a"} for unit in range(8)]


def exact(sql: str) -> list[tuple[Any, ...]]:
    """The exact values of the only group; rows have no column that names the unit, as in a data version."""
    [found] = ReferenceEngine({"persons": PERSONS, "visits": VISITS}).run(OpenVersion("v", None, b""), plan_of(sql))  # type: ignore[arg-type]
    return list(found.values)


def test_two_lone_rows_of_a_full_join_are_not_one_value() -> None:
    """Each row of a unit would have stood beside both: twice what its bounds say."""
    value = "(SELECT COALESCE(a.x, b.x) FROM (VALUES (1)) a(x) FULL JOIN (VALUES (2)) b(x) ON a.x = b.x)"
    assert "several rows" in refusal(f"SELECT SUM(cost + {value}) FROM visits").detail
    assert "several rows" in refusal(f"SELECT COUNT(*) FROM visits WHERE cost < {value}").detail


def test_a_condition_of_on_about_a_row_that_may_be_missing_is_not_lost() -> None:
    joined = "persons p LEFT JOIN visits v ON p.pid = v.pid JOIN persons q ON p.pid = q.pid"
    assert exact(f"SELECT COUNT(*) FROM {joined} AND v.cost = 5") == [(3,)]
    assert exact(f"SELECT COUNT(*) FROM {joined} WHERE v.cost = 5") == [(3,)]


def test_a_column_of_a_bracketed_left_join_is_missing_with_its_row() -> None:
    sub = "(persons p LEFT JOIN (SELECT pid, 1 AS one FROM visits) d ON p.pid = d.pid)"
    joined = f"persons o JOIN {sub} ON o.pid = p.pid"
    assert exact(f"SELECT COUNT(d.one) FROM {joined}") == [(8,)]
    assert exact(f"SELECT COUNT(*) FROM {joined}") == [(9,)]


@pytest.mark.parametrize(
    "over", ["AVG({}) AS m FROM {} GROUP BY v.pid", "AVG({}) OVER (PARTITION BY v.pid) AS m FROM {}"]
)
def test_no_average_of_a_units_rows_is_beyond_what_an_engine_holds(over: str) -> None:
    """One unit with large costs would have made the query fail, which tells that it is there."""
    text = "SELECT COUNT(*) FROM (SELECT v.pid, {}) q WHERE m > 3"
    rows = "visits v JOIN persons p ON v.pid = p.pid"
    assert not fits(plan_of(text.format(over.format("cost * cost * cost * cost * cost * age", rows))))
    assert fits(plan_of(text.format(over.format("cost * cost * cost * age", rows))))


def test_no_square_of_a_norm_is_beyond_what_an_engine_holds() -> None:
    wide = Column("cost", Type("decimal", 2), Decimal(0), Decimal(10**15))
    assert norm_fits(None, 10**6) and norm_fits(replace(wide, upper=Decimal(10**6)), 100)
    assert not norm_fits(wide, 1000)
    plan = plan_of("SELECT ward, COUNT(*) FROM visits GROUP BY ward")
    assert not fits(replace(plan, blocks=(_weighed(only(plan), wide),)))


def _weighed(block: Block, column: Column) -> Block:
    number = Measurement("sum", column, 7, 0, 10**17, 0, 10**10, 1024, Decimal("0.5"), norm=Norm((), 1))
    rows = Scan("visits", 0, (*block.rows.columns, column), 1000)
    bounds = replace(block.bounds, rows=1000)
    return replace(block, rows=rows, bounds=bounds, measurements=(number,))


def test_a_weighed_sum_is_in_steps_of_the_column_that_its_norm_is_of() -> None:
    """In finer steps the sum would be ten times as large, and the norm not."""
    with pytest.raises(ValueError, match="weighed"):
        _weighed_at(8)
    assert _weighed_at(7).scale == 7


def _weighed_at(scale: int) -> Measurement:
    cost = Column("cost", Type("decimal", 2), Decimal(0), Decimal(10))
    return Measurement("sum", cost, scale, 0, 9, 0, 1, 1024, Decimal("0.5"), norm=Norm((), 1))


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT COUNT(*) FROM persons p LEFT JOIN visits v ON p.pid = v.pid WHERE v.pid IS NULL", [(1,)]),
        ("SELECT COUNT(v.pid) FROM persons p LEFT JOIN visits v ON p.pid = v.pid", [(8,)]),
        ("SELECT COUNT(*) FROM (SELECT pid FROM persons UNION ALL SELECT pid FROM visits) q", [(11,)]),
        ("SELECT COUNT(*) FROM (SELECT pid, ward FROM visits UNION ALL SELECT pid, sex FROM persons) q", [(11,)]),
        (
            "SELECT COUNT(*) FROM persons p LEFT JOIN visits v ON p.pid = v.pid AND v.cost > 5 "
            "LEFT JOIN visits w ON v.pid = w.pid",
            [(9,)],
        ),
    ],
)
def test_units_are_compared_by_what_a_version_holds(sql: str, expected: list[tuple[int, ...]]) -> None:
    """A version has no column with the names of units: a plan that reads one would fail after it is paid."""
    for node in walk(only(plan_of(sql)).rows):
        assert not isinstance(node, Scan) or all(stored(one) != "pid" for one in node.columns)
    assert exact(sql) == expected


def test_a_unit_is_compared_with_units_only() -> None:
    for sql in (
        "SELECT COUNT(*) FROM visits WHERE pid = visit_id",
        "SELECT COUNT(*) FROM (SELECT pid FROM persons UNION ALL SELECT visit_id FROM visits) q",
        "SELECT COUNT(*) FROM visits v WHERE pid IN (SELECT visit_id FROM visits w WHERE w.pid = v.pid)",
    ):
        assert refusal(sql).code == "sql_not_allowed"


def test_a_value_that_nothing_reads_is_not_asked_for() -> None:
    sql = "SELECT COUNT(*) FROM (SELECT pid, (SELECT COUNT(*) FROM (VALUES (1), (2)) v(x)) AS two FROM persons) q"
    assert only(plan_of(sql)).rows == only(plan_of("SELECT COUNT(*) FROM persons")).rows
