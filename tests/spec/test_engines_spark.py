"""The distributed engine gives the integers of the specification, and those of the reference engine for every example
of the language and on random plans: on a real Spark in process, one warm session for all."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from language.town import ROWS as ROWS_OF_TOWN
from language.town import TYPES as TYPES_OF_TOWN
from random_plans import COLUMNS, PATTERNS, ROWS, TYPES, Makes, normed, planned
from random_plans import TEXTS as TEXTS_OF_ROWS
from registrations import CLINIC, clinic_files
from scalar_world import TYPES as HOSTILE_TYPES
from scalar_world import built, hostile
from sparks import cells, needed, spark
from test_engines_aggregates import CASES, TABLES
from test_engines_aggregates import TYPES as SPEC_TYPES
from test_scalar_values import CASTS, COMPARISONS, DATES, NUMBERS, TEXTS
from test_sql_language import CASES as LANGUAGE
from test_sql_language import compiled
from versions import ReferenceEngine, answers, measurement, write_version

from sandbox.catalogue.entry import parse_entry
from sandbox.catalogue.ingest import ingest
from sandbox.engines.base import OpenVersion
from sandbox.plan import scalar as s
from sandbox.plan.block import Block, Bounds, Key, Norm, Threshold
from sandbox.plan.evaluate import evaluate
from sandbox.plan.parts import Named
from sandbox.plan.plan import Plan
from sandbox.plan.relation import Filter, Join, Project, Public, Relation, Scan, Union

pytestmark = needed
EXPRESSIONS = sorted({sql for sql, _, _ in [*CASTS, *COMPARISONS, *NUMBERS, *TEXTS, *DATES]})
PARTS = 8
PUBLIC = [{"__unit": None, "__ord": order, "__h": None, "f": value} for order, value in enumerate([0, 1, 1, 2, None])]


@pytest.fixture(scope="module")
def specified(tmp_path_factory: pytest.TempPathFactory) -> OpenVersion:
    path = tmp_path_factory.mktemp("spec") / "visits.db"
    return write_version(path, {name: (rows, SPEC_TYPES) for name, rows in TABLES.items()})


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> OpenVersion:
    tables = {
        name: ([{"__unit": None, **row} for row in rows], TYPES_OF_TOWN[name]) for name, rows in ROWS_OF_TOWN.items()
    }
    return write_version(tmp_path_factory.mktemp("town") / "town.db", tables)


@pytest.fixture(scope="module")
def hostiles(tmp_path_factory: pytest.TempPathFactory) -> OpenVersion:
    rows = [{"__unit": place, "__ord": 0, "__h": 0, **row} for place, row in enumerate(hostile())]
    return write_version(tmp_path_factory.mktemp("hostile") / "hostile.db", {"t": (rows, HOSTILE_TYPES)})


@pytest.fixture(scope="module")
def drawn() -> dict[str, list[dict]]:
    makes = Makes(7)
    return {"t": makes.table(12, ROWS), "t1": makes.table(6, ROWS), "t2": makes.table(6, ROWS), "p": PUBLIC}


@pytest.fixture(scope="module")
def version(drawn, tmp_path_factory: pytest.TempPathFactory) -> OpenVersion:
    tables = {name: (rows, {"f": "BIGINT"} if name == "p" else TYPES) for name, rows in drawn.items()}
    return write_version(tmp_path_factory.mktemp("random") / "random.db", tables)


@pytest.mark.parametrize("name", CASES)
def test_U1_spark_gives_the_specified_integers(name, specified):
    asked, expected = CASES[name]
    assert answers(spark(), specified, asked) == expected


@pytest.mark.parametrize("case", LANGUAGE, ids=lambda case: case.title)
def test_U1_spark_answers_the_examples_of_the_language(case, town):
    plan = compiled(case.sql)
    mine, other = ReferenceEngine(ROWS_OF_TOWN).run(town, plan), spark().run(town, plan)
    for one, two in zip(mine, other, strict=True):
        assert dict(zip(one.groups, one.values, strict=True)) == dict(zip(two.groups, two.values, strict=True))


@pytest.mark.parametrize("part", range(PARTS))
def test_U1_spark_computes_the_examples_of_expressions_on_hostile_rows(part, hostiles):
    nodes = {sql: built(sql).node for sql in EXPRESSIONS[part::PARTS]}
    rows, found = hostile(), cells(hostiles, list(nodes.values()))
    for place, row in enumerate(rows):
        assert dict(zip(nodes, found[place, 0], strict=True)) == {
            sql: evaluate(node, row) for sql, node in nodes.items()
        }


@pytest.mark.parametrize("seed", range(200, 206))
def test_U1_spark_computes_random_expressions_as_the_reference_does(seed, drawn, version):
    makes = Makes(seed)
    exprs = [makes.value(COLUMNS, 3) for _ in range(25)]
    found = cells(version, exprs)
    for row in drawn["t"]:
        for expr, got in zip(exprs, found[row["__unit"], row["__ord"]], strict=True):
            want = evaluate(expr, row)
            assert (got == want) and (got is None) == (want is None), (expr, row)


@pytest.mark.parametrize("seed", range(20))
def test_U1_spark_measures_random_relations_as_the_reference_does(seed, drawn, version):
    check(Makes(seed).plan(["t", "t1", "t2"], seed % 3 + 1), drawn, version)


@pytest.mark.parametrize("seed", range(3))
def test_U1_spark_weighs_by_the_norms_of_the_definition(seed, drawn, version):
    makes = Makes(seed)
    b, c, f = (one for one in COLUMNS if one.name in "bcf")
    scan = Scan("t", 0, (b, c, f), ROWS)
    key = Key("f", f, (None, Decimal(0), Decimal(1), Decimal(2), Decimal(3)))
    caps = [1, 2, 900, 10**6 + 1, 10**12]
    measured = [normed(Norm((f,), makes.draw.choice(caps)), "rows", None, 5, 0, 0)]
    measured += [normed(Norm((), makes.draw.choice(caps)), "values", c, 5, 0, 0)]
    measured += [normed(Norm((f,), cap), "sum", b, 8, -(10**5), 10**11) for cap in caps]
    rows = Filter(scan, makes.truth((b, c, f), 1))
    block = Block(rows, (key,), Bounds(ROWS, 1 + seed, 1), tuple(measured), None)
    check(planned(block), drawn, version)


def test_U1_like_is_that_of_the_reference_and_never_goes_back(tmp_path):
    texts = [*TEXTS_OF_ROWS, "aba", "abab", "ba", "aab", "a" * 100_000, "ab" * 50_000 + "\n", "😀" * 50_000 + "é"]
    rows = [{"__unit": place, "__ord": 0, "__h": 0, "c": text} for place, text in enumerate(texts)]
    column = s.Column("c", s.STRING)
    patterns = [
        *PATTERNS,
        "%a%a%b",
        "%a%b%a%",
        "%ab",
        "a%ab%",
        "%a%a%a%a%a%a%a%a%b%",
        "%_a%_a%_a%_c",
        "%😀%😀%é_",
        "%b_b%",
    ]
    made = write_version(tmp_path / "texts.db", {"t": (rows, {"c": "VARCHAR"})})
    found = cells(made, [s.Like(column, one) for one in patterns])
    for place, text in enumerate(texts):
        assert found[place, 0] == [evaluate(s.Like(column, one), {"c": text}) for one in patterns], text[:20]


def scan(table: str, number: int) -> Scan:
    return Scan(table, number, tuple(replace(one, name=f"{one.name}@{number}") for one in COLUMNS), ROWS)


def first_rows(rows: Relation, value: s.Scalar) -> Plan:
    """The sum of a value of each unit's first row."""
    bounds = Bounds(rows.rows, 1, 1)
    return planned(Block(rows, (), bounds, (measurement("sum", value, 3, -(10**12), 10**12),), None))


def test_U1_rows_of_a_union_stand_by_branch(drawn, version):
    """The later branch has rows that come earlier in their table."""
    one, other = scan("t", 1), scan("t", 2)
    later = Filter(one, s.Compare("<", one.columns[5], s.Constant(2, s.INTEGER)))
    sides = [
        Project(source, (Named("x", source.columns[1], Decimal(-(10**9)), Decimal(10**9)),))
        for source in (later, other)
    ]
    check(
        first_rows(Union(tuple(sides)), s.Column("x", s.Type("decimal", 3), Decimal(-(10**9)), Decimal(10**9))),
        drawn,
        version,
    )


@pytest.mark.parametrize("how", ["left", "full"])
@pytest.mark.parametrize("side", [0, 1])
def test_U1_lone_rows_of_a_join_stand_first(how, side, drawn, version):
    left, right = scan("t", 1), scan("t2", 2)
    both = Join(how, left, right, ((left.columns[5], right.columns[5]),))
    check(first_rows(both, (left, right)[side].columns[1]), drawn, version)


def check(asked, tables, version):
    for mine, other in zip(ReferenceEngine(tables).run(version, asked), spark().run(version, asked), strict=True):
        assert len(set(other.groups)) == len(other.groups)
        assert dict(zip(mine.groups, mine.values, strict=True)) == dict(zip(other.groups, other.values, strict=True))


def test_U1_spark_reads_what_ingest_writes(tmp_path):
    """Coded columns, a unit by foreign-key path, public tables: what is stored for DuckDB is decoded for Spark."""
    entry, target, key = parse_entry(CLINIC), tmp_path / "version.duckdb", bytes(range(32))
    ingest(entry, clinic_files(tmp_path), target, key, b"order" * 6)
    made = OpenVersion("version", target, key)
    money, cents = s.Type("decimal", 2), Decimal("0.01")
    dept, day = s.Column("dept@1", s.STRING), s.Column("day@1", s.DATE)
    cost = s.Column("cost@1", money, Decimal(0), Decimal(20000))
    sex, age = s.Column("sex", s.STRING), s.Column("age", s.INTEGER, Decimal(0), Decimal(110))
    place = s.Column("dept@2", s.STRING)
    visits = Scan("visits", 1, (dept, cost, day, s.Column("urgent@1", s.BOOLEAN)), 3)
    both = Join("left", Scan("persons", 0, (sex, age), 1), visits)
    known = Join("left", both, Public("departments", 2, (place,)), ((dept, place),), fanout=1)
    rows = Filter(known, s.Compare("<>", cost, s.Constant(cents, money)))
    asked = planned(
        Block(
            rows,
            (Key("sex", sex, None), Key("place", place, None), Key("month", s.DatePart("month", day), None)),
            Bounds(3, 2, 2),
            (measurement("units"), measurement("sum", cost, 2, 0, 10**6), measurement("distinct", age)),
            Threshold(0, 10, Decimal("1e-9")),
        )
    )
    [mine], [other] = ReferenceEngine().run(made, asked), spark().run(made, asked)
    assert len(mine.groups) == 4
    assert dict(zip(mine.groups, mine.values, strict=True)) == dict(zip(other.groups, other.values, strict=True))


def test_U1_the_folder_of_a_version_is_made_once(specified):
    folder = specified.path.with_suffix(".parquet")
    before = {path: path.stat().st_mtime_ns for path in Path(folder).rglob("*")}
    answers(spark(), specified, CASES["count of all rows"][0])
    assert before and before == {path: path.stat().st_mtime_ns for path in Path(folder).rglob("*")}
