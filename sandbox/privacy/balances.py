"""The check that every balance is the sum of its journal, and every promise what follows from its declaration."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction

from sandbox.core.store import Transaction
from sandbox.privacy import grains
from sandbox.privacy.accounts import delta_left, loss_left
from sandbox.privacy.convert import rho_for
from sandbox.privacy.lifted import lifted
from sandbox.privacy.records import PAST, RESTORED, Account, Charge, Raise, Renewal

Sums = dict[tuple[str, str], list[int]]


def check_balances(tx: Transaction) -> list[str]:
    """Recompute every balance from the journal and every total from its promise; give a sentence per difference."""
    accounts = {account.id: account for account in tx.find(Account)}
    sums, strangers = _sums(tx, accounts)
    found, binds = [], not lifted(tx)
    for account in accounts.values():
        columns = {
            "held": (account.loss_held, account.delta_held),
            "spent": (account.loss_spent, account.delta_spent),
            "past": (account.loss_before, account.delta_before),
        }
        for state, (loss, delta) in columns.items():
            if _grains(loss, delta) != sums[account.id, state]:
                found.append(f"account {account.id}: what is {state} is not the sum of its {state} charges")
        if sums[account.id, "renewed"] != sums[account.id, "past"]:
            found.append(f"account {account.id}: its renewals are not the sum of its earlier periods")
        found += [f"account {account.id}: {wrong}" for wrong in _promise(account, binds)]
    found += _unraised(tx, accounts)
    return found + [f"a charge belongs to no account: {account}" for account in sorted(strangers)]


def _sums(tx: Transaction, accounts: dict[str, Account]) -> tuple[Sums, set[str]]:
    """Add up charges and renewals by account and state; give the accounts that are none as well."""
    sums: Sums = defaultdict(lambda: [0, 0])
    strangers: set[str] = set()
    for charge in tx.find(Charge):
        account = accounts.get(charge.account)
        if account is None:
            strangers.add(charge.account)
            continue
        earlier = charge.state == "spent" and charge.period < account.period
        _add(sums[account.id, "past" if earlier else charge.state], charge.loss, charge.delta)
        if charge.base_key.startswith(RESTORED) and charge.base_key.endswith(PAST):
            _add(sums[account.id, "renewed"], charge.loss, charge.delta)
    for renewal in tx.find(Renewal):
        _add(sums[renewal.account, "renewed"], renewal.loss, renewal.delta)
    return sums, strangers


def _promise(account: Account, binds: bool) -> list[str]:
    found = []
    if binds and (loss_left(account) < 0 or delta_left(account) < 0):
        found.append("more is held and spent than was promised")
    allowed = account.epsilon if account.pure else rho_for(account.epsilon, account.delta_conv)
    if account.loss_total > allowed:
        found.append("its ρ is larger than its ε allows" if not account.pure else "it pays for more than its ε")
    if Fraction(account.delta_conv) + Fraction(account.delta_pool) > Fraction(account.delta):
        found.append("its parts of δ exceed its δ")
    if account.party is None and (account.renew is not None or account.period != 0):
        found.append("a population's account is for life and never renews")
    return found


def _unraised(tx: Transaction, accounts: dict[str, Account]) -> list[str]:
    """A cap is what it was last raised to, if it ever was."""
    last = {step.account: step for step in tx.find(Raise, order=("at", "id"))}
    return [
        f"account {account}: its promise is not the one it was last raised to"
        for account, step in last.items()
        if account not in accounts or (accounts[account].epsilon, accounts[account].delta) != (step.epsilon, step.delta)
    ]


def _grains(loss: Decimal, delta: Decimal) -> list[int]:
    return [grains.up(loss, grains.RHO), grains.up(delta, grains.DELTA)]


def _add(entry: list[int], loss: Decimal, delta: Decimal) -> None:
    for place, part in enumerate(_grains(loss, delta)):
        entry[place] += part
