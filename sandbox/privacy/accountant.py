"""The accountant: what may be spent is held first, spent before a private byte is read, and never comes back after.

Composition is fully adaptive (Whitehouse, Ramdas, Rogers and Wu 2023, Fully-Adaptive Composition in Differential
Privacy): a filter that stops at Σρ ≤ ρ_total and Σδ_τ ≤ pool keeps the account's (ε, δ), whatever made users ask what
they asked. Each charge is checked against the population's account and the user's.

**Paid once.** A base that is drawn and stored is asked of no private byte again; whoever pays for it a second time pays
for nothing. Hence the one rule: a charge is zero only if the base is stored *and* the same account has a spent charge
for its key. While the base is not stored – also when an earlier attempt failed, because a failure can depend on data –
everybody pays. Two jobs in flight for one key both hold the full price; the one that finds the base stored when it
starts (`joins`) gives back what by the same rule is paid already. Never less is counted than was drawn.

Rows are locked from the root of the tree, so holders of locks never wait for each other in a circle.
"""

from __future__ import annotations

from decimal import Decimal

from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.privacy import grains
from sandbox.privacy.accounts import (
    account_for,
    account_id,
    delta_left,
    left,
    open_accounts,
    rho_left,
    threshold_delta,
    unopened,
)
from sandbox.privacy.budgets import budgets, check_balances
from sandbox.privacy.convert import epsilon_for
from sandbox.privacy.records import Account, Charge

__all__ = [
    "account_for",
    "budgets",
    "check_balances",
    "hold",
    "is_spent",
    "left",
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
    epsilon: Decimal | None = None,
) -> None:
    """Reserve what `job` costs in the population's account and in that of `party`, opened at its first question.

    `population_pays` is False only when the base of `base_key` is drawn and stored. Both accounts get a journal line,
    of zero where nothing is due. Raises Problem privacy_budget_exhausted, with `left` and `asked`, when either account
    has too little; then nothing is written. Its sentence says the ε that was asked for (`epsilon`); what it costs is a
    hair less, since noise has whole steps.
    """
    whole = tx.get(Account, account_id(population, None), lock=True)
    if whole is None:
        raise unopened()
    own = tx.get(Account, account_id(population, party), lock=True) or _first(tx, population, party)
    cost = grains.up(rho, grains.RHO), grains.up(delta, grains.DELTA)
    due = [
        (account, (0, 0) if not population_pays and _paid(tx, account, base_key, cost) else cost)
        for account in (whole, own)
    ]
    for account, (rho_due, delta_due) in reversed(due):  # the user hears of its own share first
        if rho_due > rho_left(account) or delta_due > delta_left(account):
            raise _exhausted(account, whole, own, rho, delta, epsilon)
    for account, amounts in due:
        rho_held, delta_held = grains.decimal(amounts[0], grains.RHO), grains.decimal(amounts[1], grains.DELTA)
        tx.add(Charge(new_id("charge"), account.id, job, base_key, rho_held, delta_held, "held", now()))
        _move(tx, account, held=amounts)


def start(tx: Transaction, job: str, *, joins: bool = False) -> bool:
    """Make what `job` holds spent, for ever; False, and nothing changed, when it is not held any more.

    To be committed before a private byte is read. `joins`: the base is stored by now and `job` will not draw it; then
    what an account has paid for this base before goes back to it. A job that holds nothing starts."""
    return _settle(tx, job, "spent", joins)


def void(tx: Transaction, job: str) -> bool:
    """Give back what `job` holds; False, and nothing changed, when it was spent or given back before."""
    return _settle(tx, job, "void", joins=False)


def retire(tx: Transaction, base_key: str, key: str) -> None:
    """Book what was spent on a base that is closed under its new `key`: the next base of the same question is another
    draw, and is due in full."""
    for charge in tx.find(Charge, base_key=base_key, state="spent"):
        tx.change(charge, base_key=key)


def is_spent(
    tx: Transaction, job: str, party: str, rho: Decimal, delta: Decimal, *, population: str | None = None
) -> bool:
    """Say whether `job` itself has spent at least this cost in the population's account and in that of `party`: what
    the vault asks before it draws a base. With `population`, they must be its accounts."""
    cost = grains.up(rho, grains.RHO), grains.up(delta, grains.DELTA)
    payers: set[tuple[str, str | None]] = set()
    for charge in tx.find(Charge, job=job, state="spent"):
        account = tx.get(Account, charge.account)
        if account is not None and _covers(charge, cost):
            payers.add((account.population, account.party))
    populations = {name for name, _ in payers}
    return any({(name, None), (name, party)} <= payers for name in populations if population in (None, name))


def _settle(tx: Transaction, job: str, state: str, joins: bool) -> bool:
    ids = sorted(charge.account for charge in tx.find(Charge, job=job))
    accounts = {key: tx.get(Account, key, lock=True) for key in ids}
    charges = tx.find(Charge, job=job)  # again: whoever changes them holds the locks that we hold now
    if any(charge.state != "held" for charge in charges):
        return False
    for charge in charges:
        account = accounts[charge.account]
        assert account is not None
        amounts = _amounts(charge)
        returned = joins and _paid(tx, account, charge.base_key, amounts)
        outcome = "void" if returned else state
        tx.change(charge, state=outcome)
        _move(tx, account, held=(-amounts[0], -amounts[1]), spent=amounts if outcome == "spent" else (0, 0))
    return True


def _first(tx: Transaction, population: str, party: str) -> Account:
    """Open a user's account; the lock on the population's keeps others from doing the same."""
    account = account_for(tx, population, party)
    tx.add(account)
    return account


def _amounts(charge: Charge) -> tuple[int, int]:
    return grains.up(charge.rho, grains.RHO), grains.up(charge.delta, grains.DELTA)


def _paid(tx: Transaction, account: Account, base_key: str, cost: tuple[int, int]) -> bool:
    """Say whether `account` has spent this cost on this base."""
    spent = tx.find(Charge, account=account.id, base_key=base_key, state="spent")
    return any(_covers(charge, cost) for charge in spent)


def _covers(charge: Charge, cost: tuple[int, int]) -> bool:
    rho, delta = _amounts(charge)
    return rho >= cost[0] and delta >= cost[1]


def _move(tx: Transaction, account: Account, *, held: tuple[int, int], spent: tuple[int, int] = (0, 0)) -> None:
    def moved(before: Decimal, by: int, decimals: int) -> Decimal:
        return grains.decimal(grains.up(before, decimals) + by, decimals)

    tx.change(
        account,
        rho_held=moved(account.rho_held, held[0], grains.RHO),
        rho_spent=moved(account.rho_spent, spent[0], grains.RHO),
        delta_held=moved(account.delta_held, held[1], grains.DELTA),
        delta_spent=moved(account.delta_spent, spent[1], grains.DELTA),
    )


def _exhausted(
    account: Account, whole: Account, own: Account, rho: Decimal, delta: Decimal, epsilon: Decimal | None
) -> Problem:
    whose = "the population's privacy budget" if account.party is None else "your share of the privacy budget"
    asked = {
        "epsilon": grains.text(epsilon_for(rho, own.delta_conv)),
        "delta": grains.text(delta),
        "rho": grains.text(rho),
    }
    remaining = left(own, whole)
    said = asked["epsilon"] if epsilon is None else f"{epsilon:f}"
    both = (f", δ {asked['delta']}", f", δ {remaining['delta']}") if delta > 0 else ("", "")
    return Problem(
        "privacy_budget_exhausted",
        f"{whose} does not suffice: asked ε {said}{both[0]}; left ε {remaining['epsilon']}{both[1]}; "
        "ask with a smaller ε or fewer measures" + (", or group by keys with a declared domain" if delta > 0 else ""),
        left=remaining,
        asked=asked,
    )
