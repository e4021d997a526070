"""The plan's own rules: three-valued logic, exact arithmetic, and shapes that cannot be built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from query_examples import plan_of

from sandbox.plan import scalar as s
from sandbox.plan.block import Block, Bounds, Key, Measurement, Norm
from sandbox.plan.evaluate import evaluate
from sandbox.plan.plan import Output
from sandbox.plan.relation import Filter, Join, Public, Relation, Scan, Semi, Sort, Union

NULL = s.Constant(None, s.BOOLEAN)
TRUE, FALSE = s.Constant(True, s.BOOLEAN), s.Constant(False, s.BOOLEAN)


@pytest.mark.parametrize(
    ("op", "args", "expected"),
    [
        ("and", (TRUE, NULL), None),
        ("and", (FALSE, NULL), False),
        ("or", (TRUE, NULL), True),
        ("or", (FALSE, NULL), None),
        ("or", (FALSE, FALSE), False),
    ],
)
def test_three_valued_logic(op: str, args: tuple[s.Scalar, ...], expected: bool | None) -> None:
    assert evaluate(s.Logic(op, args), {}) is expected  # type: ignore[arg-type]


def like(text: str, pattern: str) -> bool:
    """LIKE by its definition: every way to split the text."""
    if not pattern:
        return not text
    if pattern[0] == "%":
        return any(like(text[i:], pattern[1:]) for i in range(len(text) + 1))
    return bool(text) and pattern[0] in ("_", text[0]) and like(text[1:], pattern[1:])


@given(st.text("ab%_\n", max_size=7), st.text("ab%_\n", max_size=6))
def test_like(text: str, pattern: str) -> None:
    assert evaluate(s.Like(s.Constant(text, s.STRING), pattern), {}) == like(text, pattern)


def test_like_takes_no_time_on_hard_patterns() -> None:
    assert evaluate(s.Like(s.Constant("a" * 2000, s.STRING), "%a" * 500 + "b"), {}) is False


def test_division_by_zero_is_null_and_the_rest_is_exact() -> None:
    two, zero = s.Constant(2, s.INTEGER), s.Constant(0, s.INTEGER)
    assert evaluate(s.Arithmetic("/", two, zero, s.Type("decimal", 6)), {}) is None
    third = evaluate(s.Arithmetic("/", two, s.Constant(3, s.INTEGER), s.Type("decimal", 6)), {})
    assert third == Decimal("0.666667")


def test_impossible_plans_cannot_be_built() -> None:
    plan = plan_of("SELECT town, COUNT(*) AS n FROM persons GROUP BY town HAVING n > 3")
    [block], [outputs] = plan.blocks, plan.outputs
    with pytest.raises(ValueError, match="threshold"):
        replace(block, threshold=None)
    with pytest.raises(ValueError, match="one name"):
        replace(plan, outputs=(outputs * 2,))
    with pytest.raises(ValueError, match="no such outputs"):
        replace(plan, outputs=(outputs[:1],))
    with pytest.raises(ValueError, match="no column age"):
        Filter(plan.post, s.Compare("=", s.Column("age", s.INTEGER), s.Constant(3, s.INTEGER)))
    with pytest.raises(ValueError, match="only what is released"):
        replace(plan, post=block.rows)
    with pytest.raises(ValueError, match="measures rows of units"):
        replace(block, rows=plan.post)
    with pytest.raises(ValueError, match="cannot be joined"):
        Join("inner", block.rows, plan.post)
    with pytest.raises(ValueError, match="of its own rows"):
        Semi(plan.post, block.rows)
    with pytest.raises(ValueError, match="no order"):
        Sort(block.rows, ())
    with pytest.raises(ValueError, match="sources"):
        Output("x", "average", (0,), s.INTEGER)
    with pytest.raises(ValueError, match="bounds"):
        Bounds(3, 4, 1)


COLUMN, OTHER = s.Column("a", s.INTEGER), s.Column("b@1", s.INTEGER)
UNITS, PLACES = Scan("t", 0, (COLUMN,), 3), Public("p", 1, (OTHER,))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Join("inner", PLACES, UNITS), "cannot be joined"),
        (lambda: Join("left", PLACES, UNITS, ((OTHER, COLUMN),)), "cannot be joined"),
        (lambda: Join("full", PLACES, UNITS, (), None, 1), "cannot be joined"),
        (lambda: Join("full", UNITS, PLACES, (), None, 1), "keeps the protected side only"),
        (lambda: Join("inner", UNITS, PLACES), "knows its fan-out"),
        (lambda: Join("left", UNITS, PLACES, ((COLUMN, OTHER),)), "knows its fan-out"),
        (lambda: Semi(PLACES, UNITS), "of its own rows"),
        (lambda: Semi(PLACES, UNITS, anti=True), "of its own rows"),
        (lambda: Union((UNITS, Public("p", 1, (COLUMN,)))), "in no union"),
        (lambda: Union((Public("p", 1, (COLUMN,)), UNITS)), "in no union"),
    ],
)
def test_rows_of_units_meet_public_ones_in_no_other_way(make: Callable[[], Relation], said: str) -> None:
    """A public row that is kept, or not, for a row of a unit tells that the unit is there."""
    with pytest.raises(ValueError, match=said):
        make()


def test_a_norm_is_of_groups_that_are_no_finer_than_those_that_are_measured() -> None:
    """A norm of finer groups is shorter than the vector of the coarser ones that is released."""
    block = Block(UNITS, (Key("a", COLUMN, (1, 2)),), Bounds(3, 3, 3), (weighed((COLUMN,)),), None)
    assert replace(block, measurements=(weighed(()),)).keys == block.keys
    with pytest.raises(ValueError, match="at least as fine"):
        replace(block, keys=())


def weighed(keys: tuple[s.Column, ...]) -> Measurement:
    return Measurement("rows", None, 5, 0, 0, 0, 10**10, 1024, Decimal("0.5"), norm=Norm(keys, 1))


@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 30))
def test_the_square_of_bounds_is_the_worst_case(rows: int, groups: int, per_group: int) -> None:
    groups, per_group = min(groups, rows), min(per_group, rows)
    left, worst = rows, 0
    for _ in range(groups):
        worst += min(left, per_group) ** 2
        left -= min(left, per_group)
    assert Bounds(rows, groups, per_group).square == worst
