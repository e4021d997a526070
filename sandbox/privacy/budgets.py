"""Budgets as they are shown: total, spent, reserved, left, over life, what they buy and when they renew."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.core.clock import now, rfc3339
from sandbox.core.store import Transaction
from sandbox.jobs.records import Job
from sandbox.privacy import grains
from sandbox.privacy.accounts import EACH, epsilon_of, left
from sandbox.privacy.records import Account, Charge, Raise
from sandbox.privacy.renewals import current, life, next_renewal
from sandbox.privacy.worth import warning, worth


def budgets(
    tx: Transaction,
    *,
    party: str | None = None,
    populations: Iterable[str] | None = None,
    at: datetime | None = None,
) -> list[dict[str, Any]]:
    """Give the accounts as they are `at` a moment (now). Only those of `party` and of `populations` where these are
    given.

    `total`, `spent`, `reserved`, `left` and `life` are texts of ε, δ and ρ (a pure account has no ρ). The first four
    are of the present period, `life` is all that was ever spent. ρ and δ add up; ε does not, each is what its ρ alone
    amounts to. What is spent is the guarantee so far; its δ contains the half that is fixed for the conversion as soon
    as anything is spent. `left.epsilon` is the largest ε of one further question; `worth` says what is left in
    questions, `warning` that it is little. `renews` is the length of a period and when the next begins, or None.
    `raised` are the changes of a population's promise."""
    moment = at or now()
    equal: dict[str, Any] = {} if populations is None else {"population": list(populations)}
    if party is not None:
        equal["party"] = party
    accounts = tx.find(Account, order=("population", "id"), **equal)
    return [_shown(tx, current(account, moment)) for account in accounts if account.party != EACH]


def budget(tx: Transaction, account: Account) -> dict[str, Any]:
    """Give one account as `budgets` does."""
    return _shown(tx, current(account, now()))


def promise_to_each(tx: Transaction, population: str) -> dict[str, Any]:
    """Give what each user of a population is promised: `epsilon`, `delta`, and `renews` (None: for life)."""
    [each] = tx.find(Account, population=population, party=EACH)
    return {"epsilon": grains.text(each.epsilon), "delta": grains.text(each.delta), "renews": each.renew}


def by_product(tx: Transaction, account: Account) -> list[dict[str, Any]]:
    """Give what each product took from a population's account over its life, the most first: `product` (None: bought by
    nobody's question, as a profile, or known from the log only), `answers`, and `spent` as `budgets` shows it."""
    products = {job: product for product, job, _ in tx.totals(Job, by=["product", "id"], population=account.population)}
    sums: dict[str | None, tuple[int, int, int]] = {}
    for charge in tx.find(Charge, account=account.id, state="spent"):
        product = products.get(charge.job)
        number, loss, delta = sums.get(product, (0, 0, 0))
        added = grains.up(charge.loss, grains.RHO), grains.up(charge.delta, grains.DELTA)
        sums[product] = number + 1, loss + added[0], delta + added[1]
    return [
        {
            "product": product,
            "answers": number,
            "spent": _amount(account, grains.decimal(loss, grains.RHO), grains.decimal(delta, grains.DELTA)),
        }
        for product, (number, loss, delta) in sorted(sums.items(), key=lambda one: (-one[1][1], one[0] or ""))
    ]


def raises(tx: Transaction, account: str) -> list[dict[str, Any]]:
    """Give the changes of an account's promise, oldest first; public."""
    return [
        {
            "at": rfc3339(step.at),
            "from": {"epsilon": grains.text(step.epsilon_before), "delta": grains.text(step.delta_before)},
            "to": {"epsilon": grains.text(step.epsilon), "delta": grains.text(step.delta)},
            "reason": step.reason,
        }
        for step in tx.find(Raise, account=account, order=("at", "id"))
    ]


def _shown(tx: Transaction, account: Account) -> dict[str, Any]:
    over_life = life(account)
    shown: dict[str, Any] = {
        "account": account.id,
        "population": account.population,
        "party": account.party,
        "pure": account.pure,
        "total": _texts(account, account.epsilon, account.loss_total, account.delta),
        "spent": _spent(account, account.loss_spent, account.delta_spent),
        "reserved": _amount(account, account.loss_held, account.delta_held),
        "left": left(account),
        "life": _spent(account, *over_life),
        "worth": worth(account),
        "warning": warning(account),
        "renews": None,
    }
    if account.renew is not None:
        shown["renews"] = {"every": account.renew, "next": next_renewal(account)}
    if account.party is None:
        shown["raised"] = raises(tx, account.id)
    return shown


def _spent(account: Account, loss: Decimal, delta: Decimal) -> dict[str, str]:
    """The guarantee that what was spent amounts to: with the fixed half of δ, once anything is spent."""
    fixed = grains.up(account.delta_conv, grains.DELTA) if loss > 0 else 0
    return _amount(account, loss, grains.decimal(fixed + grains.up(delta, grains.DELTA), grains.DELTA))


def _amount(account: Account, loss: Decimal, delta: Decimal) -> dict[str, str]:
    return _texts(account, epsilon_of(account, loss), loss, delta)


def _texts(account: Account, epsilon: Decimal, loss: Decimal, delta: Decimal) -> dict[str, str]:
    said = {"epsilon": grains.text(epsilon), "delta": grains.text(delta)}
    return said if account.pure else said | {"rho": grains.text(loss)}
