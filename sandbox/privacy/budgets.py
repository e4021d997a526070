"""Budgets as they are shown, and the check that every balance is the sum of its journal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sandbox.core.store import Transaction
from sandbox.privacy import grains
from sandbox.privacy.accounts import EACH, delta_left, left, rho_left
from sandbox.privacy.convert import epsilon_for, rho_for
from sandbox.privacy.records import Account, Charge


def budgets(
    tx: Transaction, *, party: str | None = None, populations: Iterable[str] | None = None
) -> list[dict[str, Any]]:
    """Give the accounts, each with `total`, `spent`, `reserved`, `left`: texts of ε, δ and ρ. Only those of `party`
    and of `populations` where these are given.

    ρ and δ add up; ε does not, each is what its ρ alone amounts to. `spent` is the guarantee so far; its δ contains
    the half that is fixed for the conversion as soon as anything is spent. `left.epsilon` is the largest ε of one
    further question."""
    equal: dict[str, Any] = {} if populations is None else {"population": list(populations)}
    if party is not None:
        equal["party"] = party
    accounts = tx.find(Account, order=("population", "id"), **equal)
    return [_shown(account) for account in accounts if account.party != EACH]


def check_balances(tx: Transaction) -> list[str]:
    """Recompute every balance from the journal and every total from its promise; give a sentence per difference."""
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for charge in tx.find(Charge):
        entry = sums[charge.account, charge.state]
        entry[0] += grains.up(charge.rho, grains.RHO)
        entry[1] += grains.up(charge.delta, grains.DELTA)
    found = []
    for account in tx.find(Account):
        columns = {"held": (account.rho_held, account.delta_held), "spent": (account.rho_spent, account.delta_spent)}
        for state, (rho, delta) in columns.items():
            if [grains.up(rho, grains.RHO), grains.up(delta, grains.DELTA)] != sums[account.id, state]:
                found.append(f"account {account.id}: what is {state} is not the sum of its {state} charges")
        if rho_left(account) < 0 or delta_left(account) < 0:
            found.append(f"account {account.id}: more is held and spent than was promised")
        if account.rho_total > rho_for(account.epsilon, account.delta_conv):
            found.append(f"account {account.id}: its ρ is larger than its ε allows")
        if Fraction(account.delta_conv) + Fraction(account.delta_pool) > Fraction(account.delta):
            found.append(f"account {account.id}: its parts of δ exceed its δ")
    known = {account.id for account in tx.find(Account)}
    found += [f"a charge belongs to no account: {account}" for account, _ in sums if account not in known]
    return found


def _shown(account: Account) -> dict[str, Any]:
    fixed = grains.up(account.delta_conv, grains.DELTA) if account.rho_spent > 0 else 0
    spent_delta = grains.decimal(fixed + grains.up(account.delta_spent, grains.DELTA), grains.DELTA)
    return {
        "account": account.id,
        "population": account.population,
        "party": account.party,
        "total": _texts(account.epsilon, account.delta, account.rho_total),
        "spent": _texts(epsilon_for(account.rho_spent, account.delta_conv), spent_delta, account.rho_spent),
        "reserved": _texts(epsilon_for(account.rho_held, account.delta_conv), account.delta_held, account.rho_held),
        "left": left(account),
    }


def _texts(epsilon: Decimal, delta: Decimal, rho: Decimal) -> dict[str, str]:
    return {"epsilon": grains.text(epsilon), "delta": grains.text(delta), "rho": grains.text(rho)}
