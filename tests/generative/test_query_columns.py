"""What is released and shown a column at a time is, digit by digit, what a row at a time gives."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st
from query_examples import only, plan_of

from sandbox.core.canonical import canonical_bytes
from sandbox.engines.base import Coded, Columns, Numbers
from sandbox.jobs.product import Answer
from sandbox.jobs.result import canonical_result, text
from sandbox.plan.ordering import value_key
from sandbox.plan.scalar import Value
from sandbox.privacy.cells import in_order, nearest, ranked, whole
from sandbox.privacy.released import Released, base_bytes, rows_json
from sandbox.products.query.kind import QueryProduct
from sandbox.products.query.table import Table, exact_first

PLAN = plan_of("SELECT COUNT(*) AS n, sex, SUM(wage) AS wage, AVG(age) AS age FROM persons GROUP BY sex")
WIDE = st.integers(-(2**70), 2**70) | st.integers(-9, 9)
SHORT = st.lists(st.text("aBé中", max_size=2) | st.none(), unique=True, min_size=1, max_size=9)


@given(st.lists(WIDE, max_size=9), st.integers(1, 10**12), st.integers(1, 2**64) | st.integers(1, 8))
@example([2**61, -(2**61)], 2, 4)
@example([5, -5, 15, -15, 25], 1, 10)
def test_nearest_is_half_to_even(numbers: list[int], up: int, down: int) -> None:
    assert nearest(whole(numbers), up, down).tolist() == [round(Fraction(number * up, down)) for number in numbers]


@given(SHORT, st.data())
def test_ranks_of_codes_are_those_of_their_values(values: list[str | None], data: st.DataObject) -> None:
    codes = data.draw(st.lists(st.integers(0, len(values) - 1), max_size=20))
    column = Coded(np.array(codes, np.int64), values)
    order = sorted({value_key(value) for value in column})
    assert ranked(column).tolist() == ranked(list(column)).tolist() == [order.index(value_key(one)) for one in column]


@given(st.lists(st.tuples(st.sampled_from(["b", "a", None]), st.integers(-2, 2)), unique=True, max_size=12))
def test_groups_and_rows_stand_in_order_of_their_keys(rows: list[tuple[str | None, int]]) -> None:
    expected = sorted(rows, key=lambda row: tuple(map(value_key, row)))
    columns = Columns.of(rows, 2).columns
    assert [rows[place] for place in in_order(columns).tolist()] == expected
    cells = {"x": columns[0], "y": columns[1], "n": list(range(len(rows)))}
    table = exact_first(Table(cells, cells, {"n": [None] * len(rows)}, len(rows)), ["x", "n", "y"])
    assert list(zip(table.copy["x"], table.copy["y"], strict=True)) == expected
    assert [rows[place] for place in table.base["n"]] == expected  # type: ignore[index]


@given(
    st.lists(
        st.lists(
            st.booleans() | st.integers(-2, 2) | st.dates() | st.decimals(0, 9, places=1) | st.none() | st.just("x"),
            min_size=3,
            max_size=3,
        )
    )
)
def test_each_value_has_one_spelling_in_a_row_and_in_a_column(rows: list[list[Value]]) -> None:
    mixed = [tuple(row) for row in rows] or [(1, "a", None)]
    for tuples in (mixed, [(row[0],) for row in mixed]):
        by_column = Answer((), Columns.of(tuples, len(tuples[0])), ())
        assert canonical_result(by_column)["rows"] == [[text(value) for value in row] for row in tuples]


@given(st.lists(st.tuples(*[st.integers(-(10**15), 10**15) | st.integers(-3, 3)] * len(only(PLAN).measurements))))
def test_an_answer_does_not_depend_on_how_its_base_stands(values: list[tuple[int, ...]]) -> None:
    names = [chr(97 + len(values) - place) for place in range(len(values))]
    by_row = Released([(name,) for name in names], values)
    codes = Coded(np.arange(len(values))[::-1].copy(), names[::-1])
    numbers = (
        [Numbers(np.array(column, np.int64)) for column in Columns.of(values, len(values[0])).columns] if values else []
    )
    by_column = Released(
        Columns([codes], len(values)), Columns(numbers or [[]] * len(only(PLAN).measurements), len(values))
    )
    assert by_column == by_row and base_bytes(PLAN, [by_column]) == base_bytes(PLAN, [by_row])
    one, other = (QueryProduct().present(PLAN, [base], [base.values]) for base in (by_row, by_column))
    assert one == other and rows_json(one.rows) == rows_json(list(other.rows))
    assert canonical_bytes(canonical_result(one)) == canonical_bytes(canonical_result(other))
    assert [row[1] for row in other.rows] == sorted(names)
