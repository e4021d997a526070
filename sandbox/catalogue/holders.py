"""The holder (数源单位) is a party: it answers for its resource and sets conditions for grants over it (A1, A3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from policies.purposes import PURPOSES
from sandbox.catalogue.entry import Entry
from sandbox.catalogue.records import Conditions, Resource
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.identity.records import Party
from sandbox.transparency.journal import Journal


def holder_of(tx: Transaction, principal: Principal, entry: Entry) -> str | None:
    """Give the party that a registration names as the holder, None when it names none. Raises `Problem(field_invalid)`
    unless it has the role, and the registrar is that party itself or a data administration."""
    if entry.holder_party is None or entry.holder_party == principal.party.id:
        return None
    named = tx.get(Party, entry.holder_party)
    if named is None or "holder" not in named.roles or not principal.has("administration"):
        raise Problem(
            "field_invalid",
            "Field holder_party: write the id of a party with the role holder; only a data administration registers "
            "for another.",
            field="holder_party",
        )
    return named.id


def answering(tx: Transaction, principal: Principal, resource_id: str, *, lock: bool = False) -> Resource:
    """Give a resource that the principal answers for. Raises role_not_allowed, not_found."""
    principal.may("resource.condition")
    resource = tx.get(Resource, resource_id, lock=lock)
    if resource is None or resource.answers != principal.party.id:
        raise Problem("not_found", "there is no such resource that you answer for")
    return resource


def set_conditions(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    resource_id: str,
    purposes: Sequence[str],
    consent: bool,
    text: str,
) -> Conditions:
    """Say what grants over one's resource need: their purposes among these (all, when there are none), one's consent to
    each. Grants that were given before stay as they are.

    Raises role_not_allowed, not_found, field_invalid."""
    resource = answering(tx, principal, resource_id, lock=True)
    if unknown := [purpose for purpose in purposes if purpose not in PURPOSES]:
        raise Problem("field_invalid", f"purposes: {unknown[0]} is unknown; write {', '.join(PURPOSES)}")
    number = 1 + len(tx.keys(Conditions, resource=resource.id))
    chosen = [purpose for purpose in PURPOSES if purpose in purposes]
    moment = now()
    made = Conditions(
        new_id("conditions"), resource.id, number, chosen, consent, text, principal.party.id, moment
    )  # fmt: skip
    tx.add(made)
    journal.write(
        tx,
        "resource.conditions_set",
        public={
            "resource": resource.id,
            "number": number,
            "purposes": ",".join(chosen),
            "consent": "yes" if consent else "no",
        },
        committed={"text": text},
        party=principal.party.id,
        resource=resource.id,
    )
    return made


def conditions_of(tx: Transaction, resource_id: str) -> Conditions | None:
    """Give the conditions in force."""
    found = tx.find(Conditions, resource=resource_id, order=["-number"], limit=1)
    return found[0] if found else None


def allowed_purposes(tx: Transaction, resource: Resource, purposes: Sequence[str], since: datetime) -> list[str]:
    """Give those of a grant's purposes that the holder allows. A grant given at `since` keeps what it had when the
    conditions came later, unless the resource came later still."""
    held = conditions_of(tx, resource.id)
    before = held is not None and held.created_at > since and resource.created_at <= since
    if held is None or not held.purposes or before:
        return list(purposes)
    return [purpose for purpose in purposes if purpose in held.purposes]


def check_conditions(tx: Transaction, resource: Resource, purposes: Sequence[str]) -> None:
    """Raise `Problem(purpose_not_allowed)` when a new grant over `resource` is to allow what its holder excludes."""
    allowed = allowed_purposes(tx, resource, purposes, now())
    if beyond := ", ".join(purpose for purpose in purposes if purpose not in allowed):
        raise Problem(
            "purpose_not_allowed",
            f"purposes: the holder of {resource.name} does not allow {beyond}; leave it out, or ask the holder",
        )
