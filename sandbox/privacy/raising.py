"""Raising a population's lifetime cap: the one way in which a promise changes, and only upwards in what it allows."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.privacy.accounts import delta_left, loss_left, promised, words
from sandbox.privacy.records import Account, Raise


def raise_cap(
    tx: Transaction, account_id: str, epsilon: Decimal, delta: Decimal | None, reason: str, by: str
) -> tuple[Account, Raise]:
    """Raise the promise of a population's account to (`epsilon`, `delta`; None: as it is); give the account and the
    record of the change, which the caller logs and discloses. Nothing spent or held changes, nor any user's share.

    Raises Problem not_found for what is no population's account; state_conflict when either number would become
    smaller or both stay, or when more is spent and held than the new cap allows; epsilon_invalid.
    """
    account = tx.get(Account, account_id, lock=True)
    if account is None or account.party is not None:
        raise Problem("not_found", "there is no such population account; name one that `budgets` lists without party")
    new_delta = account.delta if delta is None else delta
    promise = promised(
        account.population, None, epsilon, new_delta, account.pure, None, account.created_at, account.counts_from
    )
    if epsilon < account.epsilon or new_delta < account.delta:
        raise Problem("state_conflict", f"a promise is never lowered: it is {words(account)}; name at least as much")
    if (epsilon, new_delta) == (account.epsilon, account.delta):
        raise Problem("state_conflict", f"the promise is {words(account)} already; name more")
    terms: dict[str, Any] = {
        "epsilon": epsilon,
        "delta": new_delta,
        "delta_conv": promise.delta_conv,
        "delta_pool": promise.delta_pool,
        "loss_total": promise.loss_total,
    }
    raised = replace(account, **terms)
    if loss_left(raised) < 0 or delta_left(raised) < 0:
        raise Problem("state_conflict", f"more is spent and reserved than {words(raised)} pays for; name more")
    step = Raise(new_id("raise"), account.id, account.epsilon, account.delta, epsilon, new_delta, reason, by, now())
    tx.add(step)
    return tx.change(account, **terms), step
