"""The split of ρ against an even one: on a range of questions and of data the sum of squared relative errors is lower
on the whole, and never much higher."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from math import log, prod

import pytest
from query_examples import only, plan_of

from sandbox.plan.block import Block, Measurement
from sandbox.plan.plan import Output, Plan
from sandbox.privacy.calibrate import sigma_for
from sandbox.privacy.convert import rho_for
from sandbox.products.query.accuracy import error

ASKS = [
    "COUNT(*), SUM(cost)",
    "AVG(cost)",
    "COUNT(*), AVG(cost)",
    "COUNT(*), COUNT(DISTINCT pid), SUM(cost)",
    "VAR_POP(cost)",
    "COUNT(*), STDDEV(cost), AVG(cost)",
    "SUM(cost), COUNT(cost)",
    "MEDIAN(cost), COUNT(*)",
    "MEDIAN(cost), QUANTILE_CONT(cost, 0.9), MIN(cost)",
    "COUNT(DISTINCT day), COUNT(*)",
]
ROWS = 100_000
DATA = {"low": (2_000, 2_000), "even": (10_000, 5_800), "high": (18_000, 1_000), "middle": (10_000, 1_000)}
"""Mean and deviation of the cost, which lies between 0 and 20,000."""


def squared(block: Block, outputs: tuple[Output, ...], mean: float, spread: float) -> float:
    """The sum of squared relative errors in a group of `ROWS` rows, a unit having four."""
    sums = [exact(m, mean, spread) for m in block.measurements]
    total = 0.0
    for output in outputs:
        if output.what in ("key",):
            continue
        first = block.measurements[output.source[0]]
        if output.what == "quantile":  # of values as dense as those of a bell curve in its middle
            width = first.sigma / 1024 * log(20) / first.rank[1] / ROWS * 2.5 * spread
            size = mean
        else:
            width = error(block, output, sums) or 0.0
            size = {"count": ROWS / (4 if first.what == "units" else 1), "sum": ROWS * mean, "average": mean}.get(
                output.what, spread if output.what.startswith("stddev") else spread**2
            )
        total += (width / size) ** 2
    return total


def exact(m: Measurement, mean: float, spread: float) -> int:
    if m.what != "sum":
        return ROWS // 4 if m.what == "units" else ROWS
    if m.scale == 2:
        return round(ROWS * (mean * 100 - m.centre))
    return round(ROWS * (((mean - 10_000) ** 2 + spread**2) * 10**4 - m.centre))


def evenly(plan: Plan) -> Block:
    block = only(plan)
    share = plan.rho / len(block.measurements)
    given = [sigma_for(m.square, share) for m in block.measurements]
    measurements = [replace(m, sigma=sigma, rho=rho) for m, (sigma, rho) in zip(block.measurements, given, strict=True)]
    return replace(block, measurements=tuple(measurements))


def ratio(asks: str, data: str) -> float:
    plan = plan_of(f"SELECT ward, {asks} FROM visits GROUP BY ward", epsilon="1")
    ours, even = (squared(block, plan.outputs[0], *DATA[data]) for block in (only(plan), evenly(plan)))
    return ours / even


def test_better_than_even_on_the_whole() -> None:
    ratios = [ratio(asks, data) for asks in ASKS for data in DATA]
    assert max(ratios) < 1.35, ratios  # errors are the square root of this: at most 16 % wider
    assert prod(ratios) ** (1 / len(ratios)) < 0.94, ratios


@pytest.mark.parametrize(
    ("asks", "better", "worse"),
    [
        ("AVG(cost)", "sum", "values"),  # the count of an average moves it half as much
        ("COUNT(*), SUM(cost)", "sum", "rows"),
    ],
)
def test_who_gets_more(asks: str, better: str, worse: str) -> None:
    rho = {m.what: m.rho for m in only(plan_of(f"SELECT ward, {asks} FROM visits GROUP BY ward")).measurements}
    assert Decimal("1.2") * rho[worse] < rho[better] < 20 * rho[worse]


def test_the_whole_is_spent_and_nothing_more() -> None:
    whole = rho_for(Decimal(1), Decimal("1e-9"))
    for asks in ASKS:
        assert whole * Decimal("0.9999") < plan_of(f"SELECT {asks} FROM visits", epsilon="1").rho <= whole
