"""Rows of units for what works on rows themselves: the embedded engine gives those of the reference, in the same order
and types, and who goes takes its own rows along and nothing else."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from coded import name_of, write_coded
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from random_plans import ROWS, TYPES, Makes
from versions import DuckDBEngine, ReferenceEngine, write_version

from sandbox.audit import worlds
from sandbox.catalogue.ingest.units import unit_name
from sandbox.engines.base import EngineFailed, OpenVersion
from sandbox.engines.duckdb.facts import Facts
from sandbox.engines.duckdb.unit_rows import rows_statement
from sandbox.engines.layout import Layout
from sandbox.engines.width import MOST, width
from sandbox.plan import relation as r
from sandbox.plan.parts import Named
from sandbox.plan.scalar import DATE, INTEGER, Column, Type

MAKES = Makes(5)
PUBLIC = [{"__unit": None, "__ord": order, "__h": None, "f": value} for order, value in enumerate([0, 1, 1, 2, None])]
ROWS_OF = {"t": MAKES.table(12, ROWS), "t1": MAKES.table(6, ROWS), "t2": MAKES.table(9, ROWS)}
TABLES = {**{name: (rows, TYPES) for name, rows in ROWS_OF.items()}, "p": (PUBLIC, {"f": "BIGINT"})}
UNIT = "__unit"


PLAIN = {name: rows for name, (rows, _) in TABLES.items()}
NAMED = {
    name: [row if row[UNIT] is None else {**row, UNIT: name_of(row[UNIT])} for row in rows]
    for name, rows in PLAIN.items()
}


@pytest.fixture(scope="module", params=["plain", "coded", "domains"])
def stored(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[OpenVersion, ReferenceEngine]:
    path = tmp_path_factory.mktemp("rows") / "random.db"
    if request.param == "plain":
        return write_version(path, TABLES), ReferenceEngine(PLAIN)
    return write_coded(path, TABLES, domains=request.param == "domains"), ReferenceEngine(NAMED)


@pytest.fixture(scope="module")
def engine():
    made = DuckDBEngine(seconds=30)
    yield made
    made.close()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9), depth=st.integers(0, 2))
def test_U4_engines_give_the_same_rows(engine, stored, seed, depth):
    version, reference = stored
    note(f"{seed} {depth}")
    rows = Makes(seed).block(sorted(ROWS_OF), depth).rows
    if all(width(column).most <= MOST for column in rows.columns if column.type.numeric):
        mine, other = reference.rows(version, rows), engine.rows(version, rows)
        assert other.schema == mine.schema
        assert other.to_pylist() == mine.to_pylist()


def test_values_are_exact(engine, stored):
    columns = (Column("b", Type("decimal", 3)), Column("d", DATE), Column("f", INTEGER))
    read = [column for column in columns if TYPES.get(column.name)]
    found = engine.rows(stored[0], r.Scan("t", 0, tuple(read), ROWS))
    kinds = {type(cell) for column in found.columns[1:] for cell in column.to_pylist()}
    assert kinds <= {Decimal, date, int, type(None)} and len(kinds) > 1


def test_what_tells_how_many_others_there_are_is_refused(engine, stored):
    code = Column("__unit", INTEGER)
    for node in (
        r.Scan("t", 0, (code,), ROWS),
        r.Project(r.Scan("t", 0, (code,), ROWS), (Named("x", code),)),
        r.Public("p", 0, (Column("f", INTEGER),)),
    ):
        with pytest.raises((EngineFailed, ValueError)):
            engine.rows(stored[0], node)
        with pytest.raises((EngineFailed, ValueError)):
            stored[1].rows(stored[0], node)


def test_a_unit_that_comes_changes_nobody_elses_name_or_rows(engine, tmp_path):
    pair = worlds.stored(worlds.clinic(), tmp_path)
    table = next(one for one in worlds.clinic().entry.tables if one.name == "visits")
    cost = table.column("cost")
    column = Column("cost@0", cost.plan_type, cost.lower, cost.upper)
    scan = r.Scan("visits", 0, (column,), table.max_rows_per_unit)
    present, absent = (engine.rows(version, scan) for version in (pair.present, pair.absent))
    gone = set(present[UNIT].to_pylist()) - set(absent[UNIT].to_pylist())
    assert len(gone) == 1
    others = present.filter(pc.invert(pc.is_in(present[UNIT], pa.array(list(gone)))))
    assert others.to_pylist() == absent.to_pylist()
    persons = {str(row[0]) for row in worlds.clinic().tables["persons"][1:]}
    assert set(present[UNIT].to_pylist()) <= {unit_name(person, worlds._ORDER) for person in persons}


def test_a_version_of_before_has_no_names_and_gives_no_rows() -> None:
    facts = Facts(Layout({}), whole=True, units=1, rows=1, codes={}, required=frozenset(), named=False)
    with pytest.raises(ValueError, match="units have no names"):
        rows_statement(r.Scan("t", 0, (Column("f", INTEGER),), ROWS), facts)
