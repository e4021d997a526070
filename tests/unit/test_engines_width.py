"""What could need numbers beyond 2¹²⁶ in an engine is refused before anything is spent."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from random_plans import normed, planned
from versions import measurement

from sandbox.engines.spark.render import _aggregates
from sandbox.engines.width import fits
from sandbox.plan import scalar as s
from sandbox.plan.block import Block, Bounds, Key, Measurement, Norm
from sandbox.plan.plan import Plan
from sandbox.plan.relation import Scan

COST = s.Column("cost", s.Type("decimal", 2), Decimal(-1000), Decimal(1000))


def asked(m: Measurement) -> Plan:
    key = Key("cost", COST, (None,))
    return planned(Block(Scan("t", 0, (COST,), 10), (key,), Bounds(10, 10, 10), (m,), None))


@pytest.mark.parametrize(("most", "fit"), [(10**5, True), (10**32, True), (10**33, False), (10**38, False)])
def test_clamps_of_a_weighed_sum(most: int, fit: bool) -> None:
    """Spark refused such a sum when it ran, after it was paid."""
    m = normed(Norm((COST,), 7), "sum", COST, 7, -most, most)
    assert fits(asked(m)) is fit
    if fit:
        assert _aggregates(m, "x")
    elif most > 10**33:
        with pytest.raises(ValueError, match="2¹²⁶"):
            _aggregates(m, "x")


@pytest.mark.parametrize(("lower", "upper", "centre", "fit"), [
    (0, 10**25, 0, True), (0, 10**26, 0, False), (-(10**25), 10**25, 10**25, True), (-(10**26), 0, 0, False),
    (0, 10**25, 10**26, False),
])  # fmt: skip
def test_totals_of_as_many_rows_as_there_can_be(lower: int, upper: int, centre: int, fit: bool) -> None:
    assert fits(asked(replace(measurement("sum", COST, 2, lower, upper, 0), centre=centre))) is fit


def test_totals_of_norms_are_their_caps() -> None:
    assert fits(asked(normed(Norm((COST,), (1 << 62) - 1), "sum", COST, 7, 0, 10**5)))
