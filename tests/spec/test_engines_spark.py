"""The distributed engine gives the integers of the specification, and those of the reference engine on random plans:
on a real Spark in process, one warm session for all."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from random_plans import COLUMNS, ROWS, TYPES, Makes, normed, planned
from sparks import cells, needed, spark
from test_engines_aggregates import CASES, TABLES
from test_engines_aggregates import TYPES as SPEC_TYPES
from versions import ReferenceEngine, answers, write_version

from sandbox.engines.base import OpenVersion
from sandbox.plan.block import Block, Bounds, Key, Norm
from sandbox.plan.evaluate import evaluate
from sandbox.plan.relation import Filter, Scan

pytestmark = needed
PUBLIC = [{"__unit": None, "__ord": order, "__h": None, "f": value} for order, value in enumerate([0, 1, 1, 2, None])]


@pytest.fixture(scope="module")
def specified(tmp_path_factory: pytest.TempPathFactory) -> OpenVersion:
    path = tmp_path_factory.mktemp("spec") / "visits.db"
    return write_version(path, {name: (rows, SPEC_TYPES) for name, rows in TABLES.items()})


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


@pytest.mark.parametrize("seed", range(200, 206))
def test_U1_spark_computes_random_expressions_as_the_reference_does(seed, drawn, version):
    makes = Makes(seed)
    exprs = [makes.value(COLUMNS, 3) for _ in range(25)]
    found = cells(version, exprs)
    for row in drawn["t"]:
        for expr, got in zip(exprs, found[row["__unit"], row["__ord"]], strict=True):
            want = evaluate(expr, row)
            assert (got == want) and (got is None) == (want is None), (expr, row)


@pytest.mark.parametrize("seed", range(30))
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


def check(asked, tables, version):
    for mine, other in zip(ReferenceEngine(tables).run(version, asked), spark().run(version, asked), strict=True):
        assert len(set(other.groups)) == len(other.groups)
        assert dict(zip(mine.groups, mine.values, strict=True)) == dict(zip(other.groups, other.values, strict=True))


def test_U1_the_folder_of_a_version_is_made_once(specified):
    folder = specified.path.with_suffix(".parquet")
    before = {path: path.stat().st_mtime_ns for path in Path(folder).rglob("*")}
    answers(spark(), specified, CASES["count of all rows"][0])
    assert before and before == {path: path.stat().st_mtime_ns for path in Path(folder).rglob("*")}
