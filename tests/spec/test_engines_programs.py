"""What a program gives of rows is the same from every engine that has rows, and depends, block by block, on the units
of that block alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from programs import given, needs_isolation, program, summed
from versions import DuckDBEngine, ReferenceEngine, write_version

from sandbox.engines.base import EngineFailed, OpenVersion
from sandbox.engines.own import OwnRows
from sandbox.engines.worked import ByUnit, spread, worked
from sandbox.isolation.program import Programs
from sandbox.plan.scalar import INTEGER, Type

pytestmark = needs_isolation
TYPES = {"age": "BIGINT", "cost": "DECIMAL(10,2)"}
CODE = """
def program(rows, parameters):
    totals = rows.groupby("unit")["cost"].sum()
    return {"rows": len(rows), "units": rows["unit"].nunique(), "most": totals.max(), "age": rows["age"].mean()}
"""
NUMBERS = (given("rows", 0, 500), given("units", 0, 500), given("most", 0, 900, 2), given("age", 0, 60, 3))


def rows(units: range) -> list[dict[str, object]]:
    made: list[dict[str, object]] = []
    for unit in units:
        draw = Random(unit)
        made += [
            {"__unit": unit * 7919 % 10_007, "__ord": order, "__h": order, "age": draw.choice([None, 20, 41, 70]),
             "cost": Decimal(draw.randrange(30_000)).scaleb(-2)}
            for order in range(draw.randint(1, 5))
        ]  # fmt: skip
    return made


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> OpenVersion:
    return write_version(Path(tmp_path_factory.mktemp("programs")) / "t.db", {"t": (rows(range(200)), TYPES)})


def test_U4_engines_agree_on_what_a_program_gives(version: OpenVersion) -> None:
    """Numbers beyond their bounds are clamped, decimals and NULLs arrive, and every row is worked on once."""
    asked = summed(program(CODE, *NUMBERS))
    engines = [DuckDBEngine(seconds=30), ReferenceEngine({"t": rows(range(200))})]
    try:
        [mine], [other] = (engine.run(version, asked) for engine in engines)
    finally:
        for engine in engines:
            engine.close()
    assert list(mine.groups) == list(other.groups) == [()]
    assert mine.values[0] == other.values[0]
    counted, units, most, age = mine.values[0]
    assert counted == len(rows(range(200))) and units == 200
    assert 4 * 30_000 < most <= 4 * 90_000 and 4 * 35_000 < age < 4 * 50_000


def test_U4_a_unit_changes_the_row_of_its_own_block_and_no_other() -> None:
    node = program(CODE, *NUMBERS, blocks=8)
    programs, tables = Programs(), {name: rows(range(size)) for name, size in (("with", 60), ("without", 59))}
    try:
        found = {
            name: worked(node, ReferenceEngine({"t": table}).rows(None, node.source), programs, {})  # type: ignore[arg-type]
            for name, table in tables.items()
        }
    finally:
        programs.close()
    changed = [at for at, (one, two) in enumerate(zip(*found.values(), strict=True)) if one != two]
    assert changed == [59 * 7919 % 10_007 % 8]


OWN = OwnRows(
    {"paid": Type("decimal", 2), "since": Type("date"), "kind": Type("string")},
    {"paid": tuple(map(Decimal, ("1.25", "2.50", "4", "8", "16"))), "since": (date(2024, 2, 29),) * 3 + (None,) * 2,
     "kind": ("a", None, "a", "b", "b")},
    5, tuple(unit * 7919 % 10_007 for unit in (59, 3, 500, 7, 501)),
)  # fmt: skip
"""Of a table by identifier: units 3, 7 and 59, and two that are not in the data."""
JOINS = """
def program(rows, parameters):
    own = parameters["tables"]["mine"]
    both = rows.drop_duplicates("unit").merge(own, on="unit")
    days, due = (own["since"] == "2024-02-29").sum(), (both["paid"] * both["cost"]).sum()
    return {"own": len(own), "paid": both["paid"].sum(), "days": days, "due": due, "wide": len(own.columns)}
"""
JOINED = (given("own", 0, 9, 0, 9), given("paid", 0, 99, 2, 99), given("days", 0, 9, 0, 9),
          given("due", 0, 9999, 4, 9999), given("wide", 0, 9, 0, 9))  # fmt: skip


def test_U4_engines_give_a_block_the_own_rows_of_its_units_alone(version: OpenVersion) -> None:
    """Strangers, and units without rows, reach none; a block without any gets an empty table with the same types."""
    asked, beside = summed(program(JOINS, *JOINED, blocks=3)), replace(version, own={"own.mine": OWN})
    engines = [DuckDBEngine(seconds=30), ReferenceEngine({"t": rows(range(200))})]
    try:
        [mine], [other] = (engine.run(beside, asked) for engine in engines)
    finally:
        for engine in engines:
            engine.close()
    assert mine.values == other.values
    costs = {row["__unit"]: row["cost"] for row in rows(range(200)) if row["__ord"] == 0}
    premiums = zip(OWN.names or (), OWN.columns["paid"], strict=True)
    due = sum(int(costs[unit] * paid * 10_000) for unit, paid in premiums if unit in costs)  # type: ignore[operator]
    assert mine.values[0] == (3, 1175, 2, due, 3 * 4), "each own row is with its unit"


def test_U4_with_own_tables_too_a_unit_changes_the_row_of_its_own_block_and_no_other() -> None:
    """The own row of a unit goes with the unit; the rows of others are where they were, whatever number they have."""
    node, programs = program(JOINS, *JOINED, blocks=3), Programs()
    try:
        with_it, without = (
            worked(node, ReferenceEngine({"t": table}).rows(None, node.source), programs, {"own.mine": OWN})  # type: ignore[arg-type]
            for table in (rows(range(60)), rows(range(59)))
        )
    finally:
        programs.close()
    changed = [at for at, (one, two) in enumerate(zip(with_it, without, strict=True)) if one != two]
    assert changed == [59 * 7919 % 10_007 % 3]
    [at] = changed
    assert with_it[at].cells["paid"] - without[at].cells["paid"] == Decimal("1.25")  # type: ignore[operator]


def test_an_own_table_without_identifier_is_not_spread() -> None:
    whole = OwnRows({"paid": INTEGER}, {"paid": (1,)}, 1, None)
    with pytest.raises(EngineFailed):
        ByUnit(whole)


def test_each_row_is_in_one_block_in_an_order_of_its_own_units() -> None:
    table = ReferenceEngine({"t": rows(range(50))}).rows(None, program(CODE, *NUMBERS).source)  # type: ignore[arg-type]
    blocks = [one["rows"] for one in spread(table, 7, {})]
    assert sum(block.num_rows for block in blocks) == table.num_rows and len(blocks) == 7
    fewer = [one["rows"] for one in spread(table.slice(0, table.num_rows // 2), 7, {})]
    for whole, part in zip(blocks, fewer, strict=True):
        assert part.to_pylist() == whole.slice(0, part.num_rows).to_pylist()


def test_what_fails_counts_as_declared() -> None:
    numbers = (given("a", -5, 5, 0, 3), given("b", 0, 9, 1, 2))
    programs = Programs()
    try:
        for code in ("nonsense", "def program(rows, parameters): return {'a': float('nan'), 'b': 'x'}",
                     "def program(rows, parameters): raise SystemExit", "import os\nos._exit(0)"):  # fmt: skip
            node = replace(program(code, *numbers, blocks=1, milliseconds=150))
            table = ReferenceEngine({"t": rows(range(3))}).rows(None, node.source)  # type: ignore[arg-type]
            [row] = worked(node, table, programs, {})
            assert row.cells == {"a": 3, "b": Decimal(2)}
    finally:
        programs.close()
