"""Keys by which parties sign for deliveries: registered by themselves, in the log before they are used."""

from __future__ import annotations

import base64

from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.identity.records import SigningKey
from sandbox.transparency.journal import Journal

MOST = 10


def register(tx: Transaction, journal: Journal, principal: Principal, public: str) -> SigningKey:
    """Register an Ed25519 public key (base64) of one's own party.

    Raises `Problem`: `field_invalid` for what is no key, `state_conflict` for one too many, or twice."""
    principal.may("signing_key.register")
    try:
        raw = base64.b64decode(public, validate=True)
    except ValueError:
        raw = b""
    if len(raw) != 32 or base64.b64encode(raw).decode() != public:
        raise Problem("field_invalid", "public: write the 32 bytes of an Ed25519 public key as base64")
    mine = [key for key in tx.find(SigningKey, party=principal.party.id) if key.revoked_at is None]
    if any(key.public == public for key in mine) or len(mine) >= MOST:
        raise Problem("state_conflict", f"this key is registered, or you have {MOST} keys already; revoke one first")
    made = SigningKey(new_id("signing"), principal.party.id, public, now(), None)
    tx.add(made)
    said = {"party": made.party}
    journal.write(tx, "signing_key.registered", public={"key": public}, committed=said, party=made.party)
    return made


def revoke(tx: Transaction, journal: Journal, principal: Principal, key_id: str) -> SigningKey:
    """Revoke one's own key: it signs for nothing more. Raises not_found, state_conflict."""
    principal.may("signing_key.register")
    key = tx.get(SigningKey, key_id, lock=True)
    if key is None or key.party != principal.party.id:
        raise Problem("not_found", "there is no such signing key of yours")
    if key.revoked_at is not None:
        raise Problem("state_conflict", "this key is revoked already")
    changed = tx.change(key, revoked_at=now())
    journal.write(tx, "signing_key.revoked", public={"key": key.public}, party=key.party)
    return changed
