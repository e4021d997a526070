"""What leaves say of accounts, and what is made of it when the database has forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.core.canonical import canonical_bytes
from sandbox.core.store import Store, Transaction
from sandbox.privacy import accountant
from sandbox.privacy.accounts import EACH, account_id
from sandbox.privacy.periods import begin
from sandbox.privacy.records import Account
from sandbox.privacy.recovery import Told, missing, spending, take_over, told

pytestmark = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
COST, TAU = Decimal("0.001"), Decimal("1e-10")
ZERO = Decimal(0)


@pytest.fixture
def opened(store: Store) -> Store:
    with store.write() as tx:
        accountant.open_accounts(tx, "p", Decimal(8), Decimal("1e-6"), (Decimal(4), Decimal("1e-7")), renew="P1M")
    return store


def month(tx: Transaction, number: int) -> datetime:
    each = tx.get(Account, account_id("p", EACH))
    assert each is not None
    return begin("P1M", each.counts_from, number) + timedelta(seconds=1)


def run(tx: Transaction, job: str, party: str, key: str = "k", period: int = 0, joins: bool = False) -> dict[str, Any]:
    at = month(tx, period)
    accountant.hold(
        tx, job=job, party=party, population="p", base_key=key, rho=COST, delta=TAU, population_pays=True, at=at
    )
    assert accountant.start(tx, job, joins=joins, at=at)
    said = spending(tx, job)
    assert said is not None
    return said


def balances(tx: Transaction, party: str | None) -> tuple[int, Decimal, Decimal]:
    found = tx.get(Account, account_id("p", party))
    assert found is not None
    return found.period, found.loss_before, found.loss_spent


def test_a_leaf_says_who_paid_in_bytes_that_do_not(opened: Store) -> None:
    with opened.write() as tx:
        said = [run(tx, "j1", "a"), run(tx, "j2", "b", joins=True)]
        assert spending(tx, "nothing") is None
    assert len({len(canonical_bytes(one)) for one in said}) == 1
    first, second = (told("entry", one) for one in said)
    assert [(line.party, line.loss, line.delta) for line in first] == [(None, COST, TAU), ("a", COST, TAU)]
    assert [(line.party, line.loss) for line in second] == [("b", COST)], "the population had paid"


def test_nothing_is_missing_where_nothing_was_forgotten(opened: Store) -> None:
    with opened.write() as tx:
        lines = told("e1", run(tx, "j1", "a")) + told("e2", run(tx, "j2", "b", joins=True))
        lines += told("e3", run(tx, "j3", "a", key="l", period=2))
        assert missing(tx, lines) == [] and take_over(tx, lines) == (0, [])


def forgotten(store: Store, *runs: tuple[str, str, int]) -> list[Told]:
    """What leaves say of jobs – with their party and period – that the database knows nothing of."""
    lines: list[Told] = []
    with pytest.raises(RuntimeError), store.write() as tx:
        for job, party, period in runs:
            lines += told(f"e {job}", run(tx, job, party, key=job, period=period))
        raise RuntimeError
    return lines


def test_each_counts_in_the_period_it_was_spent_in(opened: Store) -> None:
    lines = forgotten(opened, ("j1", "a", 0), ("j2", "a", 2), ("j3", "a", 2), ("j4", "b", 1))
    with opened.write() as tx:
        run(tx, "j0", "a", key="j0")
        assert take_over(tx, lines, month(tx, 2)) == (8, [])
        assert balances(tx, "a") == (2, COST * 2, COST * 2)
        assert balances(tx, "b") == (2, COST, ZERO)
        assert balances(tx, None) == (0, ZERO, COST * 5)
        assert accountant.check_balances(tx) == []
        assert take_over(tx, lines, month(tx, 2)) == (0, [])
        run(tx, "j5", "a", key="j5", period=3)
        assert balances(tx, "a") == (3, COST * 4, COST)
        assert accountant.check_balances(tx) == []


def test_what_was_taken_over_pays_for_no_base(opened: Store) -> None:
    lines = forgotten(opened, ("j1", "a", 0))
    with opened.write() as tx:
        take_over(tx, lines)
        accountant.hold(
            tx, job="again", party="a", population="p", base_key="j1", rho=COST, delta=TAU, population_pays=False
        )
        accountant.start(tx, "again", joins=True)
        assert balances(tx, "a")[2] == balances(tx, None)[2] == COST * 2, "that base is lost; this is another"


def test_more_than_was_promised_is_still_charged_and_said(opened: Store) -> None:
    lines = [Told(f"e{number}", f"j{number}", "p", "a", Decimal("0.2"), ZERO, 0) for number in range(3)]
    with opened.write() as tx:
        assert take_over(tx, lines, month(tx, 0)) == (3, [])
        assert balances(tx, "a")[2] == Decimal("0.6")
        assert accountant.left(accountant.account_for(tx, "p", "a", month(tx, 0)))["epsilon"] == "0"
        assert any("more is held and spent than was promised" in line for line in accountant.check_balances(tx))


def test_a_population_without_accounts_is_reported(opened: Store) -> None:
    stranger = Told("e", "j", "unknown", None, COST, ZERO, 0)
    own = Told("e", "j", "unknown", "a", COST, ZERO, 0)
    with opened.write() as tx:
        done, lost = take_over(tx, [stranger, own, *forgotten_line()])
        assert done == 1 and {line.party for line in lost} == {None, "a"}


def forgotten_line() -> list[Told]:
    return [Told("e2", "j2", "p", "a", COST, ZERO, 0)]
