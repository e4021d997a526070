"""Many at once: a budget for 100 grants exactly 100, and a job either starts or is given back, never both."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

from sandbox.core.store import Store
from sandbox.errors import Problem
from sandbox.privacy import accountant, grains
from sandbox.privacy.periods import begin
from sandbox.privacy.records import Renewal

THREADS, TRIES, GRANTS = 8, 40, 100


def test_exactly_as_many_as_the_budget_pays_for(store: Store) -> None:
    with store.write() as tx:
        promise = Decimal(4), Decimal("1e-6")
        whole = accountant.open_accounts(tx, "p", *promise, promise)
    cost = grains.decimal(grains.down(whole.loss_total, grains.RHO) // GRANTS, grains.RHO)

    def worker(number: int) -> int:
        granted = 0
        for attempt in range(TRIES):
            job = f"{number}-{attempt}"
            try:
                with store.write() as tx:
                    accountant.hold(
                        tx,
                        job=job,
                        party=f"u{number % 3}",
                        population="p",
                        base_key=job,
                        rho=cost,
                        delta=Decimal(0),
                        population_pays=True,
                    )
            except Problem as problem:
                assert problem.code == "privacy_budget_exhausted"
                continue
            granted += 1
            with store.write() as tx:
                assert accountant.start(tx, job)
        return granted

    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(worker, range(THREADS))) == GRANTS
    with store.read() as tx:
        assert accountant.check_balances(tx) == []


def test_over_a_renewal_boundary_exactly_two_shares_are_granted(store: Store) -> None:
    """Half of the workers' clocks are in the next period already. Whatever the order, a share is renewed once."""
    with store.write() as tx:
        promise, each = (Decimal(40), Decimal("1e-6")), (Decimal(4), Decimal("1e-6"))
        accountant.open_accounts(tx, "p", *promise, each, renew="P1M")
        share = accountant.account_for(tx, "p", "u")
    cost = grains.decimal(grains.down(share.loss_total, grains.RHO) // GRANTS, grains.RHO)
    before, after = (begin("P1M", share.counts_from, 1) + timedelta(seconds=shift) for shift in (-1, 1))

    def worker(number: int) -> int:
        granted = 0
        for attempt in range(TRIES):
            job, at = f"{number}-{attempt}", before if attempt * 2 < TRIES and number % 2 else after
            try:
                with store.write() as tx:
                    accountant.hold(
                        tx,
                        job=job,
                        party="u",
                        population="p",
                        base_key=job,
                        rho=cost,
                        delta=Decimal(0),
                        population_pays=True,
                        at=at,
                    )
            except Problem as problem:
                assert problem.code == "privacy_budget_exhausted"
                continue
            granted += 1
            with store.write() as tx:
                assert accountant.start(tx, job, at=at)
        return granted

    with store.write() as tx:  # the old share is spent but for ten
        for number in range(GRANTS - 10):
            accountant.hold(
                tx, job=f"early {number}", party="u", population="p", base_key=f"early {number}", rho=cost,
                delta=Decimal(0), population_pays=True, at=before,
            )  # fmt: skip
            assert accountant.start(tx, f"early {number}", at=before)
    with ThreadPoolExecutor(THREADS) as pool:
        granted = sum(pool.map(worker, range(THREADS)))
    with store.read() as tx:
        assert accountant.check_balances(tx) == []
        [renewal] = tx.find(Renewal)
        early = grains.up(renewal.loss, grains.RHO) // grains.up(cost, grains.RHO)
        assert GRANTS - 10 <= early <= GRANTS, "never more than the old share"
        assert granted + GRANTS - 10 == early + GRANTS, "and exactly the new one"


def test_start_and_void_race_to_one_winner(store: Store) -> None:
    jobs = [f"j{i}" for i in range(20)]
    with store.write() as tx:
        promise = Decimal(4), Decimal("1e-6")
        accountant.open_accounts(tx, "p", *promise, promise)
        for job in jobs:
            accountant.hold(
                tx,
                job=job,
                party="u",
                population="p",
                base_key=job,
                rho=Decimal("0.001"),
                delta=Decimal(0),
                population_pays=True,
            )

    def settle(how: object) -> list[bool]:
        won = []
        for job in jobs:
            with store.write() as tx:
                won.append(how(tx, job))  # type: ignore[operator]
        return won

    with ThreadPoolExecutor(2) as pool:
        started, voided = pool.map(settle, (accountant.start, accountant.void))
    assert all(a != b for a, b in zip(started, voided, strict=True))
    with store.read() as tx:
        assert accountant.check_balances(tx) == []
        items = accountant.budgets(tx, party="u")
    assert Decimal(items[0]["spent"]["rho"]) == sum(started) * Decimal("0.001")
    assert items[0]["reserved"]["rho"] == "0"
