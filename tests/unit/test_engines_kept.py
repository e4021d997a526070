"""What is kept of statements that come again: the same answers, no more of them than it says, and never another's."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from versions import DuckDBEngine, answers, ascii_rows, measurement, plan, write_version

from sandbox.engines.duckdb import kept, render
from sandbox.engines.duckdb.kept import KEPT, Planned, Written
from sandbox.plan import scalar as s

TYPES = {"n": "BIGINT"}
ROWS = ascii_rows("__unit __ord __h n\n0 0 1 5\n1 0 2 7\n1 1 3 9", TYPES)
SUM = plan(measurement("sum", s.Column("n", s.INTEGER), 0, 0, 100), bounds=(10, 10, 10))
COUNT = plan(measurement("rows"), bounds=(10, 10, 10))


def prepared(connection: duckdb.DuckDBPyConnection) -> list[str]:
    found = connection.execute("SELECT name FROM duckdb_prepared_statements() WHERE name LIKE 'kept%'").fetchall()
    return sorted(name for (name,) in found)


def test_a_statement_that_comes_again_is_planned_once_and_sees_what_is_there_now() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT range AS n FROM range(10)")
        planned = Planned(connection)
        found = []
        for turn in range(4):
            found.append(planned.table("SELECT count(*) AS m0, sum(n) AS m1 FROM t").to_pylist())
            assert prepared(planned._connection) == (["kept_1"] if turn else [])
        assert found == [[{"m0": 10, "m1": 45}]] * 4
        connection.execute("DROP TABLE t")
        connection.execute("CREATE TABLE t AS SELECT CAST(range AS TINYINT) AS n FROM range(3)")
        assert planned.table("SELECT count(*) AS m0, sum(n) AS m1 FROM t").to_pylist() == [{"m0": 3, "m1": 3}]


def test_the_statements_that_came_last_are_kept() -> None:
    with duckdb.connect() as connection:
        planned = Planned(connection)
        for number in range(KEPT + 5):
            for _ in range(2):
                assert planned.table(f"SELECT {number} AS n").to_pylist() == [{"n": number}]
        assert len(prepared(planned._connection)) == len(planned._kept) == KEPT
        assert planned.table("SELECT 0 AS n").to_pylist() == [{"n": 0}], "which was let go"
        with pytest.raises(duckdb.Error):
            planned.table("SELECT broken FROM nowhere")


def test_blocks_are_written_once_each_and_equal_numbers_of_other_digits_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[object] = []
    monkeypatch.setattr(render, "render", lambda block, facts: written.append(block) or [len(written)])
    some = Written()
    block = COUNT.blocks[0]
    one, other = (
        replace(block.measurements[0], expr=s.Constant(Decimal(spelled), s.Type("decimal", 2)))
        for spelled in ("1.0", "1.00")
    )
    assert one == other
    blocks = [block, *(replace(block, measurements=(each,)) for each in (one, other))]
    assert [some.of(each, None) for each in (*blocks, *blocks)] == [[1], [2], [3]] * 2
    for turn in range(kept.KEPT):
        some.of(replace(block, rows=replace(block.rows, number=turn + 1)), None)
    assert len(some._kept) == kept.KEPT and some.of(blocks[0], None) == [kept.KEPT + 4]


def test_an_engine_answers_again_as_at_first_and_each_version_by_itself(tmp_path: Path) -> None:
    first = write_version(tmp_path / "a.db", {"t": (ROWS, TYPES)})
    second = write_version(tmp_path / "b.db", {"t": (ROWS[:1], TYPES)})
    engine = DuckDBEngine(jobs=5)  # the child is another one in between
    try:
        for _ in range(4):
            assert answers(engine, first, SUM) == {(): (21,)}
            assert answers(engine, second, SUM) == {(): (5,)}
            assert answers(engine, first, COUNT) == {(): (3,)}
    finally:
        engine.close()
