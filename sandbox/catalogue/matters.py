"""Feedback on quality, objections (数据异议) and demands (需求受理): filed, answered by whoever answers for the data
within a deadline, counted in public (R4)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from policies.matters import KINDS
from sandbox.catalogue.records import Matter, Resource
from sandbox.catalogue.registry import visible
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.transparency.journal import Journal

OPEN, ACCEPTED, REJECTED, WITHDRAWN = "open", "accepted", "rejected", "withdrawn"
MOST_OPEN = 100
"""Open matters of one party: more than anybody follows, less than what buries those who answer."""


def file(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    kind: str,
    subject: str,
    text: str,
    resource_id: str | None = None,
    domain: str | None = None,
) -> Matter:
    """File feedback or an objection about a resource one may see, or a demand: for a resource, a domain, or neither.

    Raises not_found, state_conflict (too many are open)."""
    resource = None
    if resource_id is not None:
        resource = tx.get(Resource, resource_id)
        if resource is None or not visible(resource, principal):
            raise Problem("not_found", "there is no such resource")
    mine = principal.party.id
    if len(tx.keys(Matter, party=mine, status=OPEN)) >= MOST_OPEN:
        raise Problem("state_conflict", f"{MOST_OPEN} matters of yours are open; wait for answers, or withdraw some")
    moment = now()
    made = Matter(
        new_id("matter"),
        kind,
        mine,
        resource.answers if resource else None,
        resource.id if resource else None,
        resource.domain if resource else domain,
        subject,
        text,
        OPEN,
        None,
        None,
        (moment + timedelta(days=KINDS[kind].days)).date(),
        moment,
        None,
    )
    tx.add(made)
    journal.write(
        tx,
        f"{kind}.filed",
        public={"matter": made.id, "resource": made.resource, "due": made.due.isoformat()},
        committed={"party": mine, "subject": subject, "text": text},
        party=mine,
        resource=made.resource,
    )
    return made


def answer(
    tx: Transaction, journal: Journal, principal: Principal, matter_id: str, accepted: bool, said: str
) -> Matter:
    """Answer what was addressed to one: by the holder of the resource; demands for none by a data administration.

    Raises role_not_allowed, not_found, state_conflict."""
    principal.may("matter.answer")
    found = tx.get(Matter, matter_id, lock=True)
    if found is None or not _addressed(found, principal):
        raise Problem("not_found", "there is no such matter for you to answer")
    status = ACCEPTED if accepted else REJECTED
    done = _close(tx, found, status, answer=said, answered_by=principal.party.id)
    _log(tx, journal, "answered", done, principal, {"answer": said})
    return done


def withdraw(tx: Transaction, journal: Journal, principal: Principal, matter_id: str) -> Matter:
    """Withdraw one's own open matter. Raises not_found, state_conflict."""
    found = tx.get(Matter, matter_id, lock=True)
    if found is None or found.party != principal.party.id:
        raise Problem("not_found", "there is no such matter of yours")
    done = _close(tx, found, WITHDRAWN)
    _log(tx, journal, "withdrawn", done, principal, {})
    return done


def seen(matter: Matter, principal: Principal) -> bool:
    """Say whether it is one's own, addressed to one, or one oversees."""
    return matter.party == principal.party.id or _addressed(matter, principal) or principal.oversees


def view(matter: Matter) -> dict[str, Any]:
    """Give a matter as its parties see it, and whether its deadline has passed."""
    return shown(matter) | {"overdue": overdue(matter, now().date())}


def overdue(matter: Matter, day: date) -> bool:
    """Say whether an answer is late."""
    return matter.status == OPEN and matter.due < day


def counts(tx: Transaction) -> dict[str, dict[str, int]]:
    """Give by kind how many matters were ever filed, are open, overdue, accepted, rejected and withdrawn, for the
    disclosure: numbers of requests, nothing of what they say."""
    today = now().date()
    states = ("filed", OPEN, "overdue", ACCEPTED, REJECTED, WITHDRAWN)
    found = {kind: dict.fromkeys(states, 0) for kind in KINDS}
    for kind, status, number in tx.totals(Matter, by=["kind", "status"]):
        found[kind][status] += number
        found[kind]["filed"] += number
    for kind, due, number in tx.totals(Matter, by=["kind", "due"], status=OPEN):
        found[kind]["overdue"] += number if due < today else 0
    return found


def _addressed(matter: Matter, principal: Principal) -> bool:
    if matter.holder is None:
        return principal.has("administration")
    return matter.holder == principal.party.id


def _close(tx: Transaction, matter: Matter, status: str, **said: str) -> Matter:
    if matter.status != OPEN:
        raise Problem("state_conflict", f"this matter is {matter.status} already")
    return tx.change(matter, status=status, answered_at=now(), **said)


def _log(
    tx: Transaction, journal: Journal, what: str, matter: Matter, principal: Principal, committed: dict[str, str]
) -> None:
    journal.write(
        tx,
        f"{matter.kind}.{what}",
        public={"matter": matter.id, "resource": matter.resource, "status": matter.status},
        committed=committed,
        party=principal.party.id,
        resource=matter.resource,
    )
