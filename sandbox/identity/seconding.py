"""Two persons for one action (双人复核): off until the authorising body asks for it, and then for every caller alike.

The first who asks is answered that a second is needed; when somebody else sends the same request, it is carried out."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from policies.alerts import TWO_PERSONS
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.identity.records import Party, Person, Seconding, TwoPersonRule
from sandbox.transparency.journal import Journal

SETTING = "two_person.set"
ASKABLE = frozenset({*TWO_PERSONS, SETTING})
"""All actions for which two persons can ever be needed."""
LASTS = timedelta(days=7)


def needed(tx: Transaction, action: str | None) -> bool:
    """Say whether an action needs two persons; changing that needs two as soon as anything does."""
    if action == SETTING:
        return bool(in_force(tx))
    return action in TWO_PERSONS and action in in_force(tx)


def in_force(tx: Transaction) -> list[str]:
    """Give the actions that need two persons now, in the order of the rules."""
    newest = {rule.action: rule.needed for rule in tx.find(TwoPersonRule)}
    return [action for action in TWO_PERSONS if newest.get(action)]


def change(tx: Transaction, journal: Journal, principal: Principal, actions: Collection[str]) -> list[str]:
    """Ask for two persons for exactly these actions from now on. Raises role_not_allowed, field_invalid."""
    principal.may(SETTING)
    if unknown := sorted(set(actions) - set(TWO_PERSONS)):
        raise Problem("field_invalid", f"actions: {unknown[0]} is not one of {', '.join(TWO_PERSONS)}")
    before = set(in_force(tx))
    for action in TWO_PERSONS:
        wanted = action in actions
        if wanted != (action in before):
            tx.add(TwoPersonRule(new_id("rule"), action, wanted, principal.party.id, now()))
            public = {"action": action, "persons": 2 if wanted else 1, "by": principal.party.id}
            journal.write(tx, "two_person.set", public=public)
    return in_force(tx)


def second(
    tx: Transaction, journal: Journal, principal: Principal, action: str, path: str, digest: str
) -> Seconding | None:
    """Give None when somebody else asked for the very same: it may be done now. Else give the request that waits.

    Raises two_person_required when one asked for it oneself already."""
    for waiting in tx.find(Seconding, digest=digest, status="waiting"):
        if waiting.until <= now() or not _acts_still(tx, waiting):
            continue
        if not somebody_else(tx, waiting.asked_person or waiting.asked_by, principal):
            raise Problem("two_person_required", "you asked for this already; somebody else has to ask for the same")
        person = principal.person.id if principal.person else None
        done = tx.change(
            waiting, status="done", seconded_by=principal.party.id, seconded_person=person, seconded_at=now()
        )
        _log(tx, journal, "action.seconded", done, principal)
        return None
    person = principal.person.id if principal.person else None
    asked = Seconding(
        new_id("seconding"), action, path, digest, "waiting", principal.party.id, person, now(), now() + LASTS, None,
        None, None,
    )  # fmt: skip
    tx.add(asked)
    _log(tx, journal, "action.asked", asked, principal)
    return asked


def somebody_else(tx: Transaction, asked: str, principal: Principal) -> bool:
    """Say whether the principal is another than who asked: a person or, where a key was used, a party. Of one party
    two people are two; a key says nothing of who holds it, so beside it only another party counts."""
    person = tx.get(Person, asked)
    if person is None:
        return asked != principal.party.id
    if person.party != principal.party.id:
        return True
    return principal.person is not None and principal.person.id != person.id


def _acts_still(tx: Transaction, waiting: Seconding) -> bool:
    """Say whether who asked first may act still: a party that was suspended, or a person who left, is no first."""
    party = tx.get(Party, waiting.asked_by)
    person = tx.get(Person, waiting.asked_person) if waiting.asked_person else None
    return party is not None and party.status == "active" and (person is None or person.status == "active")


def view(one: Seconding) -> dict[str, Any]:
    """Give a request that waits for, or had, a second person."""
    return shown(one, "digest")


def _log(tx: Transaction, journal: Journal, kind: str, one: Seconding, principal: Principal) -> None:
    public = {"seconding": one.id, "action": one.action, "by": principal.party.id}
    journal.write(tx, kind, public=public, committed={"path": one.path}, party=principal.party.id)
