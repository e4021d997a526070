"""The only door: which cells come out, in which order, and what is refused."""

from __future__ import annotations

import pytest
from privacy_plans import key, measurement, plan

from sandbox.engines.base import Columns, Exact
from sandbox.plan.block import Bounds, Key
from sandbox.plan.plan import Plan
from sandbox.privacy.release import release_block
from sandbox.privacy.released import Released

QUIET = "1000000"  # ρ so large that σ is far below 1 and noise is 0


def counting(*keys: Key, rho: str = QUIET) -> Plan:
    return plan(Bounds(4, 2, 2), [measurement("units", 2, rho), measurement("rows", 8, rho)], list(keys))


def release(made: Plan, exact: Exact) -> Released:
    return release_block(made.blocks[0], exact)


def test_without_keys_there_is_exactly_one_group() -> None:
    assert release(counting(), Exact([()], [(5, 9)])).groups == [()]
    assert release(counting(), Exact([], [])).values == [(0, 0)]


def test_declared_cells_are_filled_and_others_dropped() -> None:
    made = counting(key("a", ("y", "x", None)), key("b", (False, True)))
    released = release(made, Exact([("x", True), ("z", True), (None, False)], [(1, 2), (9, 9), (3, 4)]))
    assert dict(zip(released.groups, released.values, strict=True)) == {
        ("x", False): (0, 0),
        ("x", True): (1, 2),
        ("y", False): (0, 0),
        ("y", True): (0, 0),
        (None, False): (3, 4),
        (None, True): (0, 0),
    }
    assert released.groups[-2:] == [(None, False), (None, True)], "NULL sorts last"


def test_private_keys_come_out_above_the_threshold_and_inside_declared_domains() -> None:
    made = counting(key("a", None), key("b", ("x",)))
    threshold = made.blocks[0].threshold
    assert threshold is not None
    many = threshold.tau + 5
    exact = Exact([("q", "x"), ("p", "x"), ("r", "x"), ("s", "z")], [(many, 1), (many, 2), (1, 50), (many, 3)])
    released = release(made, exact)
    assert released.groups == [("p", "x"), ("q", "x")]
    assert released.values == [(many, 2), (many, 1)]


def test_rows_may_come_column_by_column() -> None:
    made = counting(key("a", None), key("b", ("x",)))
    groups, values = [("p", "x"), ("q", "z"), ("r", "x")], [(10**6, 1), (10**6, 2), (1, 3)]
    by_column = Exact(Columns([["p", "q", "r"], ["x", "z", "x"]], 3), Columns([[10**6, 10**6, 1], [1, 2, 3]], 3))
    for exact in (Exact(groups, values), by_column):
        assert release(made, exact) == Released([("p", "x")], [(10**6, 1)])
    assert list(by_column.groups) == groups and by_column.values[1:][0] == (10**6, 2)
    assert list(Columns((), 2)) == [(), ()]
    with pytest.raises(ValueError, match="one length"):
        Columns([[1], []], 1)


def test_order_does_not_depend_on_the_data() -> None:
    made = counting(key("a", None))
    rows = [((name,), (10**6 + i, i)) for i, name in enumerate(["b", "a", None, "c"])]
    for exact in (rows, rows[::-1]):
        released = release(made, Exact([g for g, _ in exact], [v for _, v in exact]))
        assert released.groups == [("a",), ("b",), ("c",), (None,)]


def test_counts_are_raw_and_may_be_negative() -> None:
    made = counting(key("a", tuple(range(300))), rho="0.001")
    assert min(value for value, _ in release(made, Exact([], [])).values) < 0


@pytest.mark.parametrize(
    "exact",
    [
        Exact([("x",), ("x",)], [(10**6, 1), (10**6, 2)]),
        Exact([("x", "y")], [(1, 1)]),
        Exact([("x",)], [(1,)]),
        Exact([("x",)], []),
    ],
)
def test_a_result_of_another_shape_is_refused(exact: Exact) -> None:
    for made in (counting(key("a", None)), counting(key("a", ("x",)))):
        with pytest.raises(ValueError):
            release(made, exact)
