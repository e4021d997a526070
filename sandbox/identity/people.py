"""People who act for a party: invited by it, named by an OIDC provider, and signed in for a while."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from policies.roles import RULES
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Stale, Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.identity.keys import Principal, fingerprint
from sandbox.identity.parties import ENROLMENT_LASTS, enrols_itself, reachable
from sandbox.identity.records import ApiKey, Party, Person, Session
from sandbox.transparency.journal import Journal

SEEN_AGAIN = timedelta(minutes=1)
"""How old the last sign of life may grow before it is written again: not every request writes."""


@dataclass(frozen=True)
class Limits:
    """How long a session lasts at most, and without requests."""

    longest: timedelta
    idle: timedelta


def invite(
    tx: Transaction, journal: Journal, principal: Principal, party_id: str, name: str, scopes: Sequence[str]
) -> tuple[Person, str]:
    """Let somebody act for a party; gives the person and a one-time invitation, shown this once, good for seven days.

    A party invites for itself, the authoriser for parties whose keys it may make. Raises role_not_allowed, not_found,
    separation_of_duties, scope_not_allowed, field_invalid."""
    principal.may("person.invite")
    party = reachable(tx, principal, party_id)
    if party.id != principal.party.id and enrols_itself(party):
        raise Problem("separation_of_duties", "this party invites its own people, so that nobody acts in its name")
    if not name.strip() or not scopes or any(scope not in RULES.scopes for scope in scopes):
        raise Problem("field_invalid", f"give a name, and scopes of {', '.join(RULES.scopes)}")
    principal.require_handing_on(scopes)
    token, moment = f"invite_{secrets.token_urlsafe(32)}", now()
    made = Person(
        new_id("person"), party.id, name.strip(), list(scopes), "invited", fingerprint(token), principal.party.id,
        moment + ENROLMENT_LASTS, None, None, moment,
    )  # fmt: skip
    tx.add(made)
    _log(tx, journal, "person.invited", made)
    return made, token


def end(tx: Transaction, journal: Journal, principal: Principal, person_id: str) -> Person:
    """Let somebody act no more: every session ends at once. Raises role_not_allowed, not_found, state_conflict."""
    principal.may("person.invite")
    person = tx.get(Person, person_id, lock=True)
    if person is None:
        raise Problem("not_found", "there is no such person")
    reachable(tx, principal, person.party)
    if person.status == "ended":
        raise Problem("state_conflict", "this person acts for nobody already")
    gone = tx.change(person, status="ended", invitation=None, issuer=None, subject=None)
    for session in tx.find(Session, person=person.id, ended_at=None):
        tx.change(session, ended_at=now())
    _log(tx, journal, "person.ended", gone)
    return gone


def listed(tx: Transaction, principal: Principal, party_id: str, limit: int, after: str | None) -> list[Person]:
    """Give the people of a party that the principal may reach. Raises not_found."""
    party = reachable(tx, principal, party_id)
    return tx.find(Person, party=party.id, limit=limit, after=after)


def sign_in(
    tx: Transaction, journal: Journal, issuer: str, subject: str, invitation: str | None, limits: Limits
) -> tuple[Person, str]:
    """Begin a session for whom the provider named; gives the person and the session's token. With an `invitation` (the
    SHA-256 of its text) the name is bound to the invited person, once.

    Raises key_invalid (nobody here, or an invitation that does not hold), party_suspended, state_conflict (this name
    acts for a party already)."""
    known = tx.find(Person, issuer=issuer, subject=subject, status="active", limit=1)
    if invitation is not None:
        if known:
            raise Problem("state_conflict", "you act for a party already; it has to let you go first")
        person = _bind(tx, journal, invitation, issuer, subject)
    elif known:
        person = known[0]
    else:
        raise Problem("key_invalid", "you are signed in there, and nobody invited you here; ask your party to do so")
    _active_party(tx, person)
    token, moment = secrets.token_urlsafe(32), now()
    tx.add(Session(fingerprint(token), person.id, moment, moment + limits.longest, None, moment))
    _log(tx, journal, "person.signed_in", person)
    return person, token


def resume(tx: Transaction, token: str, limits: Limits) -> tuple[Principal, Session]:
    """Give the principal of a session that goes on. Raises key_invalid (ended, too old, idle), party_suspended."""
    session, moment = tx.get(Session, fingerprint(token)), now()
    person = tx.get(Person, session.person) if session is not None else None
    if session is None or person is None or person.status != "active" or not _lasts(session, limits, moment):
        raise Problem("key_invalid", "your session is over; sign in again")
    party = _active_party(tx, person)
    key = ApiKey(
        f"session_{session.id[:32]}", party.id, "", person.scopes, session.expires_at, None, session.created_at
    )  # fmt: skip
    return Principal(party, key, person), session


def grown_old(session: Session) -> bool:
    """Say whether the last sign of life is to be written anew."""
    return now() - session.seen_at > SEEN_AGAIN


def seen(tx: Transaction, session: Session) -> None:
    """Note a sign of life; of two requests at once one does."""
    with suppress(Stale):
        tx.change(session, seen_at=now())


def sign_out(tx: Transaction, token: str) -> None:
    """End a session; one that is over already stays so."""
    session = tx.get(Session, fingerprint(token), lock=True)
    if session is not None and session.ended_at is None:
        tx.change(session, ended_at=now())


def view(person: Person) -> dict[str, Any]:
    """Give a person as its party sees it."""
    return shown(person, "invitation", "issuer", "subject")


def _bind(tx: Transaction, journal: Journal, invitation: str, issuer: str, subject: str) -> Person:
    found = tx.find(Person, invitation=invitation, limit=1)
    if not found or found[0].status != "invited" or found[0].invited_until <= now():
        raise Problem("key_invalid", "this invitation is unknown, used or expired; ask your party for a new one")
    bound = tx.change(found[0], status="active", invitation=None, issuer=issuer, subject=subject)
    _log(tx, journal, "person.enrolled", bound)
    return bound


def _lasts(session: Session, limits: Limits, moment: datetime) -> bool:
    return session.ended_at is None and moment < session.expires_at and moment - session.seen_at < limits.idle


def _active_party(tx: Transaction, person: Person) -> Party:
    party = tx.get(Party, person.party)
    assert party is not None, "a person acts for a party"
    if party.status != "active":
        raise Problem("party_suspended", "this party is suspended; ask the authorising body to reinstate it")
    return party


def _log(tx: Transaction, journal: Journal, kind: str, person: Person) -> None:
    """The log shows the party; the person is committed to, so that the name can be erased."""
    committed = {"person": person.id, "name": person.name}
    journal.write(tx, kind, public={"party": person.party}, committed=committed, party=person.party)
