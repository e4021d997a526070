"""Deliveries that their recipient signed for, with a key of its own that the log knew before: the answer to "the host
framed us". What is signed is the hash of the delivery's leaf.

delivery-<m>/leaf, openings.json   the delivery's leaf; what opens its commitments (job, party, file)
delivery-<m>/key.leaf, key.json    the leaf by which the recipient registered its key; what opens its commitments
delivery-<m>/signature             the Ed25519 signature
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sandbox.core.canonical import canonical_bytes
from sandbox.core.commitments import Opened, opens
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.identity.records import SigningKey
from sandbox.jobs.records import Delivery, Release
from sandbox.transparency.journal import RECIPIENT, Journal, content
from sandbox.transparency.merkle import leaf_hash
from sandbox.transparency.notes import verifies
from sandbox.transparency.records import LogEntry


def message(delivery_leaf_hash: str) -> bytes:
    """Give what a recipient signs for a delivery, by its leaf hash in hexadecimal."""
    return f"sandbox delivery v1\n{delivery_leaf_hash}\n".encode()


def check_signature(tx: Transaction, party: str, delivery_leaf_hash: str, signature: str) -> SigningKey:
    """Give the registered key of `party` that made the signature (base64); raises `Problem(field_invalid)`."""
    keys = [key for key in tx.find(SigningKey, party=party) if key.revoked_at is None]
    if not keys:
        raise Problem("field_invalid", "register the key that signs first: POST /signing-keys, or `sandbox sign`")
    try:
        signed = base64.b64decode(signature, validate=True)
    except ValueError as error:
        raise Problem("field_invalid", "signature: write base64") from error
    for key in keys:
        if verifies(base64.b64decode(key.public), signed, message(delivery_leaf_hash)):
            return key
    raise Problem("field_invalid", "signature: none of your registered keys made it over this delivery's leaf hash")


def acknowledged(tx: Transaction, journal: Journal, releases: Sequence[Release], before: datetime) -> dict[str, bytes]:
    """Give the files of every delivery of these releases `before` a moment that was signed for and can be shown."""
    files: dict[str, bytes] = {}
    number = 0
    for delivery in (row for release in releases for row in tx.find(Delivery, job=release.job)):
        signature = (delivery.acknowledgement or {}).get("signature")
        key = tx.get(SigningKey, str((delivery.acknowledgement or {}).get("signing_key")))
        leaf = tx.get(LogEntry, delivery.entry)
        registered = tx.find(LogEntry, kind="signing_key.registered", party=key.party) if key else []
        mine = [row for row in registered if _public(row) == (key.public if key else None)]
        if not signature or leaf is None or not mine or max(leaf.at, mine[-1].at) >= before:
            continue
        number += 1
        files |= {
            f"delivery-{number}/leaf": leaf.leaf,
            f"delivery-{number}/openings.json": _spelled(journal.openings(tx, leaf, RECIPIENT)),
            f"delivery-{number}/key.leaf": mine[-1].leaf,
            f"delivery-{number}/key.json": _spelled(journal.openings(tx, mine[-1], RECIPIENT)),
            f"delivery-{number}/signature": base64.b64decode(signature),
        }
    return files


def verify(part: Mapping[str, bytes], party: str, job: str) -> str:
    """Check one signed delivery from its files: a delivery of `job`, signed by a key that `party` registered; give the
    SHA-256 of the file that was delivered. Raises ValueError that says what does not fit."""
    said, key = content(part["leaf"]), content(part["key.leaf"])
    if said["kind"] != "delivery.made" or key["kind"] != "signing_key.registered":
        raise ValueError("the leaves record no delivery or no key")
    delivery, registered = opened(part["openings.json"], said), opened(part["key.json"], key)
    if (delivery["party"], delivery["job"], registered["party"]) != (party.encode(), job.encode(), party.encode()):
        raise ValueError("the delivery or the key is another party's")
    public = key["public"]
    assert isinstance(public, dict)
    signed = message(leaf_hash(part["leaf"]).hex())
    if not verifies(base64.b64decode(public["key"]), part["signature"], signed):
        raise ValueError("the recipient's signature does not verify")
    return delivery["file"].decode()


def opened(openings: bytes, leaf: Mapping[str, Any]) -> dict[str, bytes]:
    """Give the values of openings, each of which must open its commitment in `leaf`; raises ValueError."""
    found = {}
    for name, one in json.loads(openings).items():
        opening = Opened(name, base64.b64decode(one["value"]), base64.b64decode(one["salt"]))
        if not opens(leaf["commitments"].get(name, ""), opening):
            raise ValueError(f"the commitment to {name} does not open")
        found[name] = opening.value
    return found


def _public(entry: LogEntry) -> str | None:
    public = content(entry.leaf)["public"]
    return public.get("key") if isinstance(public, dict) else None


def _spelled(openings: Mapping[str, Opened]) -> bytes:
    return canonical_bytes(
        {
            name: {"value": base64.b64encode(one.value).decode(), "salt": base64.b64encode(one.salt).decode()}
            for name, one in openings.items()
        }
    )
