"""Many at once: a budget for 100 grants exactly 100, and a job either starts or is given back, never both."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from sandbox.core.store import Store
from sandbox.errors import Problem
from sandbox.privacy import accountant, grains

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
