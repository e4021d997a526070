"""What a holder says to grants over its resource, and each grant as it sees it (A1)."""

from __future__ import annotations

from typing import Any

from sandbox.catalogue.holders import answering
from sandbox.catalogue.records import HolderConsent, Resource
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.grants.consenting import consented
from sandbox.grants.give import covers
from sandbox.grants.records import Grant
from sandbox.identity.keys import Principal
from sandbox.transparency.journal import Journal

GIVEN, REFUSED, PENDING, NOT_NEEDED = "given", "refused", "pending", "not_needed"


def decide(
    tx: Transaction, journal: Journal, principal: Principal, resource_id: str, grant_id: str, agreed: bool, reason: str
) -> HolderConsent:
    """Consent to a grant over one's resource, or refuse it; either can be changed later and holds at once.

    Raises role_not_allowed, not_found – also for grants that do not reach the resource –, state_conflict for one that
    was left."""
    resource = answering(tx, principal, resource_id)
    grant = tx.get(Grant, grant_id, lock=True)
    if grant is None or not covers(grant, resource):
        raise Problem("not_found", "grant: there is no such grant over this resource")
    if grant.status == "exited":
        raise Problem("state_conflict", "this grant was left; there is nothing to consent to")
    status, moment = GIVEN if agreed else REFUSED, now()
    said = {"status": status, "reason": reason, "by": principal.party.id, "decided_at": moment}
    earlier = tx.find(HolderConsent, grant=grant.id, resource=resource.id)
    if earlier:
        made = tx.change(earlier[0], **said)
    else:
        made = HolderConsent(
            new_id("consent"),
            grant.id,
            resource.id,
            resource.answers,
            status,
            reason,
            principal.party.id,
            moment,
            moment,
        )
        tx.add(made)
    journal.write(
        tx,
        f"grant.consent_{status}",
        public={"grant": grant.id, "resource": resource.id, "by": principal.party.id},
        committed={"reason": reason},
        party=grant.operator,
        resource=resource.id,
    )
    return made


def consents(tx: Transaction, resource: Resource) -> list[dict[str, Any]]:
    """Give each grant over the resource, with what its holder said: given, refused, pending, or not_needed."""
    said = {one.grant: one for one in tx.find(HolderConsent, resource=resource.id)}
    return [_view(tx, resource, grant, said.get(grant.id)) for grant in tx.find(Grant) if covers(grant, resource)]


def _view(tx: Transaction, resource: Resource, grant: Grant, said: HolderConsent | None) -> dict[str, Any]:
    status = said.status if said else NOT_NEEDED if consented(tx, grant, resource) else PENDING
    answered = shown(said, "id", "grant", "resource", "holder", "created_at", "status") if said else {}
    terms = shown(grant, "id", "conditions", "security_contact", "authoriser", "status")
    return {**terms, **answered, "grant": grant.id, "grant_status": grant.status, "status": status}
