"""The 95 % intervals of answers whose bounds come from a public profile hold the bounded value, divided by the share
that bounds keep: in every mode and for every kind of aggregate, in groups of declared domains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isnan

import pytest
from covering import copies
from query_town import DEPTS, planned

from sandbox.engines.base import Exact
from sandbox.jobs.product import Answer
from sandbox.plan.plan import Plan
from sandbox.plan.relation import Group
from sandbox.plan.scalar import Value

TIMES = 50
GROUPS = TIMES * len(DEPTS)
LOW, HIGH = 0.925, 0.975  # five standard deviations of 2,000 draws around 0.95
LARGE = 10**6  # of a count, so that nothing is cut at 0
ASKS = {
    "rows": "COUNT(*) AS n, COUNT(cost) AS c, SUM(cost) AS t, COUNT(DISTINCT pid) AS p, COUNT(DISTINCT hospital) AS h, "
    "AVG(cost) AS a, VAR_POP(cost) AS v",
    "weights": "COUNT(*) AS n, SUM(cost) AS t",
    "totals": "COUNT(*) AS n, SUM(cost) AS t",
}


def modes_of(plan: Plan) -> set[str]:
    [block] = plan.blocks
    if isinstance(block.rows, Group):
        return {"totals"}
    return {"weights" if m.norm else "rows" for m in block.measurements}


def answered(plan: Plan, exact: Callable[[int], tuple[int, ...]]) -> list[Answer]:
    """So many answers to one question, with noise of their own."""
    groups: list[tuple[Value, ...]] = [(dept,) for dept in DEPTS]
    return list(copies(plan, [Exact(groups, [exact(group) for group in range(len(DEPTS))])], TIMES))


def values(answers: Sequence[Answer], place: int) -> list[tuple[int, float, float]]:
    """Group, value and half-width of a column where it has a value."""
    return [
        (group, float(str(row[place])), float(errors[place] or "nan"))
        for one in answers
        for group, (row, errors) in enumerate(zip(one.rows, one.errors, strict=True))
        if row[place] is not None
    ]


@pytest.mark.parametrize("pure", [False, True])
@pytest.mark.parametrize("where", ["", "WHERE cost < 9000"])
@pytest.mark.parametrize("mode", ["rows", "weights", "totals"])
def test_intervals_cover_in_every_mode(mode: str, where: str, pure: bool) -> None:
    if pure and mode == "weights":
        return  # there is no such mode
    sql = f"SELECT dept, {ASKS[mode]} FROM visits {where} GROUP BY dept"
    plan = planned(sql, spec={"mode": mode}, units=20_000, pure=pure)
    [block], [outputs] = plan.blocks, plan.outputs
    assert modes_of(plan) == {mode}
    exact = [LARGE * 10 ** (5 if m.norm else 0) * (30 if m.what == "sum" else 1) for m in block.measurements]
    truth = {}
    for output in outputs:
        parts = [block.measurements[place] for place in output.source]
        sums = [exact[place] for place in output.source]
        if output.what in ("count", "sum"):
            rest = parts[0].centre * sums[1] if len(sums) > 1 else 0
            truth[output.name] = (sums[0] + rest) / 10.0 ** parts[0].scale / float(parts[0].kept)
        elif output.what == "average":
            truth[output.name] = parts[0].centre + sums[0] / sums[1]
    answers = answered(plan, lambda _: tuple(exact))
    names = {one.name: one.expr.name for one in plan.post.named}  # type: ignore[union-attr]
    tried = 0
    for place, column in enumerate(answers[0].columns):
        of = names[column.name]
        if column.role == "key" or of not in truth:
            continue
        shown = values(answers, place)
        inside = sum(abs(value - truth[of]) <= half for _, value, half in shown)
        assert inside > LOW * GROUPS, (column.name, inside)
        assert inside < HIGH * GROUPS or min(half for _, _, half in shown) < 30, (
            column.name,
            inside,
        )
        tried += 1
    assert tried >= 2


@pytest.mark.parametrize("rows", [30, 100, 1_000, 100_000])
def test_an_average_of_a_rare_group_has_its_own_width(rows: int) -> None:
    plan = planned("SELECT dept, AVG(cost) AS a FROM visits GROUP BY dept", units=100_000)
    [block] = plan.blocks
    mean = 900
    exact = tuple(rows * (mean - m.centre) if m.what == "sum" else rows for m in block.measurements)
    full = tuple(10**7 * (mean - m.centre) if m.what == "sum" else 10**7 for m in block.measurements)
    answers = answered(plan, lambda group: exact if group % 4 == 0 else full)
    at = [column.name for column in answers[0].columns].index("a")
    rare = [(value, half) for group, value, half in values(answers, at) if group % 4 == 0]
    usual = float(answers[0].columns[at].error_95 or "nan")
    assert not any(isnan(half) for _, half in rare), "a value without a half-width"
    assert sum(abs(value - mean) <= half for value, half in rare) > 0.89 * len(rare)  # six deviations of 500 draws
    assert len(rare) < 100 or sorted(half for _, half in rare)[len(rare) // 2] > 50 * usual
