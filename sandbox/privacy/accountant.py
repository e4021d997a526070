"""The accountant: what may be spent is held first, spent before a private byte is read, and never comes back after.

Composition is fully adaptive (Whitehouse, Ramdas, Rogers and Wu 2023, Fully-Adaptive Composition in Differential
Privacy): a filter that stops at Σρ ≤ ρ_total and Σδ_τ ≤ pool keeps the account's (ε, δ), whatever made users ask what
they asked; a pure account stops at Σε. Each charge is checked against the population's account, which is for life, and
the user's, whose share may renew: never is more given to a user than its population has paid for.

**Paid once.** A base that is drawn and stored is asked of no private byte again; whoever pays for it a second time pays
for nothing. Hence the one rule: a charge is zero only if the base is stored *and* the same account has a spent charge
for its key. While the base is not stored – also when an earlier attempt failed, because a failure can depend on data –
everybody pays. Two jobs in flight for one key both hold the full price; the one that finds the base stored when it
starts (`joins`) gives back what by the same rule is paid already. Never less is counted than was drawn.

Rows are locked from the root of the tree, so holders of locks never wait for each other in a circle.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.privacy import grains
from sandbox.privacy.accounts import (
    SYSTEM,
    account_for,
    account_id,
    admit,
    delta_left,
    epsilon_of,
    largest,
    left,
    loss_left,
    loss_of,
    open_accounts,
    threshold_delta,
    unopened,
)
from sandbox.privacy.balances import check_balances
from sandbox.privacy.budgets import budgets
from sandbox.privacy.lifted import lifted
from sandbox.privacy.records import Account, Charge
from sandbox.privacy.renewals import next_renewal, renewed
from sandbox.privacy.worth import explain_cost

__all__ = [
    "SYSTEM",
    "account_for",
    "admit",
    "budgets",
    "check_balances",
    "epsilon_of",
    "explain_cost",
    "hold",
    "is_spent",
    "largest",
    "left",
    "loss_of",
    "open_accounts",
    "retire",
    "start",
    "threshold_delta",
    "void",
]


def hold(
    tx: Transaction,
    *,
    job: str,
    party: str,
    population: str,
    base_key: str,
    rho: Decimal,
    delta: Decimal,
    population_pays: bool,
    pure: Decimal | None = None,
    epsilon: Decimal | None = None,
    at: datetime | None = None,
) -> None:
    """Reserve what `job` costs in the population's account and in that of `party`, opened at its first question.

    `population_pays` is False only when the base of `base_key` is drawn and stored. Both accounts get a journal line,
    of zero where nothing is due. Raises Problem privacy_budget_exhausted, with `left` and `asked`, when either account
    has too little; then nothing is written. Its sentence says the ε that was asked for (`epsilon`); what it costs is a
    hair less, since noise has whole steps. A pure account is charged `pure`, the Σε of a job whose releases are all
    pure; without it, or with a δ, it refuses (sql_not_allowed). The user's share is renewed first if that is due `at`
    this moment (now).
    """
    whole = tx.get(Account, account_id(population, None), lock=True)
    if whole is None:
        raise unopened()
    moment = at or now()
    own = tx.get(Account, account_id(population, party), lock=True) or _first(tx, population, party, moment)
    own = renewed(tx, own, moment)
    if party == SYSTEM:
        own = _as_promised(tx, own, whole)
    admit(whole, () if pure is not None else ("gaussian",), private_keys=delta > 0)
    loss = pure if whole.pure and pure is not None else rho
    cost = grains.up(loss, grains.RHO), grains.up(delta, grains.DELTA)
    due = [
        (account, (0, 0) if not population_pays and _paid(tx, account, base_key, cost) else cost)
        for account in (whole, own)
    ]
    for account, (loss_due, delta_due) in reversed(due):  # the user hears of its own share first
        if (loss_due > loss_left(account) or delta_due > delta_left(account)) and not lifted(tx):
            raise _exhausted(account, whole, own, cost, epsilon)
    for account, amounts in due:
        parts = grains.decimal(amounts[0], grains.RHO), grains.decimal(amounts[1], grains.DELTA)
        tx.add(Charge(new_id("charge"), account.id, job, base_key, *parts, "held", account.period, moment))
        _move(tx, account, held=amounts)


def start(tx: Transaction, job: str, *, joins: bool = False, at: datetime | None = None) -> bool:
    """Make what `job` holds spent, for ever; False, and nothing changed, when it is not held any more.

    To be committed before a private byte is read. `joins`: the base is stored by now and `job` will not draw it; then
    what an account has paid for this base before goes back to it. A job that holds nothing starts. It counts in the
    period of `at` (now), whenever it was held."""
    return _settle(tx, job, "spent", joins, at or now())


def void(tx: Transaction, job: str) -> bool:
    """Give back what `job` holds; False, and nothing changed, when it was spent or given back before."""
    return _settle(tx, job, "void", False, now())


def retire(tx: Transaction, base_key: str, key: str) -> None:
    """Book what was spent on a base that is closed under its new `key`: the next base of the same question is another
    draw, and is due in full."""
    for charge in tx.find(Charge, base_key=base_key, state="spent"):
        tx.change(charge, base_key=key)


def is_spent(
    tx: Transaction,
    job: str,
    party: str,
    rho: Decimal,
    delta: Decimal,
    *,
    pure: Decimal | None = None,
    population: str | None = None,
) -> bool:
    """Say whether `job` itself has spent at least this cost (see `hold`) in the population's account and in that of
    `party`: what the vault asks before it draws a base. With `population`, they must be its accounts."""
    payers: set[tuple[str, str | None]] = set()
    for charge in tx.find(Charge, job=job, state="spent"):
        account = tx.get(Account, charge.account)
        if account is None:
            continue
        loss = pure if account.pure else rho
        if loss is not None and _covers(charge, (grains.up(loss, grains.RHO), grains.up(delta, grains.DELTA))):
            payers.add((account.population, account.party))
    populations = {name for name, _ in payers}
    return any({(name, None), (name, party)} <= payers for name in populations if population in (None, name))


def _settle(tx: Transaction, job: str, state: str, joins: bool, moment: datetime) -> bool:
    ids = sorted(charge.account for charge in tx.find(Charge, job=job))
    accounts = {key: tx.get(Account, key, lock=True) for key in ids}
    charges = tx.find(Charge, job=job)  # again: whoever changes them holds the locks that we hold now
    if any(charge.state != "held" for charge in charges):
        return False
    for charge in charges:
        account = accounts[charge.account]
        assert account is not None
        account = renewed(tx, account, moment)
        amounts = _amounts(charge)
        returned = joins and _paid(tx, account, charge.base_key, amounts)
        outcome = "void" if returned else state
        tx.change(charge, state=outcome, period=account.period)
        _move(tx, account, held=(-amounts[0], -amounts[1]), spent=amounts if outcome == "spent" else (0, 0))
    return True


def _first(tx: Transaction, population: str, party: str, moment: datetime) -> Account:
    """Open a user's account; the lock on the population's keeps others from doing the same."""
    account = account_for(tx, population, party, moment)
    tx.add(account)
    return account


def _as_promised(tx: Transaction, own: Account, whole: Account) -> Account:
    """Who buys profiles is promised what the population is, also after that was raised."""
    terms = ("epsilon", "delta", "delta_conv", "delta_pool", "loss_total")
    changed = {name: getattr(whole, name) for name in terms if getattr(own, name) != getattr(whole, name)}
    return tx.change(own, **changed) if changed else own


def _amounts(charge: Charge) -> tuple[int, int]:
    return grains.up(charge.loss, grains.RHO), grains.up(charge.delta, grains.DELTA)


def _paid(tx: Transaction, account: Account, base_key: str, cost: tuple[int, int]) -> bool:
    """Say whether `account` has spent this cost on this base."""
    spent = tx.find(Charge, account=account.id, base_key=base_key, state="spent")
    return any(_covers(charge, cost) for charge in spent)


def _covers(charge: Charge, cost: tuple[int, int]) -> bool:
    loss, delta = _amounts(charge)
    return loss >= cost[0] and delta >= cost[1]


def _move(tx: Transaction, account: Account, *, held: tuple[int, int], spent: tuple[int, int] = (0, 0)) -> None:
    def moved(before: Decimal, by: int, decimals: int) -> Decimal:
        return grains.decimal(grains.up(before, decimals) + by, decimals)

    tx.change(
        account,
        loss_held=moved(account.loss_held, held[0], grains.RHO),
        loss_spent=moved(account.loss_spent, spent[0], grains.RHO),
        delta_held=moved(account.delta_held, held[1], grains.DELTA),
        delta_spent=moved(account.delta_spent, spent[1], grains.DELTA),
    )


def _exhausted(
    account: Account, whole: Account, own: Account, cost: tuple[int, int], epsilon: Decimal | None
) -> Problem:
    whose = "the population's privacy budget" if account.party in (None, SYSTEM) else "your share of the privacy budget"
    loss, delta = grains.decimal(cost[0], grains.RHO), grains.decimal(cost[1], grains.DELTA)
    asked = {"epsilon": grains.text(epsilon_of(own, loss)), "delta": grains.text(delta)}
    if not own.pure:
        asked["rho"] = grains.text(loss)
    remaining = left(own, whole)
    said = asked["epsilon"] if epsilon is None else f"{epsilon:f}"
    both = (f", δ {asked['delta']}", f", δ {remaining['delta']}") if delta > 0 else ("", "")
    todo = "ask with a smaller ε or fewer measures" + (", or group by keys with a declared domain" if delta > 0 else "")
    renews = next_renewal(own) if account.party not in (None, SYSTEM) else None
    if renews is not None:
        todo += f", or wait: your share renews at {renews}"
    return Problem(
        "privacy_budget_exhausted",
        f"{whose} does not suffice: asked ε {said}{both[0]}; left ε {remaining['epsilon']}{both[1]}; {todo}",
        left=remaining,
        asked=asked,
        **({"renews": renews} if renews else {}),
    )
