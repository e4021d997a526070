"""The renewal of users' shares. Which period it is follows from public time alone, so nobody has to be awake for it: a
share is renewed, durably, by the first transaction that charges it in the new period.

What is spent stays spent: it moves into the account's past, and nothing goes back to the population. What was held
over the boundary stays held and counts in the period in which it is spent.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TypedDict

from sandbox.core.clock import rfc3339
from sandbox.core.store import Transaction
from sandbox.privacy import grains
from sandbox.privacy.periods import begin, number_at
from sandbox.privacy.records import Account, Renewal


class _Moved(TypedDict):
    period: int
    loss_before: Decimal
    delta_before: Decimal
    loss_spent: Decimal
    delta_spent: Decimal


def current(account: Account, at: datetime) -> Account:
    """Give `account` as it is `at` a moment: with a fresh share if a period has begun. Writes nothing."""
    moved = _moved(account, at)
    return account if moved is None else replace(account, **moved)


def renewed(tx: Transaction, account: Account, at: datetime) -> Account:
    """Give `account`, whose row the caller has locked, with its share renewed for the period of `at`. A clock that
    went back renews nothing, nor does a second worker: a period is entered once and never left for an earlier one."""
    moved = _moved(account, at)
    if moved is None:
        return account
    assert account.renew is not None
    period = moved["period"]
    began = begin(account.renew, account.counts_from, period)
    spent = account.loss_spent, account.delta_spent
    tx.add(Renewal(f"{account.id}:{period}", account.id, period, began, *spent, at))
    return tx.change(account, **moved)


def next_renewal(account: Account) -> str | None:
    """Say when the share of an account, as `current`, renews next: RFC 3339, or None when it never does."""
    if account.renew is None:
        return None
    return rfc3339(begin(account.renew, account.counts_from, account.period + 1))


def life(account: Account) -> tuple[Decimal, Decimal]:
    """Give the loss and the δ of thresholds that an account has spent over its whole life."""
    loss = grains.up(account.loss_before, grains.RHO) + grains.up(account.loss_spent, grains.RHO)
    delta = grains.up(account.delta_before, grains.DELTA) + grains.up(account.delta_spent, grains.DELTA)
    return grains.decimal(loss, grains.RHO), grains.decimal(delta, grains.DELTA)


def _moved(account: Account, at: datetime) -> _Moved | None:
    period = number_at(account.renew, account.counts_from, at)
    if period <= account.period:
        return None
    loss, delta = life(account)
    return _Moved(
        period=period,
        loss_before=loss,
        delta_before=delta,
        loss_spent=grains.decimal(0, grains.RHO),
        delta_spent=grains.decimal(0, grains.DELTA),
    )
