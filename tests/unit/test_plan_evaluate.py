"""The plan's own rules: three-valued logic, exact arithmetic, and shapes that cannot be built."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from query_examples import plan_of

from sandbox.plan import scalar as s
from sandbox.plan.block import Bounds
from sandbox.plan.evaluate import evaluate
from sandbox.plan.plan import Output
from sandbox.plan.relation import Filter, Join, Semi, Sort

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


@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 30))
def test_the_square_of_bounds_is_the_worst_case(rows: int, groups: int, per_group: int) -> None:
    groups, per_group = min(groups, rows), min(per_group, rows)
    left, worst = rows, 0
    for _ in range(groups):
        worst += min(left, per_group) ** 2
        left -= min(left, per_group)
    assert Bounds(rows, groups, per_group).square == worst
