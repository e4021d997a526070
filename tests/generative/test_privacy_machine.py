"""The accountant as a state machine against a model of whole numbers, on both databases: jobs come and go, time passes,
shares renew, caps are raised."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import timedelta
from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from sandbox.core.clock import now
from sandbox.core.store import Store
from sandbox.errors import Problem
from sandbox.privacy import accountant, grains
from sandbox.privacy.accounts import account_id
from sandbox.privacy.raising import raise_cap
from sandbox.privacy.records import Account, Renewal

PARTIES, KEYS = ("a", "b"), ("k", "l", "m", "n")
DAY = timedelta(days=1)
SETTINGS = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


class Machine(RuleBasedStateMachine):
    """`totals`, `held`, `spent` count grains by party (None: the population); a base is stored only by a job that
    executed, and every execution must have been paid. `spent` of a user is of the present day: its share renews daily;
    `life` is all that was ever spent."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.population = uuid.uuid4().hex
        self.time = now()
        self.day, self.epsilon = 0, 1
        with store.write() as tx:
            whole = accountant.open_accounts(
                tx, self.population, Decimal(1), Decimal("1e-6"), (Decimal("0.8"), Decimal("1e-7")), renew="P1D"
            )
            share = accountant.account_for(tx, self.population, "a")
        self.opened = whole.counts_from
        self.totals: dict[str | None, int] = {None: grains.down(whole.loss_total, grains.RHO)}
        self.totals |= dict.fromkeys(PARTIES, grains.down(share.loss_total, grains.RHO))
        self.held: Counter[str | None] = Counter()
        self.spent: Counter[str | None] = Counter()
        self.life: Counter[str | None] = Counter()
        self.paid: set[tuple[str | None, str]] = set()  # accounts that have spent on a key
        self.jobs: dict[str, tuple[str, str, dict[str | None, int]]] = {}
        self.settled: list[str] = []
        self.stored: set[str] = set()
        self.executions = 0

    def cost(self, key: str) -> int:
        return self.totals["a"] // 5 + KEYS.index(key)

    @rule(days=st.integers(1, 3))
    def time_passes(self, days: int) -> None:
        self.day += days
        self.time = self.opened + self.day * DAY + timedelta(minutes=1)
        for party in PARTIES:
            self.spent[party] = 0

    @rule(by=st.integers(0, 2))
    def the_cap_is_raised(self, by: int) -> None:
        try:
            with self.store.write() as tx:
                epsilon = Decimal(self.epsilon + by)
                whole, _ = raise_cap(tx, account_id(self.population, None), epsilon, None, "more", "party_a")
        except Problem as problem:
            assert problem.code == "state_conflict" and by == 0
            return
        assert by > 0
        self.epsilon += by
        assert grains.down(whole.loss_total, grains.RHO) > self.totals[None]
        self.totals[None] = grains.down(whole.loss_total, grains.RHO)

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
                    at=self.time,
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
            assert accountant.start(tx, job, joins=joins, at=self.time)
            draws = accountant.is_spent(tx, job, party, grains.decimal(self.cost(key), grains.RHO), Decimal(0))
        self.held.subtract(due)
        self.settled.append(job)
        for who, amount in due.items():
            if not (joins and (who, key) in self.paid):
                self.spent[who] += amount
                self.life[who] += amount
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
                assert not accountant.start(tx, job, at=self.time) and not accountant.void(tx, job)

    @invariant()
    def balances_are_those_of_the_model(self) -> None:
        with self.store.read() as tx:
            shown = accountant.budgets(tx, populations=[self.population], at=self.time)
        seen = {one["party"]: {part: self.rho(one[part]) for part in ("reserved", "spent", "life")} for one in shown}
        for who, total in self.totals.items():
            mine = seen.get(who, {"reserved": 0, "spent": 0, "life": 0})
            assert mine == {"reserved": self.held[who], "spent": self.spent[who], "life": self.life[who]}
            assert mine["reserved"] + mine["spent"] <= total
        assert self.spent[None] == self.executions, "the population pays for what is executed, no more and no less"
        assert all(self.life[party] <= self.life[None] <= self.totals[None] for party in PARTIES), "under the cap"

    def rho(self, amount: dict[str, str]) -> int:
        return grains.down(Decimal(amount["rho"]), grains.RHO)

    def teardown(self) -> None:
        with self.store.read() as tx:
            assert accountant.check_balances(tx) == []
            for party in PARTIES:
                share = tx.get(Account, account_id(self.population, party))
                periods = [one.period for one in tx.find(Renewal, account=share.id, order=("at",))] if share else []
                assert periods == sorted(set(periods)), "every period is entered once"


def test_never_overspends_and_gives_back_exactly(store: Store) -> None:
    run_state_machine_as_test(lambda: Machine(store), settings=SETTINGS)
