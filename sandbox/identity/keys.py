"""API keys: made once, shown once, stored as a hash; and the principal that a valid one stands for.

`sbx_<keyid>_<base62 of 256 bits>_<check>`: the check – 6 base62 digits of the SHA-256 of all before it – lets a typing
error or a cut-off key be found without asking anybody. It is no secret and proves nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from policies.roles import RULES
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.identity.records import ApiKey, Party, Person

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SECRET_DIGITS = 43  # 62⁴³ > 2²⁵⁶
CHECK_DIGITS = 6
_NOBODY = hashlib.sha256(b"nobody").hexdigest()


@dataclass(frozen=True)
class Principal:
    """The party on whose behalf a request comes, and the key it used. `person`: who signed in; then `key` stands for
    the session."""

    party: Party
    key: ApiKey
    person: Person | None = None

    @property
    def who(self) -> str:
        """The person who signed in, or else the party."""
        return self.person.id if self.person else self.party.id

    def has(self, *roles: str) -> bool:
        return any(role in self.party.roles for role in roles)

    def require(self, *roles: str) -> None:
        """Raise role_not_allowed unless the party holds one of `roles`."""
        if not self.has(*roles):
            raise Problem("role_not_allowed", f"this needs a party with the role {' or '.join(roles)}")

    def may(self, action: str) -> None:
        """Raise role_not_allowed unless the rules let one of the party's roles take `action`."""
        self.require(*RULES.allowed(action))

    def require_scope(self, scope: str, action: str | None = None) -> None:
        """Raise scope_not_allowed unless the key was made for `scope` (read, write), or for the area of `action`."""
        if not RULES.reach(self.key.scopes, scope, action):
            areas = [area for area, actions in RULES.areas.items() if action in actions]
            wanted = " or ".join([scope, *areas])
            raise Problem("scope_not_allowed", f"this key has no scope {wanted}; use a key that was made with it")

    def require_handing_on(self, scopes: Sequence[str]) -> None:
        """Raise scope_not_allowed unless the key may do all that `scopes` let one do."""
        if beyond := RULES.beyond(self.key.scopes, [scope for scope in scopes if scope in RULES.scopes]):
            raise Problem("scope_not_allowed", f"this key has no scope {beyond}; use a key that was made with it")

    @property
    def oversees(self) -> bool:
        """Whether it may read what belongs to others: catalogue, grants, usage – never answers."""
        return self.has(*RULES.overseeing)


def mint(
    tx: Transaction, party_id: str, scopes: Sequence[str] = RULES.whole, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Make a key for a party; the text is given here and never again. Raises field_invalid."""
    if not scopes or any(scope not in RULES.scopes for scope in scopes):
        raise Problem("field_invalid", f"scopes: name at least one of {', '.join(RULES.scopes)}")
    moment = now()
    if expires_at is not None and expires_at <= moment:
        raise Problem("field_invalid", "expires_at: give a time in the future, or none")
    key_id = new_id("key")
    head = f"sbx_{key_id.removeprefix('key_')}_{_base62(secrets.randbits(256), SECRET_DIGITS)}"
    text = f"{head}_{_check(head)}"
    key = ApiKey(key_id, party_id, fingerprint(text), list(scopes), expires_at, None, moment)
    tx.add(key)
    return key, text


def authenticate(tx: Transaction, authorization: str | None) -> Principal:
    """Give the principal of an `Authorization: Bearer <key>` header.

    Raises key_missing, key_invalid (unknown, mistyped, expired and revoked alike), party_suspended.
    """
    if not authorization:
        raise Problem("key_missing", "send the header Authorization: Bearer <key>")
    scheme, _, text = authorization.partition(" ")
    text = text.strip()
    if scheme.lower() != "bearer" or not well_formed(text):
        raise Problem("key_invalid", "this is not a key of the form sbx_…_…_…; check that it was copied whole")
    key = tx.get(ApiKey, "key_" + text.split("_")[1])
    same = hmac.compare_digest(key.digest if key else _NOBODY, fingerprint(text))
    if key is None or not same or key.revoked_at is not None or (key.expires_at and key.expires_at <= now()):
        raise Problem("key_invalid", "this key is unknown, expired or revoked; ask the authorising body for a new one")
    party = tx.get(Party, key.party)
    assert party is not None, "a key belongs to a party"
    if party.status != "active":
        raise Problem("party_suspended", "this party is suspended; ask the authorising body to reinstate it")
    return Principal(party, key)


def well_formed(text: str) -> bool:
    """Say whether the text can be a key at all – checked offline, by its check digits."""
    parts = text.split("_")
    if not text.isascii() or len(parts) != 4 or parts[0] != "sbx" or len(parts[2]) != SECRET_DIGITS:
        return False
    return hmac.compare_digest(parts[3], _check("_".join(parts[:3])))


def fingerprint(text: str) -> str:
    """Give the SHA-256 by which a key or token is stored. One round is enough: it has 256 random bits."""
    return hashlib.sha256(text.encode()).hexdigest()


def _check(head: str) -> str:
    return _base62(int.from_bytes(hashlib.sha256(head.encode()).digest(), "big") % 62**CHECK_DIGITS, CHECK_DIGITS)


def _base62(number: int, digits: int) -> str:
    text = ""
    for _ in range(digits):
        number, digit = divmod(number, 62)
        text = ALPHABET[digit] + text
    return text
