"""How the embedded engine uses what is stored: it groups by position, and leaves ordinals that saturate alone."""

from __future__ import annotations

import json
from decimal import Decimal
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from coded import write_coded
from versions import DuckDBEngine, ReferenceEngine, answers, measurement, plan

from sandbox.engines.base import Engine, OpenVersion
from sandbox.engines.duckdb.child import Version
from sandbox.engines.duckdb.facts import of_json
from sandbox.engines.duckdb.render import Query, render
from sandbox.plan import scalar as s
from sandbox.plan.block import Measurement
from sandbox.plan.plan import Plan

TYPES = {"dept": "VARCHAR", "ward": "VARCHAR", "cost": "DECIMAL(10,2)", "n": "BIGINT"}
DEPT, WARD, N = s.Column("dept", s.STRING), s.Column("ward", s.STRING), s.Column("n", s.INTEGER)
COST = s.Column("cost", s.Type("decimal", 2))
MANY = 600
UNITS = [(0, MANY), (1, 3), (2, 300)]
ROWS = [
    {
        "__unit": unit,
        "__ord": order,
        "__h": order,
        "dept": "ABC"[order % 3],
        "ward": None if order % 7 == 1 else str(order % 5),
        "cost": order - 5,
        "n": order,
    }
    for unit, rows in UNITS
    for order in range(rows)
]


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> OpenVersion:
    path = tmp_path_factory.mktemp("layout") / "t.db"
    return write_coded(path, {"t": (ROWS, TYPES)}, key_sets=[["dept"], ["dept", "ward"], ["n"]])


@pytest.fixture(scope="module")
def engine():
    made = DuckDBEngine(seconds=30)
    yield made
    made.close()


def rendered(version: OpenVersion, monkeypatch: pytest.MonkeyPatch, asked: Plan) -> tuple[list[Query], list[str]]:
    """The statements of the first block, and how the child runs them."""
    with TemporaryDirectory() as folder:
        monkeypatch.chdir(folder)
        child = Version()

        def tell(told: dict[str, object]) -> bytes:
            return child.answer(json.dumps(told).encode())

        opening = {"path": str(version.path), "key": version.key.hex(), "memory": "1GB", "threads": 2}
        queries = render(asked.blocks[0], of_json(tell(opening)))
        said = []
        for query in queries:
            if query.pieces is None:
                answer = tell({"sql": f"EXPLAIN {query.sql}", "parameters": query.parameters, "pieces": None})
                with pa.ipc.open_stream(answer) as stream:
                    said.append(stream.read_all().column(1)[0].as_py())
        monkeypatch.undo()
        return queries, said


COSTS = measurement("sum", COST, 2, 0, 10_000)
ROWS_OF = measurement("rows")


@pytest.mark.parametrize("keys", [[DEPT], [WARD, DEPT]])
def test_coded_keys_are_grouped_by_position_and_bounded_by_ordinals(version, monkeypatch, keys):
    queries, said = rendered(version, monkeypatch, plan(ROWS_OF, COSTS, keys=keys, bounds=(MANY, 2, 1)))
    assert len(said) == 1 and "PERFECT_HASH_GROUP_BY" in said[0] and "WINDOW" not in said[0]
    assert "DISTINCT" not in queries[0].sql


def median(expr: s.Scalar, lower: int, upper: int, shift: int = 0) -> Measurement:
    scale = expr.type.scale
    return Measurement("quantile", expr, scale, lower, upper, 0, 1, 1024, Decimal(1), "exponential", shift=shift)


def histograms(engine: Engine, version: OpenVersion, asked: Plan) -> dict[object, list[object]]:
    [exact] = engine.run(version, asked)
    return {group: list(map(tuple, values[1:])) for group, values in zip(exact.groups, exact.values, strict=True)}


@pytest.mark.parametrize(("keys", "shift"), [([DEPT], 1), ([], 0), ([DEPT], 10)])
def test_bins_are_counted_by_position(engine, version, monkeypatch, keys, shift):
    asked = plan(median(N, -5, 8_000 << shift, shift), keys=keys, bounds=(MANY, 2, 200))
    _, said = rendered(version, monkeypatch, asked)
    assert "PERFECT_HASH_GROUP_BY" in said[1] and "HASH_JOIN" in said[1]
    assert histograms(engine, version, asked) == histograms(ReferenceEngine({"t": ROWS}), version, asked)


@pytest.mark.parametrize("expr", [N, COST])
def test_more_bins_than_are_listed_are_counted_all_the_same(engine, version, monkeypatch, expr):
    asked = plan(median(expr, 0, 50_000), keys=[DEPT], bounds=(MANY, 2, 200))
    _, said = rendered(version, monkeypatch, asked)
    assert "HASH_JOIN" not in said[1]
    assert histograms(engine, version, asked) == histograms(ReferenceEngine({"t": ROWS}), version, asked)


def test_units_under_a_condition_are_counted_by_bits(version, monkeypatch):
    where = s.Compare(">", COST, s.Constant(3, s.INTEGER))
    queries, _ = rendered(version, monkeypatch, plan(keys=[DEPT], where=where, bounds=(MANY, MANY, MANY)))
    assert "BITSTRING_AGG" in queries[0].sql and queries[0].pieces is None


@pytest.mark.parametrize(
    ("keys", "bounds", "numbered"),
    [
        ([DEPT], (MANY, 1, 255), False),
        ([DEPT], (MANY, 1, 256), True),
        ([N], (MANY, 255, 1), False),
        ([N], (MANY, 256, 1), True),
        ([N], (MANY, 599, 1), True),
        ([], (MANY, 1, 400), False),
        ([WARD, DEPT], (MANY, 4, 300), True),
        ([s.Compare("=", DEPT, s.Constant("A", s.STRING))], (MANY, 1, 150), True),
    ],
)
def test_ordinals_are_used_only_where_they_are_exact(engine, version, monkeypatch, keys, bounds, numbered):
    asked = plan(ROWS_OF, COSTS, measurement("distinct", WARD), keys=keys, bounds=bounds)
    queries, _ = rendered(version, monkeypatch, asked)
    assert [query.pieces is not None for query in queries] == [numbered]
    assert answers(engine, version, asked) == answers(ReferenceEngine({"t": ROWS}), version, asked)


def test_pieces_are_whole_units_and_add_up(engine, version, monkeypatch):
    """One unit a piece gives what all at once give."""
    monkeypatch.setattr("sandbox.engines.duckdb.render.PIECE", 1)
    where = s.Compare("<>", WARD, s.Constant("2", s.STRING))
    asked = plan(ROWS_OF, COSTS, keys=[DEPT, WARD], where=where, bounds=(MANY, 3, 2))
    assert answers(engine, version, asked) == answers(ReferenceEngine({"t": ROWS}), version, asked)


def test_no_text_of_a_question_stands_in_a_statement(version, monkeypatch):
    where = s.Compare("=", WARD, s.Constant("'; DROP TABLE t", s.STRING))
    queries, _ = rendered(version, monkeypatch, plan(ROWS_OF, keys=[DEPT], where=where))
    assert all("DROP" not in json.dumps([query.sql, (query.pieces or {}).get("sql")]) for query in queries)
