"""A worker dies while a share renews: before the commit nothing happened, after it the renewal stands; never twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from sandbox.core.store import Duplicate, Store, Transaction
from sandbox.privacy import accountant
from sandbox.privacy.accounts import account_id
from sandbox.privacy.periods import begin
from sandbox.privacy.records import Account, Renewal
from sandbox.privacy.renewals import renewed

COST = Decimal("0.001")


class Killed(Exception):
    """The worker is gone."""


@pytest.fixture
def later(store: Store) -> datetime:
    """A moment in the second period of a share that has spent something and holds something."""
    with store.write() as tx:
        promise = Decimal(4), Decimal("1e-6")
        accountant.open_accounts(tx, "p", *promise, promise, renew="P1M")
        for job in ("spent", "held"):
            hold(tx, job)
        accountant.start(tx, "spent")
        return begin("P1M", share(tx).counts_from, 1) + timedelta(seconds=1)


def hold(tx: Transaction, job: str, at: datetime | None = None) -> None:
    accountant.hold(
        tx, job=job, party="u", population="p", base_key=job, rho=COST, delta=Decimal(0), population_pays=True, at=at
    )


def share(tx: Transaction) -> Account:
    found = tx.get(Account, account_id("p", "u"), lock=True)
    assert found is not None
    return found


def test_killed_before_the_commit_it_renews_with_the_next_worker(store: Store, later: datetime) -> None:
    with pytest.raises(Killed), store.write() as tx:
        accountant.start(tx, "held", at=later)
        assert share(tx).period == 1
        raise Killed
    with store.read() as tx:
        assert (share(tx).period, share(tx).loss_spent, share(tx).loss_held) == (0, COST, COST)
        assert tx.find(Renewal) == [] and accountant.check_balances(tx) == []
    with store.write() as tx:
        assert accountant.start(tx, "held", at=later)
    check_once(store)


def test_killed_after_the_commit_it_does_not_renew_again(store: Store, later: datetime) -> None:
    with store.write() as tx:
        assert accountant.start(tx, "held", at=later)
    with store.write() as tx:  # whoever takes over does it all again
        assert not accountant.start(tx, "held", at=later)
        hold(tx, "next", at=later)
        accountant.void(tx, "next")
    check_once(store)


def test_a_second_worker_with_an_old_row_cannot_renew_again(store: Store, later: datetime) -> None:
    with store.write() as tx:
        old = share(tx)
    with store.write() as tx:
        assert accountant.start(tx, "held", at=later)
    with pytest.raises(Duplicate), store.write() as tx:
        renewed(tx, old, later)
    check_once(store)


def check_once(store: Store) -> None:
    with store.read() as tx:
        [renewal] = tx.find(Renewal)
        assert (renewal.period, renewal.loss) == (1, COST)
        assert (share(tx).loss_before, share(tx).loss_spent, share(tx).loss_held) == (COST, COST, 0)
        assert accountant.check_balances(tx) == []
