"""What persons demand of whoever answers for a resource: objection, correction, portability, erasure (I3, I6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sandbox.catalogue.records import Resource
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.sealing import Sealer
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.persons.identified import own
from sandbox.persons.records import PersonRequest
from sandbox.transparency.journal import Journal

KINDS = ("objection", "correction", "portability", "erasure")
DEADLINE = timedelta(days=15)
UPHELD: dict[str, Any] = {"kind": ["objection", "erasure"], "status": "upheld"}
"""What ends all questions about a person."""


def demand(
    tx: Transaction, journal: Journal, sealer: Sealer, principal: Principal, kind: str, resource_id: str, text: str
) -> PersonRequest:
    """File a demand of the person that the party stands for; answered within 15 days by whoever answers for the data.

    Raises role_not_allowed, not_found, field_invalid, state_conflict (identity not proved)."""
    principal.may("person_request.file")
    if kind not in KINDS:
        raise Problem("field_invalid", f"kind: write one of {', '.join(KINDS)}")
    subject = own(tx, principal).subject
    resource = tx.get(Resource, resource_id)
    if resource is None:
        raise Problem("not_found", "resource: there is no such resource")
    moment, made_id = now(), new_id("demand")
    entry = journal.write(tx, "person.demanded", public={"kind": kind, "resource": resource_id}, resource=resource_id)
    made = PersonRequest(
        made_id, subject, principal.party.id, kind, resource_id, sealer.seal(text.encode(), f"demand:{made_id}"),
        "open", None, None, (moment + DEADLINE).date(), entry.id, moment, None,
    )  # fmt: skip
    tx.add(made)
    return made


def answer(
    tx: Transaction, journal: Journal, sealer: Sealer, principal: Principal, demand_id: str, upheld: bool, said: str
) -> PersonRequest:
    """Answer a demand about a resource that one answers for. An objection that is upheld holds at once: nobody is
    told anything of this person from that resource on the basis of consent or otherwise.

    Raises role_not_allowed, not_found, state_conflict."""
    principal.may("person_request.answer")
    found = tx.get(PersonRequest, demand_id, lock=True)
    resource = tx.get(Resource, found.resource) if found else None
    if found is None or resource is None or principal.party.id not in (resource.answers, resource.registrar):
        raise Problem("not_found", "there is no such demand about a resource that you answer for")
    if found.status != "open":
        raise Problem("state_conflict", "this demand was answered already")
    status = "upheld" if upheld else "rejected"
    sealed = sealer.seal(said.encode(), f"answer:{found.id}")
    done = tx.change(found, status=status, answer=sealed, answered_by=principal.party.id, answered_at=now())
    public: dict[str, str | int | None] = {"kind": found.kind, "resource": found.resource, "status": status}
    journal.write(tx, "person.answered", public=public | {"demand": found.entry}, resource=found.resource)
    return done


def objected(tx: Transaction, subject: str, resource: str) -> bool:
    """Say whether an objection or a demand for erasure of this person (a pseudonym) about the resource was upheld."""
    return bool(tx.find(PersonRequest, subject=subject, resource=resource, **UPHELD))


def filed(tx: Transaction, principal: Principal, *, limit: int = 50, after: str | None = None) -> list[PersonRequest]:
    """Give one's own demands, and those about resources that one answers for."""
    rows = {row.id: row for row in tx.find(PersonRequest, party=principal.party.id, limit=limit, after=after)}
    if principal.has("holder", "administration", "authoriser"):
        mine = principal.party.id
        held = tx.keys(Resource, holder_party=mine) + tx.keys(Resource, registrar=mine)
        rows |= {row.id: row for row in tx.find(PersonRequest, resource=held, limit=limit, after=after)}
    return [rows[key] for key in sorted(rows)][:limit]


def view(sealer: Sealer, request: PersonRequest) -> dict[str, Any]:
    """Give a demand as its two sides see it."""
    text = sealer.open(request.text, f"demand:{request.id}").decode()
    answer = sealer.open(request.answer, f"answer:{request.id}").decode() if request.answer else None
    return shown(request, "subject", "entry", "text", "answer") | {"text": text, "answer": answer}


def counts(tx: Transaction) -> dict[str, dict[str, int]]:
    """Give how many demands there are by kind and state, for the disclosure."""
    found: dict[str, dict[str, int]] = {}
    for kind, status, count in tx.totals(PersonRequest, by=("kind", "status")):
        found.setdefault(str(kind), {})[str(status)] = int(count)
    return found
