"""Parties: who takes part, in which roles, and how each comes by its first key."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from policies.roles import RULES
from sandbox.core.clock import now, rfc3339
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.identity.keys import Principal, fingerprint, mint
from sandbox.identity.records import ApiKey, Enrolment, Party
from sandbox.transparency.journal import Journal

ENROLMENT_LASTS = timedelta(days=7)
BOOTSTRAP_ROLES = ("authoriser", "administration", "price_authority")
_CREDIT_CODE = re.compile(r"[0-9A-Z]{18}")


def bootstrap(tx: Transaction, journal: Journal, name: str = "Authorising body") -> tuple[Party, str]:
    """Make the first party, with the authority's three roles, and its key. Raises state_conflict on a second call."""
    if tx.find(Party, limit=1):
        raise Problem("state_conflict", "this instance has parties already; the first key is made only once")
    party = _add(tx, journal, name, BOOTSTRAP_ROLES, None)
    key, text = mint(tx, party.id)
    _log_key(tx, journal, key)
    return party, text


def create_party(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    name: str,
    roles: Sequence[str],
    credit_code: str | None = None,
) -> tuple[Party, str | None, str | None]:
    """Give the new party, its key, and – for those nobody may impersonate – a one-time token instead of the key.

    Raises role_not_allowed, field_invalid, separation_of_duties, state_conflict.
    """
    principal.may("party.create")
    party = _add(tx, journal, name, roles, credit_code)
    if enrols_itself(party):
        return party, None, _token(tx, party)
    key, text = mint(tx, party.id)
    _log_key(tx, journal, key)
    return party, text, None


def enrol(tx: Transaction, journal: Journal, token: str) -> tuple[ApiKey, str]:
    """Exchange a one-time token for the party's first key. Raises key_invalid when it is unknown, used or too old."""
    found = tx.get(Enrolment, fingerprint(token), lock=True)
    if found is None or found.used_at is not None or found.expires_at <= now():
        raise Problem("key_invalid", "this enrolment token is unknown, used or expired; ask for a new party")
    tx.change(found, used_at=now())
    key, text = mint(tx, found.party)
    _log_key(tx, journal, key)
    return key, text


def create_key(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    party_id: str,
    scopes: Sequence[str] = RULES.whole,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Make a further key: a party for itself, the authoriser for parties that it may hold keys of.

    Nobody makes a key that may do more than the key used for it, nor one for itself that outlives it. Raises
    not_found, separation_of_duties, scope_not_allowed, field_invalid.
    """
    principal.may("key.create")
    party = reachable(tx, principal, party_id)
    if party.id != principal.party.id and enrols_itself(party):
        raise Problem("separation_of_duties", "this party makes its own keys, so that nobody can act in its name")
    principal.require_handing_on(scopes)
    last = principal.key.expires_at
    if party.id == principal.party.id and last is not None and (expires_at is None or expires_at > last):
        raise Problem("scope_not_allowed", f"this key expires at {rfc3339(last)}; give expires_at no later than that")
    key, text = mint(tx, party.id, scopes, expires_at)
    _log_key(tx, journal, key)
    return key, text


def rotate(
    tx: Transaction, journal: Journal, principal: Principal, key_id: str, overlap: timedelta
) -> tuple[ApiKey, str]:
    """Make a key that may do what an old one may, which works on for `overlap`; gives the new one and its text.

    Raises role_not_allowed, not_found, state_conflict (revoked or expired), and what `create_key` raises."""
    principal.may("key.create")
    old = tx.get(ApiKey, key_id, lock=True)
    if old is None:
        raise Problem("not_found", "there is no such key")
    reachable(tx, principal, old.party)
    moment = now()
    if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= moment):
        raise Problem("state_conflict", "this key is revoked or expired already; make a new one")
    made, text = create_key(tx, journal, principal, old.party, old.scopes, old.expires_at)
    ends = moment + overlap
    if old.expires_at is None or ends < old.expires_at:
        tx.change(old, expires_at=ends)
    public = {"key": old.id, "party": old.party, "by": made.id, "ends": rfc3339(ends)}
    journal.write(tx, "key.rotated", public=public, party=old.party)
    return made, text


def keys_of(tx: Transaction, principal: Principal, party_id: str, limit: int, after: str | None) -> list[ApiKey]:
    """Give the keys of a party that the principal may look after, never their secrets. Raises not_found."""
    return tx.find(ApiKey, party=reachable(tx, principal, party_id).id, limit=limit, after=after)


def revoke(tx: Transaction, journal: Journal, principal: Principal, key_id: str) -> ApiKey:
    """Revoke a key: one's own, or as authoriser anybody's; for ever. Raises not_found, state_conflict."""
    principal.may("key.revoke")
    key = tx.get(ApiKey, key_id, lock=True)
    if key is None:
        raise Problem("not_found", "there is no such key")
    reachable(tx, principal, key.party)
    if key.revoked_at is not None:
        raise Problem("state_conflict", "this key is revoked already")
    changed = tx.change(key, revoked_at=now())
    journal.write(tx, "key.revoked", public={"key": key.id, "party": key.party}, party=key.party)
    return changed


def suspend(tx: Transaction, journal: Journal, principal: Principal, party_id: str) -> Party:
    """Close the door to a party: its keys stop, its obligations stay. Raises not_found, state_conflict."""
    return _turn(tx, journal, principal, party_id, "suspend", "active", "suspended")


def reinstate(tx: Transaction, journal: Journal, principal: Principal, party_id: str) -> Party:
    """Open the door again. Raises not_found, state_conflict."""
    return _turn(tx, journal, principal, party_id, "reinstate", "suspended", "active")


def reachable(tx: Transaction, principal: Principal, party_id: str) -> Party:
    """Give a party whose keys and people the principal may look after: its own, or as authoriser any. Raises
    not_found."""
    party = tx.get(Party, party_id)
    if party is None or (party.id != principal.party.id and not principal.has("authoriser")):
        raise Problem("not_found", "there is no such party")
    return party


def recipient(party: Party) -> str:
    """Give what a fingerprint names as recipient: the legal entity's credit code, or else the party."""
    return party.credit_code or party.id


def enrols_itself(party: Party) -> bool:
    return any(role in RULES.self_enrolling for role in party.roles)


def view(record: Party | ApiKey) -> dict[str, Any]:
    """Give a party or key as the outside sees it; never a hash."""
    return shown(record, "digest")


def _add(tx: Transaction, journal: Journal, name: str, roles: Sequence[str], credit_code: str | None) -> Party:
    _check(name, roles)
    code = _credit_code(tx, credit_code)
    party = Party(new_id("party"), name.strip(), sorted(roles, key=list(RULES.roles).index), code, "active", now())
    tx.add(party)
    committed = {"name": party.name} | ({"credit_code": code} if code else {})
    public: dict[str, str | int | None] = {"party": party.id, "roles": ",".join(party.roles)}
    journal.write(tx, "party.created", public=public, committed=committed, party=party.id)
    return party


def _check(name: str, roles: Sequence[str]) -> None:
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= 200:
        raise Problem("field_invalid", "name: write 1 to 200 characters")
    if isinstance(roles, str) or not roles or len(set(roles)) != len(roles) or any(r not in RULES.roles for r in roles):
        raise Problem("field_invalid", f"roles: list one or more, each once, of {', '.join(RULES.roles)}")
    if pair := RULES.conflict(roles):
        raise Problem(
            "separation_of_duties",
            f"one party cannot be {pair[0]} and {pair[1]}: managing and operating the same data are kept apart",
        )


def _credit_code(tx: Transaction, code: str | None) -> str | None:
    """Length and alphabet of GB 32100 only: its check character is not verified, nor is the register asked."""
    if code is None:
        return None
    upper = code.strip().upper() if isinstance(code, str) else ""
    if not _CREDIT_CODE.fullmatch(upper):
        raise Problem("field_invalid", "credit_code: write the 18 digits and capital letters of the credit code")
    if tx.find(Party, credit_code=upper, limit=1):
        raise Problem("state_conflict", "a party with this credit code exists; one legal entity is one party")
    return upper


def _token(tx: Transaction, party: Party) -> str:
    token = f"enrol_{secrets.token_urlsafe(32)}"
    tx.add(Enrolment(fingerprint(token), party.id, now() + ENROLMENT_LASTS, None))
    return token


def _turn(
    tx: Transaction, journal: Journal, principal: Principal, party_id: str, verb: str, before: str, after: str
) -> Party:
    principal.may(f"party.{verb}")
    party = tx.get(Party, party_id, lock=True)
    if party is None:
        raise Problem("not_found", "there is no such party")
    if party.id == principal.party.id:
        raise Problem("separation_of_duties", f"a party cannot {verb} itself; another authoriser does it")
    if party.status != before:
        raise Problem("state_conflict", f"only a party that is {before} can be changed so; this one is {party.status}")
    changed = tx.change(party, status=after)
    kind = "party.suspended" if verb == "suspend" else "party.reinstated"
    journal.write(tx, kind, public={"party": party.id, "by": principal.party.id}, party=party.id)
    return changed


def _log_key(tx: Transaction, journal: Journal, key: ApiKey) -> None:
    public: dict[str, str | int | None] = {"key": key.id, "party": key.party, "scopes": ",".join(key.scopes)}
    journal.write(tx, "key.created", public=public, party=key.party)
