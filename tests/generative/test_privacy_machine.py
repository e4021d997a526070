"""The accountant as a state machine against a model of whole numbers, on both databases."""

from __future__ import annotations

import uuid
from collections import Counter
from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from sandbox.core.store import Store
from sandbox.errors import Problem
from sandbox.privacy import accountant, grains
from sandbox.privacy.accounts import account_id
from sandbox.privacy.records import Account

PARTIES, KEYS = ("a", "b"), ("k", "l", "m", "n")
SETTINGS = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


class Machine(RuleBasedStateMachine):
    """`totals`, `held`, `spent` count grains by party (None: the population); a base is stored only by a job that
    executed, and every execution must have been paid."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.population = uuid.uuid4().hex
        with store.write() as tx:
            whole = accountant.open_accounts(
                tx, self.population, Decimal(1), Decimal("1e-6"), (Decimal("0.8"), Decimal("1e-7"))
            )
            share = accountant.account_for(tx, self.population, "a")
        self.totals = {None: grains.down(whole.loss_total, grains.RHO)}
        self.totals |= dict.fromkeys(PARTIES, grains.down(share.loss_total, grains.RHO))
        self.held: Counter[str | None] = Counter()
        self.spent: Counter[str | None] = Counter()
        self.paid: set[tuple[str | None, str]] = set()  # accounts that have spent on a key
        self.jobs: dict[str, tuple[str, str, dict[str | None, int]]] = {}
        self.settled: list[str] = []
        self.stored: set[str] = set()
        self.executions = 0

    def cost(self, key: str) -> int:
        return self.totals["a"] // 5 + KEYS.index(key)

    @rule(party=st.sampled_from(PARTIES), key=st.sampled_from(KEYS))
    def hold(self, party: str, key: str) -> None:
        job, cost = f"{self.population}{len(self.jobs) + len(self.settled)}", self.cost(key)
        due = {who: 0 if key in self.stored and (who, key) in self.paid else cost for who in (None, party)}
        fits = all(due[who] <= self.totals[who] - self.held[who] - self.spent[who] for who in due)
        try:
            with self.store.write() as tx:
                accountant.hold(
                    tx,
                    job=job,
                    party=party,
                    population=self.population,
                    base_key=key,
                    rho=grains.decimal(cost, grains.RHO),
                    delta=Decimal(0),
                    population_pays=key not in self.stored,
                )
        except Problem as problem:
            assert problem.code == "privacy_budget_exhausted" and not fits
            return
        assert fits
        self.jobs[job] = (party, key, due)
        self.held.update(due)

    @rule(pick=st.randoms(use_true_random=False), fails=st.booleans())
    def start(self, pick, fails: bool) -> None:
        if not self.jobs:
            return
        job = pick.choice(sorted(self.jobs))
        party, key, due = self.jobs.pop(job)
        joins = key in self.stored
        with self.store.write() as tx:
            assert accountant.start(tx, job, joins=joins)
            draws = accountant.is_spent(tx, job, party, grains.decimal(self.cost(key), grains.RHO), Decimal(0))
        self.held.subtract(due)
        self.settled.append(job)
        for who, amount in due.items():
            if not (joins and (who, key) in self.paid):
                self.spent[who] += amount
                self.paid.add((who, key))
        if not joins:
            assert draws, "whoever finds no base has paid for drawing one"
            self.executions += self.cost(key)
            if not fails:
                self.stored.add(key)

    @rule(pick=st.randoms(use_true_random=False))
    def void(self, pick) -> None:
        if self.jobs:
            job = pick.choice(sorted(self.jobs))
            _, _, due = self.jobs.pop(job)
            with self.store.write() as tx:
                assert accountant.void(tx, job)
            self.held.subtract(due)
            self.settled.append(job)

    @rule(pick=st.randoms(use_true_random=False))
    def settled_jobs_stay_settled(self, pick) -> None:
        if self.settled:
            with self.store.write() as tx:
                job = pick.choice(self.settled)
                assert not accountant.start(tx, job) and not accountant.void(tx, job)

    @invariant()
    def balances_are_those_of_the_model(self) -> None:
        with self.store.read() as tx:
            for who, total in self.totals.items():
                account = tx.get(Account, account_id(self.population, who))
                held = grains.down(account.loss_held, grains.RHO) if account else 0
                spent = grains.down(account.loss_spent, grains.RHO) if account else 0
                assert (held, spent) == (self.held[who], self.spent[who])
                assert held + spent <= total
        assert self.spent[None] == self.executions, "the population pays for what is executed, no more and no less"

    def teardown(self) -> None:
        with self.store.read() as tx:
            assert accountant.check_balances(tx) == []


def test_never_overspends_and_gives_back_exactly(store: Store) -> None:
    run_state_machine_as_test(lambda: Machine(store), settings=SETTINGS)
