"""Accounts: a promise of (ε, δ), what follows from it, and what is left of it.

A population has one account for life; within it each user has one, whose share may renew. An account adds up ρ: half
of its δ is fixed for turning Σρ into ε, the other half is the pool that thresholds draw on, so (ε, δ) holds for
everything the account ever pays for. A pure account adds up ε and has no δ.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from sandbox.core.canonical import digest
from sandbox.core.clock import now
from sandbox.core.store import Duplicate, Transaction
from sandbox.errors import Problem
from sandbox.privacy import grains
from sandbox.privacy.convert import EPSILON_DECIMALS, epsilon_for, largest_epsilon, rho_for
from sandbox.privacy.periods import number_at
from sandbox.privacy.records import Account
from sandbox.privacy.renewals import current

EACH = "*"
"""The `party` of the row that holds what each user of a population is promised. It is never charged."""

SYSTEM = "~profile"
"""The `party` that buys public profiles: no user, so no share pays. It is promised what the population is."""

KEY_SETS = 50
"""Into how many thresholded key sets a user's pool of δ divides."""

PURE = frozenset({"laplace", "exponential"})
"""The mechanisms whose releases are pure: ε alone bounds them."""


def open_accounts(
    tx: Transaction,
    population: str,
    epsilon: Decimal,
    delta: Decimal,
    per_user: tuple[Decimal, Decimal],
    *,
    pure: bool = False,
    renew: str | None = None,
) -> Account:
    """Give the population's account, opened now if it is new, with the promise (`epsilon`, `delta`); `per_user` is
    the (ε, δ) of each user within it, in each period of `renew`. `pure` accounts promise ε alone: every δ is 0.

    Raises Problem state_conflict when the population has another promise already, whichever is larger: whoever shares
    a population shares its promise. Raises epsilon_invalid for a promise that pays for nothing.
    """
    moment = now()
    whole = _opened(tx, promised(population, None, epsilon, delta, pure, None, moment))
    _opened(tx, promised(population, EACH, *per_user, pure, renew, moment))
    return whole


def account_for(tx: Transaction, population: str, party: str, at: datetime | None = None) -> Account:
    """Give the account of `party` within `population` as it is `at` a moment (now): the stored one, renewed if that
    is due, or, before its first question, the one it will get. Only reads. Raises Problem state_conflict when the
    population has no account."""
    moment = at or now()
    account = tx.get(Account, account_id(population, party))
    if account is not None:
        return current(account, moment)
    whole = tx.get(Account, account_id(population, None)) if party == SYSTEM else None
    if whole is not None:
        return promised(population, SYSTEM, whole.epsilon, whole.delta, whole.pure, None, moment)
    each = tx.get(Account, account_id(population, EACH))
    if each is None:
        raise unopened()
    return promised(population, party, each.epsilon, each.delta, each.pure, each.renew, moment, each.counts_from)


def unopened() -> Problem:
    """Give the refusal for a population without accounts."""
    return Problem("state_conflict", "the resource has no privacy account; register it with `privacy` declared")


def account_id(population: str, party: str | None) -> str:
    """Give the id of an account. It follows from whose it is, so two processes cannot open it twice, and the
    population's sorts before its users': whoever locks in order of ids locks the tree from the root."""
    name = digest({"population": population, "party": party})[:32]
    return f"account_{name}" if party is None else f"share_{name}"


def admit(account: Account, mechanisms: Iterable[str], *, private_keys: bool) -> None:
    """Raise Problem sql_not_allowed unless `account` can pay for releases by these `mechanisms` (gaussian, laplace,
    exponential), with thresholds where keys are private. Only a pure account refuses any."""
    if not account.pure:
        return
    if private_keys:
        raise Problem(
            "sql_not_allowed",
            "the privacy budget of this population is pure ε, and groups whose keys are not declared need a δ; group "
            "by keys with a declared domain",
        )
    if not PURE.issuperset(mechanisms):
        raise Problem(
            "sql_not_allowed",
            "the privacy budget of this population is pure ε and pays for Laplace noise only, and this question would "
            "get Gaussian noise; ask for plain counts and sums",
        )


def threshold_delta(per_user_delta: Decimal) -> Decimal:
    """Give the δ_τ of one thresholded key set, rounded down to 10⁻³⁶: a fiftieth of a user's pool."""
    return grains.decimal(grains.down(Fraction(per_user_delta) / (2 * KEY_SETS), grains.DELTA), grains.DELTA)


def epsilon_of(account: Account, loss: Decimal) -> Decimal:
    """Give the ε that a `loss` of this account amounts to, rounded up to 10⁻⁶."""
    return grains.ceiled(loss, EPSILON_DECIMALS) if account.pure else epsilon_for(loss, account.delta_conv)


def loss_of(account: Account, epsilon: Decimal) -> Decimal:
    """Give the largest loss, rounded down to 10⁻¹⁸, that a question of ε may have on this account."""
    return grains.floored(epsilon, grains.RHO) if account.pure else rho_for(epsilon, account.delta_conv)


def largest(account: Account, loss: Decimal) -> Decimal:
    """Give the largest ε, on the grid of 10⁻⁶, that one question may ask when this `loss` is left."""
    return grains.floored(loss, EPSILON_DECIMALS) if account.pure else largest_epsilon(loss, account.delta_conv)


def loss_left(account: Account) -> int:
    """Give what is left of the loss, in grains."""
    parts = account.loss_total, account.loss_spent, account.loss_held
    total, spent, held = (grains.down(part, grains.RHO) for part in parts)
    return total - spent - held


def delta_left(account: Account) -> int:
    """Give what is left of the pool of δ, in grains."""
    parts = account.delta_pool, account.delta_spent, account.delta_held
    total, spent, held = (grains.down(part, grains.DELTA) for part in parts)
    return total - spent - held


def left(account: Account, within: Account | None = None) -> dict[str, str]:
    """Give what is left of `account` (and of `within`, whichever has less), as text: `rho` (not of a pure account),
    `delta` (of the pool) and `epsilon`, the largest ε that one further question on `account` may ask."""
    accounts = [account] if within is None else [account, within]
    loss = grains.decimal(max(min(map(loss_left, accounts)), 0), grains.RHO)
    delta = grains.decimal(max(min(map(delta_left, accounts)), 0), grains.DELTA)
    said = {"epsilon": grains.text(largest(account, loss)), "delta": grains.text(delta)}
    return said if account.pure else said | {"rho": grains.text(loss)}


def promised(
    population: str,
    party: str | None,
    epsilon: Decimal,
    delta: Decimal,
    pure: bool,
    renew: str | None,
    at: datetime,
    counts_from: datetime | None = None,
) -> Account:
    """Give the account that such a promise makes at a moment, with nothing spent. Raises Problem epsilon_invalid when
    it would pay for nothing."""
    pool = grains.decimal(grains.down(Fraction(delta) / 2, grains.DELTA), grains.DELTA)
    if pool <= 0 and not pure:
        raise Problem("epsilon_invalid", "δ is too small to be counted; declare at least 1e-35")
    if delta and pure:
        raise Problem("epsilon_invalid", "a pure budget promises ε alone; leave δ out")
    loss = grains.floored(epsilon, grains.RHO) if pure else rho_for(epsilon, pool)
    if loss <= 0:
        raise Problem("epsilon_invalid", "ε is too small to pay for any answer; declare a larger one")
    none, no_delta = grains.decimal(0, grains.RHO), grains.decimal(0, grains.DELTA)
    since = counts_from or at
    return Account(
        id=account_id(population, party),
        population=population,
        party=party,
        pure=pure,
        epsilon=epsilon,
        delta=delta,
        delta_conv=pool,
        loss_total=loss,
        delta_pool=pool,
        loss_held=none,
        loss_spent=none,
        loss_before=none,
        delta_held=no_delta,
        delta_spent=no_delta,
        delta_before=no_delta,
        renew=renew,
        counts_from=since,
        period=number_at(renew, since, at),
        created_at=at,
    )


def _opened(tx: Transaction, promise: Account) -> Account:
    found = tx.get(Account, promise.id)
    if found is None:
        try:
            tx.add(promise)
            return promise
        except Duplicate:  # another process was first
            found = tx.get(Account, promise.id)
            assert found is not None
    if _terms(found) != _terms(promise):
        whose = "each user of this population" if found.party else "this population"
        raise Problem(
            "state_conflict",
            f"{whose} was promised {words(found)}; declare the same, or another population if nobody is in both",
        )
    return found


def words(account: Account) -> str:
    """Say the promise of an account: its ε and δ, for how long."""
    sizes = f"pure ε {grains.text(account.epsilon)}"
    if not account.pure:
        sizes = f"ε {grains.text(account.epsilon)}, δ {grains.text(account.delta)}"
    return f"{sizes} for its lifetime" if account.renew is None else f"{sizes} in every {account.renew}"


def _terms(account: Account) -> tuple[object, ...]:
    return account.pure, account.epsilon, account.delta, account.renew
