"""What could need numbers beyond 2¹²⁶ in an engine is refused before anything is spent."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest
from random_plans import normed, planned
from versions import DuckDBEngine, ReferenceEngine, answers, measurement, plan, write_version
from versions import planned as of_rows

from sandbox.engines.spark.render import _aggregates
from sandbox.engines.width import fits
from sandbox.plan import scalar as s
from sandbox.plan.block import Block, Bounds, Key, Measurement, Norm
from sandbox.plan.parts import Aggregate, Over
from sandbox.plan.plan import Plan
from sandbox.plan.relation import Filter, Group, Scan, Window

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


WIDE = s.Column("wide", s.INTEGER, Decimal(1 - 2**62), Decimal(2**62 - 1))


def added(op: Literal["+", "-", "*"], *parts: s.Scalar) -> s.Scalar:
    whole = parts[0]
    for part in parts[1:]:
        whole = s.Arithmetic(op, whole, part, s.INTEGER)
    return whole


@pytest.mark.parametrize(
    "expr", [added("+", WIDE, WIDE, WIDE), added("-", added("-", WIDE, WIDE), added("+", WIDE, WIDE))]
)
def test_no_row_at_its_bounds_makes_a_sum_of_columns_fail(expr: s.Scalar, tmp_path: Path) -> None:
    """Each part fits 64 bits, what they make does not: the type follows from the bounds of the whole."""
    rows = [{"__unit": at, "__ord": 0, "__h": 0, "wide": end} for at, end in enumerate((1 - 2**62, 0, 2**62 - 1))]
    version = write_version(tmp_path / "wide.db", {"t": (rows, {"wide": "BIGINT"})})
    asked_for = plan(measurement("sum", expr, 0, 0, 10**20), measurement("rows"), keys=[s.Compare("<", expr, WIDE)])
    assert fits(asked_for)
    engine = DuckDBEngine()
    try:
        assert answers(engine, version, asked_for) == answers(ReferenceEngine({"t": rows}), version, asked_for)
    finally:
        engine.close()


@pytest.mark.parametrize("over", [False, True])
@pytest.mark.parametrize(("most", "rows", "fit"), [(10**15, 1000, True), (10**32, 1, True), (10**32, 1000, False)])
def test_an_average_of_a_units_rows_fits_for_as_many_as_there_may_be(
    most: int, rows: int, fit: bool, over: bool
) -> None:
    """On the way to it stands their sum, which grows with the rows of a unit: one that has them all would have made
    the query fail."""
    value = s.Column("v", s.INTEGER, Decimal(0), Decimal(most))
    scan, mean = Scan("t", 0, (value,), rows), s.Type("decimal", 2)
    made = (
        Window(scan, (Over("m", "average", value, (), (), mean, Decimal(0), Decimal(most)),))
        if over
        else Group(scan, (), (Aggregate("m", "average", value, mean, Decimal(0), Decimal(most)),))
    )
    assert fits(of_rows(Filter(made, s.Compare(">", made.columns[-1], s.Constant(3, s.INTEGER))))) is fit
