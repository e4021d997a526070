"""The audit finds nothing in the product, and every mutant that it must find. The draws are the same on every run (see
conftest.py); with others the audit raises a false alarm with probability at most 1e-6."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from decimal import Decimal

import pytest

from sandbox.audit.bounds import epsilon_shown, interval, rho_shown
from sandbox.audit.cases import CASES, GIVEN_BACK, TOTALS, Case
from sandbox.audit.known_bad import BAD, Bad, caught
from sandbox.audit.run import ALARM, Bench, bench, claimed, judged
from sandbox.plan.relation import Group

UNTOUCHED = {"quantile", "most, as a quantile of dates", "ranks of one", "quantiles in groups", "bought by the holder"}
"""So many bins, or blocks, that no single event of few draws shows much: their sensitivities are compared."""


@pytest.fixture(scope="module")
def on() -> Iterator[Bench]:
    with bench() as made:
        yield made


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}: {case.covers}")
def test_no_case_breaks_its_promise(on: Bench, case: Case) -> None:
    verdict = judged(on, case, ALARM / len(CASES))
    assert verdict.why == ()
    assert verdict.shown.reached > 0.9, "the worst unit is near what the plan allows, else the audit would see little"
    if case.covers not in UNTOUCHED:
        shown = max(verdict.shown.rho / float(verdict.charge.rho), verdict.shown.delta / 0.02)
        assert shown > 0.05, "draws tell the two worlds apart"


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_every_mutant_is_caught(on: Bench, bad: Bad) -> None:
    verdict = caught(on, bad)
    assert verdict.why
    assert (
        verdict.shown.rho > verdict.charge.rho
        or verdict.shown.epsilon > verdict.epsilon
        or (verdict.shown.delta > verdict.charge.delta)
    ), "the draws show it, not only the exact numbers"


def test_what_is_given_back_and_chosen_is_what_the_cases_say(on: Bench) -> None:
    """Else they would audit something else, unseen, when the planner learns."""
    for case in GIVEN_BACK:
        [block] = claimed(on, case).plan.blocks
        assert all(m.kept < 1 for m in block.measurements), case.name
    assert all(isinstance(block.rows, Group) for block in claimed(on, TOTALS).plan.blocks) and not TOTALS.request


@pytest.mark.parametrize(("p", "trials"), [(0.5, 300), (0.02, 1000), (0.9, 50), (1.0, 40)])
def test_intervals_hold_and_are_those_of_clopper_and_pearson(p: float, trials: int) -> None:
    chance, outside = random.Random(1), 0
    for _ in range(400):
        low, high = interval(sum(chance.random() < p for _ in range(trials)), trials, 0.01)
        outside += not low <= p <= high
    assert outside <= 8 + 5 * math.sqrt(8)
    low, high = interval(30, 100, 0.025)
    assert (round(low, 4), round(high, 4)) == (0.2124, 0.3998)  # a table value
    assert interval(0, 100, 0.025)[0] == 0 and round(interval(0, 100, 0.025)[1], 4) == 0.0362


def test_what_an_event_shows_of_rho_is_never_more_than_there_is() -> None:
    """Of two normal laws a distance μ apart, ρ = μ²/2: no threshold shows more, the best one near 64 % of it."""

    def above(x: float) -> float:
        return math.erfc(x / math.sqrt(2)) / 2

    for distance in (0.1, 1.0, 2.0, 4.0):
        shown = [rho_shown(above(x - distance), above(x)) for x in (distance * step / 8 for step in range(-8, 17))]
        assert 0.6 * distance**2 / 2 < max(shown) <= distance**2 / 2


def test_what_an_event_shows_of_epsilon() -> None:
    assert epsilon_shown(0.5, 0.5, 0) == 0 and epsilon_shown(0.2, 0.5, 0) == 0
    assert epsilon_shown(0.6, 0.1, 0.1) == pytest.approx(math.log(5))
    assert epsilon_shown(0.01, 0.0, 1e-6) == math.inf
    assert rho_shown(0.01, 0.0) == math.inf


def test_a_charge_that_says_nothing_would_be_seen(on: Bench) -> None:
    """Half of what is charged, claimed for the same noise, fails: the bounds are not far below the truth."""
    from dataclasses import replace

    from sandbox.audit.verdict import judge

    case = replace(next(one for one in CASES if one.name == "SUM(cost)"), trials=60_000)
    right = claimed(on, case)
    cheap = replace(right, charge=replace(right.charge, rho=right.charge.rho * Decimal("0.5")))
    assert judge("", "", cheap, case.trials, 1e-6).why and not judge("", "", right, case.trials, 1e-6).why
