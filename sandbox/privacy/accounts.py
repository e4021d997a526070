"""Accounts: a promise of (ε, δ), what follows from it, and what is left of it.

A population has one account for life; within it each user has one. Half of an account's δ is fixed for turning Σρ into
ε, the other half is the pool that thresholds draw on, so (ε, δ) holds for everything the account ever pays for.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from sandbox.core.canonical import digest
from sandbox.core.clock import now
from sandbox.core.store import Duplicate, Transaction
from sandbox.errors import Problem
from sandbox.privacy import grains
from sandbox.privacy.convert import largest_epsilon, rho_for
from sandbox.privacy.records import Account

EACH = "*"
"""The `party` of the row that holds what each user of a population is promised. It is never charged."""

KEY_SETS = 50
"""Into how many thresholded key sets a user's pool of δ divides."""


def open_accounts(
    tx: Transaction, population: str, epsilon: Decimal, delta: Decimal, per_user: tuple[Decimal, Decimal]
) -> Account:
    """Give the population's account, opened now if it is new, with the promise (`epsilon`, `delta`); `per_user` is
    the (ε, δ) of each user within it.

    Raises Problem state_conflict when the population has another promise already, whichever is larger: whoever shares
    a population shares its promise. Raises epsilon_invalid for a promise that pays for nothing.
    """
    whole = _opened(tx, _promise(population, None, epsilon, delta))
    _opened(tx, _promise(population, EACH, *per_user))
    return whole


def account_for(tx: Transaction, population: str, party: str) -> Account:
    """Give the account of `party` within `population`: the stored one or, before its first question, the one it will
    get. Only reads. Raises Problem state_conflict when the population has no account."""
    account = tx.get(Account, account_id(population, party))
    if account is not None:
        return account
    each = tx.get(Account, account_id(population, EACH))
    if each is None:
        raise unopened()
    return _promise(population, party, each.epsilon, each.delta)


def unopened() -> Problem:
    """Give the refusal for a population without accounts."""
    return Problem("state_conflict", "the resource has no privacy account; register it with `privacy` declared")


def account_id(population: str, party: str | None) -> str:
    """Give the id of an account. It follows from whose it is, so two processes cannot open it twice, and the
    population's sorts before its users': whoever locks in order of ids locks the tree from the root."""
    name = digest({"population": population, "party": party})[:32]
    return f"account_{name}" if party is None else f"share_{name}"


def threshold_delta(per_user_delta: Decimal) -> Decimal:
    """Give the δ_τ of one thresholded key set, rounded down to 10⁻³⁶: a fiftieth of a user's pool."""
    return grains.decimal(grains.down(Fraction(per_user_delta) / (2 * KEY_SETS), grains.DELTA), grains.DELTA)


def rho_left(account: Account) -> int:
    """Give what is left of ρ, in grains."""
    parts = account.rho_total, account.rho_spent, account.rho_held
    total, spent, held = (grains.down(part, grains.RHO) for part in parts)
    return total - spent - held


def delta_left(account: Account) -> int:
    """Give what is left of the pool of δ, in grains."""
    parts = account.delta_pool, account.delta_spent, account.delta_held
    total, spent, held = (grains.down(part, grains.DELTA) for part in parts)
    return total - spent - held


def left(account: Account, within: Account | None = None) -> dict[str, str]:
    """Give what is left of `account` (and of `within`, whichever has less), as text: `rho`, `delta` (of the pool) and
    `epsilon`, the largest ε that one further question on `account` may ask."""
    accounts = [account] if within is None else [account, within]
    rho = grains.decimal(max(min(map(rho_left, accounts)), 0), grains.RHO)
    delta = grains.decimal(max(min(map(delta_left, accounts)), 0), grains.DELTA)
    return {
        "epsilon": grains.text(largest_epsilon(rho, account.delta_conv)),
        "delta": grains.text(delta),
        "rho": grains.text(rho),
    }


def _promise(population: str, party: str | None, epsilon: Decimal, delta: Decimal) -> Account:
    pool = grains.decimal(grains.down(Fraction(delta) / 2, grains.DELTA), grains.DELTA)
    if pool <= 0:
        raise Problem("epsilon_invalid", "δ is too small to be counted; declare at least 1e-35")
    rho = rho_for(epsilon, pool)
    if rho <= 0:
        raise Problem("epsilon_invalid", "ε is too small to pay for any answer; declare a larger one")
    none, no_delta = grains.decimal(0, grains.RHO), grains.decimal(0, grains.DELTA)
    return Account(
        id=account_id(population, party),
        population=population,
        party=party,
        epsilon=epsilon,
        delta=delta,
        delta_conv=pool,
        rho_total=rho,
        delta_pool=pool,
        rho_held=none,
        rho_spent=none,
        delta_held=no_delta,
        delta_spent=no_delta,
        created_at=now(),
    )


def _opened(tx: Transaction, promised: Account) -> Account:
    found = tx.get(Account, promised.id)
    if found is None:
        try:
            tx.add(promised)
            return promised
        except Duplicate:  # another process was first
            found = tx.get(Account, promised.id)
            assert found is not None
    if (found.epsilon, found.delta) != (promised.epsilon, promised.delta):
        whose = "each user of this population" if found.party else "this population"
        raise Problem(
            "state_conflict",
            f"{whose} was promised ε {grains.text(found.epsilon)}, δ {grains.text(found.delta)} for its lifetime; "
            "declare the same, or another population if nobody is in both",
        )
    return found
