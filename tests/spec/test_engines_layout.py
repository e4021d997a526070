"""How the embedded engine uses what is stored: it groups by position, and leaves ordinals that saturate alone."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pytest
from coded import write_coded
from versions import DuckDBEngine, ReferenceEngine, answers, measurement, plan

from sandbox.engines.base import Engine, OpenVersion
from sandbox.engines.duckdb.child import Version
from sandbox.engines.duckdb.facts import of_json
from sandbox.engines.duckdb.render import Query, render
from sandbox.plan import scalar as s
from sandbox.plan.block import WEIGHT, Measurement, Norm
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


def rendered(
    version: OpenVersion, monkeypatch: pytest.MonkeyPatch, asked: Plan, rows: int = len(ROWS)
) -> tuple[list[Query], list[str]]:
    """The statements of the first block, and how the child runs them."""
    with TemporaryDirectory() as folder:
        monkeypatch.chdir(folder)
        child = Version()

        def tell(told: dict[str, object]) -> bytes:
            return child.answer(json.dumps(told).encode())

        opening = {"path": str(version.path), "key": version.key.hex(), "memory": "1GB", "threads": 2}
        queries = render(asked.blocks[0], replace(of_json(tell(opening)), rows=rows))
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


@pytest.mark.parametrize("keys", [[DEPT], [WARD, DEPT]])
def test_few_rows_are_not_grouped_by_many_positions(engine, version, monkeypatch, keys):
    """Making the places ready would cost more than the rows, in memory that DuckDB does not count."""
    monkeypatch.setattr("sandbox.engines.duckdb.positions.ALWAYS", 8)
    asked = plan(ROWS_OF, COSTS, keys=keys, bounds=(MANY, 2, 1))
    [query], said = rendered(version, monkeypatch, asked, rows=8)
    assert "PERFECT" not in said[0] and "XOR(" in query.sql.upper()
    assert answers(engine, version, asked) == answers(ReferenceEngine({"t": ROWS}), version, asked)


def median(expr: s.Scalar, lower: int, upper: int, shift: int = 0) -> Measurement:
    scale = expr.type.scale
    return Measurement("quantile", expr, scale, lower, upper, 0, 1, 1024, Decimal(1), "exponential", shift=shift)


def found(engine: Engine, version: OpenVersion, asked: Plan) -> dict[object, list[object]]:
    [exact] = engine.run(version, asked)
    return {
        group: [one if isinstance(one, int) else tuple(one) for one in values]
        for group, values in zip(exact.groups, exact.values, strict=True)
    }


@pytest.mark.parametrize(("keys", "shift"), [([DEPT], 1), ([], 0), ([DEPT], 10)])
def test_bins_are_counted_by_position(engine, version, monkeypatch, keys, shift):
    asked = plan(median(N, -5, 8_000 << shift, shift), keys=keys, bounds=(MANY, 2, 200))
    monkeypatch.setattr("sandbox.engines.duckdb.positions.ALWAYS", 1 << 20)
    _, said = rendered(version, monkeypatch, asked)
    assert "PERFECT_HASH_GROUP_BY" in said[1] and "HASH_JOIN" in said[1]
    assert found(engine, version, asked) == found(ReferenceEngine({"t": ROWS}), version, asked)


@pytest.mark.parametrize("expr", [N, COST])
def test_more_bins_than_are_listed_are_counted_all_the_same(engine, version, monkeypatch, expr):
    asked = plan(median(expr, 0, 50_000), keys=[DEPT], bounds=(MANY, 2, 200))
    _, said = rendered(version, monkeypatch, asked)
    assert "HASH_JOIN" not in said[1]
    assert found(engine, version, asked) == found(ReferenceEngine({"t": ROWS}), version, asked)


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


@pytest.mark.parametrize("keys", [[DEPT], [WARD, DEPT]])
@pytest.mark.parametrize("bounds", [(MANY, 1, 1), (MANY, 1, 150), (MANY, 2, 1), (MANY, 4, 90), (MANY, MANY, 255)])
def test_bounded_counts_need_no_row_left_out_first(engine, version, monkeypatch, keys, bounds):
    """Nor do groups show in which no row counts."""
    [query], [said] = rendered(version, monkeypatch, asked := plan(ROWS_OF, keys=keys, bounds=bounds))
    assert "COUNT_IF" in query.sql and "Filters" not in said
    assert answers(engine, version, asked) == answers(ReferenceEngine({"t": ROWS}), version, asked)


def test_pieces_are_whole_units_and_add_up(engine, version, monkeypatch):
    """One unit a piece gives what all at once give."""
    monkeypatch.setattr("sandbox.engines.duckdb.render.PIECE", 1)
    where = s.Compare("<>", WARD, s.Constant("2", s.STRING))
    asked = plan(ROWS_OF, COSTS, keys=[DEPT, WARD], where=where, bounds=(MANY, 3, 2))
    assert answers(engine, version, asked) == answers(ReferenceEngine({"t": ROWS}), version, asked)


def test_a_child_that_numbers_rows_does_not_wait_for_pandas(engine, version):
    answers(engine, version, plan(ROWS_OF, COSTS, keys=[DEPT], bounds=(MANY, 1, 256)))
    (seat,) = engine._seats.values()
    loaded = Path(f"/proc/{seat.child.pid}/maps").read_text()
    assert "/numpy/" in loaded and "/pandas/" not in loaded


def test_no_text_of_a_question_stands_in_a_statement(version, monkeypatch):
    where = s.Compare("=", WARD, s.Constant("'; DROP TABLE t", s.STRING))
    queries, _ = rendered(version, monkeypatch, plan(ROWS_OF, keys=[DEPT], where=where))
    assert all("DROP" not in json.dumps([query.sql, (query.pieces or {}).get("sql")]) for query in queries)


def weighed(some: list[tuple[Measurement, int]], own: list[s.Column], **of: Any) -> Plan:
    """A plan over declared groups whose measurements are weighed by norms over `own`, of these caps."""
    private = plan(*(m for m, _ in some), bounds=(MANY, MANY, MANY), **of)
    [block] = private.blocks
    normed = tuple(replace(m, norm=Norm(tuple(own), cap), scale=m.scale + WEIGHT) for m, cap in some)
    named = tuple(replace(key, domain=("A", "2")) for key in block.keys)
    return replace(private, blocks=(replace(block, keys=named, measurements=normed, threshold=None),))


BELOW = s.Compare("<", N, s.Constant(500, s.INTEGER))
MONEY = s.Column("cost", s.Type("decimal", 2), Decimal(-10), Decimal(1000))


@pytest.mark.parametrize("tallied", [True, False])
@pytest.mark.parametrize("piece", [1, 1 << 19])
@pytest.mark.parametrize(
    ("keys", "where", "bounds"),
    [
        ([WARD], None, (MANY, 3, 1)),
        ([WARD], BELOW, (MANY, 2, 40)),
        ([WARD, DEPT], None, (MANY, MANY, 300)),
        ([], None, (MANY, 1, 260)),
    ],
)
def test_the_child_adds_up_what_it_bounds(engine, version, monkeypatch, tallied, piece, keys, where, bounds):
    """Sums that the child makes are those of the reference, and those that it leaves to DuckDB."""
    monkeypatch.setattr("sandbox.engines.duckdb.render.PIECE", piece)
    if not tallied:
        monkeypatch.setattr("sandbox.engines.duckdb.tallying._few", lambda *_: False)
    some = [ROWS_OF, COSTS, measurement("sum", COST, 2, -100, 40_000, 7), measurement("values", WARD)]
    where = where or s.Compare("<>", N, s.Constant(3, s.INTEGER))
    asked = plan(*some, median(N, 0, 4_000, 3), keys=keys, where=where, bounds=bounds)
    queries, _ = rendered(version, monkeypatch, asked)
    assert [bool((query.pieces or {}).get("tally")) for query in queries] == [tallied] * 2
    assert found(engine, version, asked) == found(ReferenceEngine({"t": ROWS}), version, asked)


@pytest.mark.parametrize("tallied", [True, False])
@pytest.mark.parametrize("piece", [1, 1 << 19])
@pytest.mark.parametrize(("keys", "own"), [([WARD], [WARD]), ([WARD, DEPT], [WARD]), ([WARD], [])])
@pytest.mark.parametrize("where", [None, BELOW, s.Compare("=", WARD, s.Constant("2", s.STRING))])
def test_the_child_weighs_by_norms_that_no_index_has(engine, version, monkeypatch, tallied, piece, keys, own, where):
    monkeypatch.setattr("sandbox.engines.duckdb.render.PIECE", piece)
    if not tallied:
        monkeypatch.setattr("sandbox.engines.duckdb.tallying._few", lambda *_: False)
    some = [(ROWS_OF, 40), (measurement("values", WARD), 7), (measurement("sum", MONEY, 2, -500, 90_000), 9_000_000)]
    asked = weighed(some, own, keys=keys, where=where)
    queries, _ = rendered(version, monkeypatch, asked)
    assert [bool((query.pieces or {}).get("tally")) for query in queries] == ([True] if tallied else [False] * 3)
    assert found(engine, version, asked) == found(ReferenceEngine({"t": ROWS}), version, asked)
