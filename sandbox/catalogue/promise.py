"""The promise of a registration: its parts fit each other, and it changes in one way: a cap is raised, in public."""

from __future__ import annotations

from decimal import Decimal

from sandbox.catalogue.entry import Privacy
from sandbox.catalogue.records import Resource
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.privacy.grains import text
from sandbox.privacy.raising import raise_cap
from sandbox.privacy.records import Account, Raise
from sandbox.transparency.journal import Journal


def check_promise(privacy: Privacy) -> None:
    """Raise `Problem(field_invalid)` unless the sizes of a promise fit each other: a share within the whole, δ above 0
    or, of a pure promise, none."""
    each = privacy.per_user
    for where, delta in (("privacy.delta", privacy.delta), ("privacy.per_user.delta", each.delta)):
        if privacy.pure and delta != 0:
            raise _invalid(where, "a pure budget promises ε alone; leave delta out, or leave pure out")
        if not privacy.pure and delta == 0:
            raise _invalid(where, "write a delta above 0 and well below 1/number of units, or declare `pure: true`")
    if each.epsilon > privacy.epsilon or each.delta > privacy.delta:
        raise _invalid("privacy.per_user", "a user's share cannot exceed the whole; write at most epsilon and delta")


def raise_promise(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    account_id: str,
    epsilon: Decimal,
    delta: Decimal | None,
    reason: str,
) -> tuple[Account, Raise]:
    """Raise the lifetime cap of a population: by the registrar of its resources, or by the authorising body. The log
    names the old promise and the new one, the disclosure the reason as well; the catalogue shows the new one.

    Raises `Problem`: role_not_allowed; not_found for a population that is not one's own; state_conflict and
    epsilon_invalid as `raise_cap` does.
    """
    principal.may("budget.raise")
    account = tx.get(Account, account_id)
    resources = tx.find(Resource, population=account.population) if account is not None else []
    if not principal.has("authoriser") and principal.party.id not in {one.registrar for one in resources}:
        raise Problem("not_found", "there is no such population of yours")
    locked = [tx.get(Resource, one.id, lock=True) for one in sorted(resources, key=lambda one: one.id)]
    raised, step = raise_cap(tx, account_id, epsilon, delta, reason, principal.party.id)
    for resource in locked:
        assert resource is not None
        terms = {"epsilon": text(raised.epsilon)} | ({} if raised.pure else {"delta": text(raised.delta)})
        tx.change(resource, entry={**resource.entry, "privacy": {**resource.entry["privacy"], **terms}})
    journal.write(
        tx,
        "promise.raised",
        public={
            "account": raised.id,
            "population": raised.population,
            "epsilon_from": text(step.epsilon_before),
            "epsilon_to": text(step.epsilon),
            "delta_from": text(step.delta_before),
            "delta_to": text(step.delta),
            "by": step.by,
        },
        committed={"reason": step.reason},
        party=step.by,
    )
    return raised, step


def _invalid(field: str, say: str) -> Problem:
    return Problem("field_invalid", f"Field {field}: {say}.", field=field)
