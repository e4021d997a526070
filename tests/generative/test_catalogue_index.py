"""The contribution index and the keyed order are what they are defined to be, row by row in plain Python."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from registrations import write_csv

from sandbox.catalogue.entry import TableEntry, parse_entry
from sandbox.catalogue.ingest import clustering, ingest
from sandbox.catalogue.ingest.contribution import Groups, dense
from sandbox.catalogue.ingest.order import RowOrder, text_words
from sandbox.engines.files import ALIAS, attach, connect, read_table
from sandbox.engines.layout import ROWS, Layout, edge, read_layout

KEY, PRF = bytes(range(32)), b"order" * 6
MEASURED = ("cost", "grade", "huge")
REGISTRATION: dict[str, Any] = {
    "name": "clinic",
    "title": {"zh": "就诊", "en": "Visits"},
    "holder": "Bureau",
    "domain": "health",
    "grade": "general",
    "personal_information": True,
    "legal_basis": {"type": "statutory_duty", "instrument": "Act", "purpose": "administration"},
    "update_frequency": "P1M",
    "unit": {"name": "person", "column": "visits.who"},
    "privacy": {"epsilon": "20", "delta": "1e-6", "per_user": {"epsilon": "4", "delta": "1e-7"}},
    "tables": [
        {
            "name": "visits",
            "unit": "who",
            "max_rows_per_unit": 300,
            "key_sets": [["dept"], ["word", "dept"], ["grade", "day", "open"], ["cost"]],
            "measures": list(MEASURED),
            "columns": [
                {"name": "who", "type": "string", "role": "identifier"},
                {"name": "dept", "type": "string", "role": "personal", "domain": ["skin", "eye", "é", "heart"]},
                {"name": "word", "type": "string", "role": "personal"},
                {"name": "cost", "type": "decimal(12,2)", "role": "personal", "bounds": ["-50.5", 50000]},
                {"name": "grade", "type": "decimal(3,1)", "role": "personal", "domain": [7, "-2.5", "0.1"]},
                {"name": "huge", "type": "decimal(18,0)", "role": "personal", "bounds": [-999999999999999999, 10]},
                {"name": "day", "type": "date", "role": "personal", "domain": ["2024-02-29", "1969-12-31"]},
                {"name": "free", "type": "decimal(18,3)", "role": "personal"},
                {"name": "when", "type": "date", "role": "personal"},
                {"name": "open", "type": "boolean", "role": "personal"},
                {"name": "age", "type": "integer", "role": "personal", "bounds": [-3, 200]},
            ],
        }
    ],
}
[TABLE] = parse_entry(REGISTRATION).tables
NAMES = [column.name for column in TABLE.columns]
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "who": st.sampled_from(["a", "b", "c", "李", "a:1"]),
    "dept": st.sampled_from(["skin", "eye", "é", "heart", "nowhere", None]),
    "word": st.sampled_from(["x", "y", "z z", "ä", None]) | st.text("pqr", min_size=1, max_size=3),
    "cost": st.sampled_from(["0", "-50.5", "1.25", "49999.99", None]),
    "grade": st.sampled_from(["7", "-2.5", "0.1", "1", None]),
    "huge": st.sampled_from(["-999999999999999999", "-999999999999999998", "10", "-3", None]),
    "day": st.sampled_from(["2024-02-29", "1969-12-31", None]),
    "free": st.sampled_from(["0.001", "-999999999999999.999", None]),
    "when": st.sampled_from(["0001-01-01", "9999-12-31", "2000-01-01", None]),
    "open": st.sampled_from(["true", "false", None]),
    "age": st.sampled_from(["-3", "200", "7", None]),
}
ROW = st.tuples(*(CELLS[name] for name in NAMES))


def ordinals(units: Sequence[int], keys: Sequence[Any]) -> list[tuple[int, int]]:
    """The definition: rows of a unit stand in order; groups in order of their first row."""
    seen: dict[int, list[Any]] = {}
    count: dict[tuple[int, Any], int] = {}
    found = []
    for unit, key in zip(units, keys, strict=True):
        groups = seen.setdefault(unit, [])
        if key not in groups:
            groups.append(key)
        row = count[unit, key] = count.get((unit, key), -1) + 1
        found.append((min(groups.index(key), 255), min(row, 255)))
    return found


def norm_edges(units: Sequence[int], keys: Sequence[Any], x: Sequence[int]) -> list[int]:
    """The definition: the smallest edge whose square is at least the sum of the squares of the unit's groups' sums."""
    sums: dict[int, dict[Any, int]] = {}
    for unit, key, value in zip(units, keys, x, strict=True):
        groups = sums.setdefault(unit, {})
        groups[key] = groups.get(key, 0) + abs(value)
    edges = [edge(j) for j in range(700)]
    squares = {unit: sum(value * value for value in groups.values()) for unit, groups in sums.items()}
    return [next(one for one in edges if one * one >= squares[unit]) for unit in units]


def test_edges_are_roots_of_powers_of_two_rounded_up() -> None:
    for j in range(300):
        assert edge(j) ** 8 >= 2**j > (edge(j) - 1) ** 8


GROUPS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), min_size=1, max_size=60)


@settings(max_examples=300)
@given(GROUPS, st.lists(st.sampled_from([0, 1, 2, 3, 5, 1 << 20, 10**18, 10**18 - 1, -(10**18)]), min_size=60))
def test_ordinals_and_norms_are_as_defined(rows: list[tuple[int, int]], x: list[int]) -> None:
    rows.sort(key=lambda one: one[0])
    units, keys = [unit for unit, _ in rows], [key for _, key in rows]
    groups = Groups.of(np.array(units), dense([np.array(keys)], len(rows)))
    group, row = groups.ordinals()
    assert list(zip(group.tolist(), row.tolist(), strict=True)) == ordinals(units, keys)
    number = np.cumsum(np.diff(units, prepend=-1) > 0) - 1
    values = x[: len(rows)]
    for given_x, ours in ((values, np.abs(np.array(values))), ([1] * len(rows), None)):
        found = [edge(int(j)) for j in groups.norms(ours)[number]]
        assert found == norm_edges(units, keys, given_x)


def test_ordinals_saturate_and_never_wrap() -> None:
    units = [1] * 600 + [2] * 3
    for keys in ([7] * 603, list(range(603)), [place % 300 for place in range(603)]):
        group, row = Groups.of(np.array(units), np.array(keys)).ordinals()
        assert list(zip(group.tolist(), row.tolist(), strict=True)) == ordinals(units, keys)
    assert max(group) == 255


def test_a_norm_beside_an_edge_is_taken_exactly() -> None:
    """Doubles cannot tell an edge's square from its neighbours here; the norm is exact all the same."""
    for j in (250, 401, 440, 470):
        beside = [edge(j) - 1, edge(j), edge(j) + 1]
        groups = Groups.of(np.arange(3), np.zeros(3, np.int64))
        assert [edge(int(one)) for one in groups.norms(np.array(beside))] == norm_edges([0, 1, 2], [0, 0, 0], beside)


def test_keys_combine_whatever_their_number() -> None:
    chance = random.Random(3)
    columns = [[chance.randrange(most) for _ in range(500)] for most in (3, 70_000, 2, 65_536, 9)]
    code = dense([np.array(column) for column in columns], 500)
    keys = list(zip(*columns, strict=True))
    assert len(set(code.tolist())) == len(set(keys)) == len(set(zip(code.tolist(), keys, strict=True)))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=40), st.randoms())
def test_the_order_of_rows_depends_on_content_and_key_only(rows: list[tuple[int, int]], chance: random.Random) -> None:
    rows.sort(key=lambda one: one[0])
    table = TABLE

    def ordered(given_rows: list[tuple[int, int]], key: bytes) -> list[tuple[int, int]]:
        units = np.array([unit for unit, _ in given_rows])
        words = [np.array([content for _, content in given_rows], np.uint64)] * 3
        order = RowOrder(table, key).order(units, words)
        assert sorted(order.places.tolist()) == list(range(len(given_rows)))
        found = [given_rows[place] for place in order.places]
        assert [unit for unit, _ in found] == [unit for unit, _ in given_rows]
        pairs = set(zip(order.content.tolist(), found, strict=True))
        assert len(pairs) == len(set(found)) == len(set(order.content.tolist()))
        return found

    first = ordered(rows, PRF)
    moved = list(rows)
    chance.shuffle(moved)
    assert ordered(sorted(moved, key=lambda one: one[0]), PRF) == first
    alone = [row for row in first if row[0] == first[0][0]]
    assert ordered(alone, PRF) == alone


def test_copies_of_a_row_are_spread_and_another_key_orders_otherwise() -> None:
    units, words = np.zeros(200, np.int64), [np.arange(200, dtype=np.uint64) // np.uint64(100)]
    one = RowOrder(TABLE, PRF).order(units, words)
    contents = [int(words[0][place]) for place in one.places]
    changes = sum(a != b for a, b in pairwise(contents))
    assert changes > 50
    other = RowOrder(TABLE, b"other" * 6).order(units, words)
    assert [int(words[0][place]) for place in other.places] != contents


def test_texts_have_words_of_their_own() -> None:
    words = text_words(["a", "b", ""])
    assert len({tuple(row) for row in words.tolist()}) == 4 and not words[-1].any()


def take(folder: Path, rows: Sequence[Sequence[Any]], raw: Mapping[str, Any] = REGISTRATION) -> None:
    (folder / "v.duckdb").unlink(missing_ok=True)
    path = write_csv(folder / "visits.csv", [NAMES, *rows])
    ingest(parse_entry(raw), {"visits": (path, "csv")}, folder / "v.duckdb", KEY, PRF)


def stored(folder: Path) -> tuple[Layout, list[dict[str, Any]]]:
    """Give the layout and the rows of the base table, in order."""
    with connect(folder, "500MB") as connection:
        attach(connection, folder / "v.duckdb", KEY)
        layout = read_layout(connection)
        base = connection.sql(f'SELECT * FROM {ALIAS}.main."{layout.tables["visits"].base}" ORDER BY __unit, __ord')
        return layout, [dict(zip(base.columns, row, strict=True)) for row in base.fetchall()]


def in_grains(column: str, value: Any) -> int:
    scale = {"cost": 2, "grade": 1, "huge": 0}[column]
    return 0 if value is None else int(value * 10**scale)


@settings(max_examples=6, deadline=None)
@given(st.lists(ROW, max_size=40), st.randoms(), st.sampled_from([3, 1 << 20]))
def test_what_is_stored_is_what_was_declared_whatever_the_file_and_the_chunks(
    rows: list[Any], chance: random.Random, chunk: int
) -> None:
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        take(folder, rows)
        seen, (layout, base) = read_table(folder / "v.duckdb", KEY, "visits"), stored(folder)
        moved = list(rows)
        chance.shuffle(moved)
        patch.setattr(clustering, "CHUNK", chunk)
        take(folder, moved)
        assert (read_table(folder / "v.duckdb", KEY, "visits"), stored(folder)) == (seen, (layout, base))
    table = layout.tables["visits"]
    assert len(seen) == len(base) == sum(row[0] is not None for row in rows)
    assert_decoded(seen, base, layout)
    units = [row["__unit"] for row in base]
    for index in table.indexes:
        keys = [tuple(row[key] for key in index.keys) for row in seen]
        assert [(row[index.groups], row[index.rows]) for row in base] == ordinals(units, keys)
        assert set(index.norms) == {ROWS, *MEASURED}
        for measure, column in index.norms.items():
            x = [1 if measure == ROWS else in_grains(measure, row[measure]) for row in seen]
            assert [edge(row[column]) for row in base] == norm_edges(units, keys, x)


def assert_decoded(seen: list[dict[str, Any]], base: list[dict[str, Any]], layout: Layout) -> None:
    """Coded columns stand for the values that the view shows."""
    table = layout.tables["visits"]
    kinds = {one.name: one.kind for one in table.columns}
    assert (kinds["dept"], kinds["cost"], kinds["free"], kinds["day"]) == ("domain", "grains", "plain", "domain")
    for value, row in zip(seen, base, strict=True):
        for name in ("dept", "cost", "grade", "huge", "day", "free", "when", "age"):
            assert row[table.column(name).column] == table.column(name).code(value[name])
        assert (row[table.column("word").column] is None) == (value["word"] is None)


def test_values_of_every_kind_come_back_as_declared(tmp_path: Path) -> None:
    cells = ["a", "é", "long " * 30, "-60", "-2.5", "-1e17", "1969-12-31", "-0.0005", "0001-01-01", "1", "1e2"]
    take(tmp_path, [cells, ["b", *[None] * 10]])
    (first,) = [row for row in read_table(tmp_path / "v.duckdb", KEY, "visits") if row["dept"] is not None]
    assert {name: first[name] for name in NAMES[1:]} == {
        "dept": "é",
        "word": "long " * 30,
        "cost": Decimal("-50.50"),
        "grade": Decimal("-2.5"),
        "huge": Decimal(-(10**17)),
        "day": date(1970, 1, 1) - timedelta(1),
        "free": Decimal("-0.001"),
        "when": date(1, 1, 1),
        "open": True,
        "age": 100,
    }


def test_codes_do_not_move_rows(tmp_path: Path) -> None:
    """Whether a text is stored as a code depends on others' rows; a unit's order must not."""
    mine = [["me", "eye", f"w{n % 7}", str(n), "7", "1", None, None, None, None, "3"] for n in range(30)]
    others = [[f"u{n}", None, "x" * 201, *[None] * 8] for n in range(2)]
    take(tmp_path, mine)
    few, kind = order_of_mine(tmp_path)
    take(tmp_path, [*mine, *others])
    assert order_of_mine(tmp_path) == (few, "plain") and kind == "dictionary"


def order_of_mine(folder: Path) -> tuple[list[Any], str]:
    rows = [row for row in read_table(folder / "v.duckdb", KEY, "visits") if row["dept"] == "eye"]
    return [row["cost"] for row in rows], stored(folder)[0].tables["visits"].column("word").kind


def test_a_unit_beyond_its_rows_keeps_the_first_in_order(tmp_path: Path) -> None:
    rows = [["a", "eye", None, str(n), *[None] * 7] for n in range(700)]
    take(tmp_path, [*rows, ["b", "skin", *[None] * 9]])
    seen, (layout, base) = read_table(tmp_path / "v.duckdb", KEY, "visits"), stored(tmp_path)
    index = layout.tables["visits"].index(["dept"])
    assert index is not None and len(seen) == 301
    mine = [row for row in base if row["__unit"] == max(base, key=lambda one: one["__ord"])["__unit"]]
    assert [row["__ord"] for row in mine] == list(range(300))
    assert [row[index.rows] for row in mine] == [*range(255), *[255] * 45]
    assert edge(mine[0][index.norms[ROWS]]) >= 300 > edge(mine[0][index.norms[ROWS]] - 1)


def test_table_of_the_registration_is_the_one_that_is_tested() -> None:
    assert isinstance(TABLE, TableEntry) and TABLE.measured == MEASURED
