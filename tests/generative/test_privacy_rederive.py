"""The second derivation against brute force, and every way of claiming too little."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import cache
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from privacy_plans import key, measurement, plan, planned

from sandbox.plan.block import Block, Bounds, Threshold
from sandbox.plan.plan import Plan
from sandbox.plan.relation import Scan
from sandbox.privacy.rederive import PlanUnsound, loss


@cache
def contributions(rows: int, groups: int, per_group: int, cells: int) -> list[tuple[int, ...]]:
    """Every way one unit can place its counted rows into cells."""
    return [
        counts
        for counts in product(range(per_group + 1), repeat=cells)
        if sum(counts) <= rows and sum(count > 0 for count in counts) <= groups
    ]


def brute_force(what: str, counts: tuple[int, ...], values: range, centre: int) -> int:
    """The largest squared change that one unit with these row counts makes, over all values of its rows."""
    if what in ("rows", "values"):
        return sum(count**2 for count in counts)
    if what == "units":
        return sum(count > 0 for count in counts)
    sums = [{sum(rows) for rows in product([v - centre for v in values], repeat=count)} for count in counts]
    return sum(max(abs(s) for s in group) ** 2 for group in sums)


bounds = st.integers(1, 5).flatmap(lambda k: st.builds(Bounds, st.just(k), st.integers(1, k), st.integers(1, k)))


@settings(max_examples=150, deadline=None)
@given(bounds, st.integers(1, 4), st.sampled_from(["rows", "values", "units", "sum"]), st.integers(-3, 3), st.data())
def test_equals_brute_force_over_everything_one_unit_can_do(
    bound: Bounds, cells: int, what: str, lower: int, data: st.DataObject
) -> None:
    upper = lower + data.draw(st.integers(0, 2))
    centre = data.draw(st.integers(lower - 1, upper + 1))
    ways = contributions(bound.rows, bound.groups, bound.rows_per_group, cells)
    square = max(1, *(brute_force(what, counts, range(lower, upper + 1), centre) for counts in ways))
    keys = [key("a", tuple(range(cells)))]
    right = measurement(what, square, "0.02", lower, upper, centre)
    made = plan(bound, [right], keys)
    assert loss(made) == (right.rho, Decimal(0))
    for wrong in (square + 1, square - 1):
        if wrong >= 1:
            with pytest.raises(PlanUnsound, match="Δ2²"):
                loss(plan(bound, [measurement(what, wrong, "0.02", lower, upper, centre)], keys))


@settings(max_examples=100, deadline=None)
@given(bounds)
def test_the_closed_form_of_bounds_agrees(bound: Bounds) -> None:
    made = plan(bound, [measurement("units", bound.groups), measurement("rows", bound.square)], [key("a", None)])
    rho, delta = loss(made)
    assert (rho, delta) == (made.rho, made.delta)


def sound() -> Plan:
    return plan(
        Bounds(6, 3, 2), [measurement("units", 3), measurement("sum", 12 * 49, "0.02", 0, 10, 3)], [key("a", None)]
    )


def with_measurement(**changes: object) -> Plan:
    [made] = sound().blocks
    return planned(replace(made, measurements=(made.measurements[0], replace(made.measurements[1], **changes))))


def with_threshold(**changes: object) -> Plan:
    [made] = sound().blocks
    assert made.threshold is not None
    return planned(replace(made, threshold=replace(made.threshold, **changes)))


def test_a_sound_plan_passes() -> None:
    made = sound()
    assert loss(made) == (made.rho, Decimal("1e-9"))


def test_every_understatement_is_found() -> None:
    [made] = sound().blocks
    good = made.measurements[1]
    assert made.threshold is not None
    unsound = [
        replace(sound(), semantics="0"),
        forced(made, bounds=Bounds(7, 3, 2)),
        planned(replace(made, bounds=Bounds(6, 4, 2))),
        planned(replace(made, rows=Scan("t", 0, made.rows.columns, 7), bounds=Bounds(7, 4, 2))),
        planned(replace(made, bounds=Bounds(6, 3, 3))),
        with_measurement(upper=11),
        with_measurement(centre=4, lower=-6),
        with_measurement(sigma=good.sigma - 1),
        with_measurement(sigma=2**80),
        with_measurement(rho=good.rho - Decimal("1e-18")),
        with_measurement(rho=good.rho + Decimal("1e-18")),
        with_threshold(tau=made.threshold.tau - 1),
        with_threshold(delta=made.threshold.delta / 2),
        with_threshold(delta=Decimal(0)),
        planned(replace(made, keys=(*made.keys, key("b", ("x", "x"))))),
        planned(replace(made, keys=(*made.keys, key("b", ())))),
    ]
    for plan_ in unsound:
        with pytest.raises(PlanUnsound):
            loss(plan_)


def forced(made: Block, **changes: object) -> Plan:
    """A plan with a block that `Block` itself would refuse, as after a fault in memory."""
    bad = replace(made)
    for name, value in changes.items():
        object.__setattr__(bad, name, value)
    return planned(bad)


def test_thresholds_that_no_plan_may_have() -> None:
    [made] = sound().blocks
    for bad in (
        forced(made, threshold=None),
        forced(made, threshold=Threshold(1, 100, Decimal("1e-9"))),
        forced(made, threshold=Threshold(2, 100, Decimal("1e-9"))),
        forced(made, keys=(key("a", ("x",)),)),
    ):
        with pytest.raises(PlanUnsound):
            loss(bad)


def test_fewer_cells_than_groups_bound_the_loss() -> None:
    """Two cells: a unit of at most six rows, two per group, makes 2² + 2², whatever its bound of groups says."""
    one = plan(Bounds(6, 3, 2), [measurement("rows", 8)], [key("a", ("x", "y"))])
    assert loss(one)[0] == one.rho
    with pytest.raises(PlanUnsound):
        loss(plan(Bounds(6, 3, 2), [measurement("rows", 12)], [key("a", ("x", "y"))]))
