"""What plans mean, by small tables: each engine gives these integers, and no others."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D

import pytest
from coded import write_coded
from versions import DuckDBEngine, ReferenceEngine, answers, ascii_rows, measurement, plan, write_version

from sandbox.plan import scalar as s

TYPES = {"dept": "VARCHAR", "cost": "DECIMAL(10,2)", "n": "BIGINT", "day": "DATE", "ok": "BOOLEAN"}
VISITS = """
    __unit __ord __h  dept  cost    n   day         ok
    0      0     10   eye   10.50   1   2023-01-31  true
    0      1     20   eye   20.00   2   2023-02-01  false
    0      2     30   skin  0.01    -   2023-02-28  -
    0      3     40   -     5.00    4   -           true
    1      0     15   skin  99.99   -3  2023-12-31  false
    1      1     15   eye   -       6   2024-02-29  true
    2      0     5    skin  -7.25   7   2023-04-01  true
"""
TIES = """
    __unit __ord __h  dept  cost    n   day         ok
    0      0     7    skin  1.00    1   -           -
    0      1     7    eye   1.00    2   -           -
    0      2     7    -     1.00    3   -           -
    1      0     7    b     1.00    -   -           -
    1      1     7    B     1.00    -   -           -
    1      2     7    é     1.00    -   -           -
    1      3     7    b     4.00    -   -           -
"""
TABLES = {"t": ascii_rows(VISITS, TYPES), "ties": ascii_rows(TIES, TYPES)}
DEPT, COST = s.Column("dept", s.STRING), s.Column("cost", s.Type("decimal", 2))
N, DAY, OK = s.Column("n", s.INTEGER), s.Column("day", s.DATE), s.Column("ok", s.BOOLEAN)
ROWS = measurement("rows")


def text(value: str) -> s.Constant:
    return s.Constant(value, s.STRING)


def number(value: int) -> s.Constant:
    return s.Constant(value, s.INTEGER)


def decimal(value: str) -> s.Constant:
    return s.Constant(D(value), s.Type("decimal", len(value.partition(".")[2])))


def times(left: s.Scalar, right: s.Scalar) -> s.Scalar:
    return s.Arithmetic("*", left, right, s.Type("decimal", 4))


COSTS = measurement("sum", COST, 2, -(10**6), 10**6)
CLAMPED = measurement("sum", COST, 2, 0, 2000, 500)
MONTH = s.DatePart("month", DAY)
LABEL = s.Case(
    ((s.Compare("<", N, number(3)), text("low")), (s.IsNull(N), s.Constant(None, s.STRING))), text("high"), s.STRING
)

CASES = {
    "count of all rows": (plan(ROWS), {(): (7,)}),
    "units": (plan(measurement("units")), {(): (3,)}),
    "values are not NULL": (plan(measurement("values", COST)), {(): (6,)}),
    "a sum is exact": (plan(COSTS), {(): (12825,)}),
    "clamped to the bounds, NULL stays out": (plan(CLAMPED), {(): (1050 + 2000 + 1 + 500 + 2000 + 0 - 6 * 500,)}),
    "a finer fixed point": (plan(measurement("sum", COST, 3, -(10**7), 10**7)), {(): (128250,)}),
    "no row": (plan(ROWS, COSTS, where=s.Compare(">", N, number(99))), {(): (0, 0)}),
    "no row, no group": (plan(ROWS, where=s.Compare(">", N, number(99)), keys=[DEPT]), {}),
    "NULL is a key": (plan(ROWS, COSTS, keys=[DEPT]), {("eye",): (3, 3050), ("skin",): (3, 9275), (None,): (1, 500)}),
    "two keys": (
        plan(ROWS, keys=[OK, DEPT], where=s.Compare("=", DEPT, text("eye"))),
        {(True, "eye"): (2,), (False, "eye"): (1,)},
    ),
    "a decimal key": (
        plan(ROWS, keys=[COST], where=s.Compare("<=", COST, decimal("0.01"))),
        {(D("0.01"),): (1,), (D("-7.25"),): (1,)},
    ),
    "a day as key": (plan(ROWS, keys=[DAY], where=s.Compare("=", N, number(1))), {(date(2023, 1, 31),): (1,)}),
    "a part of a date as key": (
        plan(ROWS, keys=[MONTH]),
        {(1,): (1,), (2,): (3,), (4,): (1,), (12,): (1,), (None,): (1,)},
    ),
    "quarter": (plan(ROWS, keys=[s.DatePart("quarter", DAY)]), {(1,): (4,), (2,): (1,), (4,): (1,), (None,): (1,)}),
    "a label as key": (plan(ROWS, keys=[LABEL]), {("low",): (3,), ("high",): (3,), (None,): (1,)}),
    "NOT of unknown is unknown": (plan(ROWS, where=s.Not(s.Compare("=", DEPT, text("eye")))), {(): (3,)}),
    "OR with unknown": (plan(ROWS, where=s.Logic("or", (OK, s.Compare("=", DEPT, text("eye"))))), {(): (5,)}),
    "AND with unknown": (plan(ROWS, where=s.Not(s.Logic("and", (OK, s.Compare("=", DEPT, text("eye")))))), {(): (4,)}),
    "IN": (plan(ROWS, where=s.In(N, (number(1), decimal("7.0"), number(9)))), {(): (2,)}),
    "NOT IN with NULL is never true": (
        plan(ROWS, where=s.Not(s.In(N, (number(1), s.Constant(None, s.INTEGER))))),
        {(): (0,)},
    ),
    "LIKE": (plan(ROWS, where=s.Like(DEPT, "_ki%")), {(): (3,)}),
    "a quote is only a text": (plan(ROWS, where=s.Compare("<>", DEPT, text("'; DROP TABLE t; --"))), {(): (6,)}),
    "numbers of two scales compare": (plan(ROWS, where=s.Compare(">", COST, N)), {(): (4,)}),
    "products are exact": (
        plan(measurement("sum", times(COST, COST), 4, 0, 10**9)),
        {(): (1102500 + 4000000 + 1 + 250000 + 99980001 + 525625,)},
    ),
    "sums of columns": (
        plan(measurement("sum", s.Arithmetic("-", COST, N, s.Type("decimal", 2)), 2, -(10**6), 10**6)),
        {(): (950 + 1800 + 100 + 10299 - 1425,)},
    ),
    "rows of a unit in a group: the first ones": (
        plan(COSTS, keys=[DEPT], bounds=(100, 100, 1)),
        {("eye",): (1050,), ("skin",): (9275,), (None,): (500,)},
    ),
    "groups of a unit: by their first rows": (
        plan(ROWS, keys=[DEPT], bounds=(100, 1, 100)),
        {("eye",): (2,), ("skin",): (2,)},
    ),
    "the first row after WHERE decides": (
        plan(ROWS, keys=[DEPT], bounds=(100, 1, 100), where=s.Compare(">=", MONTH, number(2))),
        {("eye",): (1,), ("skin",): (2,)},
    ),
    "both bounds": (plan(ROWS, COSTS, keys=[DEPT], bounds=(100, 2, 1)), {("eye",): (2, 1050), ("skin",): (3, 9275)}),
    "keys do not decide which groups come first": (
        plan(ROWS, table="ties", keys=[DEPT], bounds=(100, 2, 100)),
        {("skin",): (1,), ("eye",): (1,), ("b",): (2,), ("B",): (1,)},
    ),
    "groups and rows of a unit at once": (
        plan(COSTS, table="ties", keys=[DEPT], bounds=(100, 2, 1)),
        {("skin",): (100,), ("eye",): (100,), ("b",): (100,), ("B",): (100,)},
    ),
    "rows without keys": (plan(ROWS, COSTS, bounds=(100, 1, 2)), {(): (5, 1050 + 2000 + 9999 - 725)}),
}


KEY_SETS = (["dept"], ["dept", "ok"], ["cost"])


MADE = {"memory": lambda: ReferenceEngine(TABLES), "file": ReferenceEngine, "duckdb": DuckDBEngine}
PAIRS = [("memory", "plain"), ("file", "plain"), ("duckdb", "plain"), ("duckdb", "coded"), ("duckdb", "domains")]
"""Engines and files; the reference reads what is decoded."""


@pytest.fixture(scope="module", params=PAIRS, ids=" ".join)
def asked_of(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    name, stored = request.param
    path = tmp_path_factory.mktemp("spec") / "visits.db"
    tables = {name: (rows, TYPES) for name, rows in TABLES.items()}
    if stored == "plain":
        version = write_version(path, tables)
    else:
        version = write_coded(path, tables, domains=stored == "domains", key_sets=KEY_SETS)
    engine = MADE[name]()
    yield lambda plan: answers(engine, version, plan)
    engine.close()


@pytest.mark.parametrize("name", CASES)
def test_U1_engines_give_the_specified_integers(name, asked_of):
    asked, expected = CASES[name]
    assert asked_of(asked) == expected
