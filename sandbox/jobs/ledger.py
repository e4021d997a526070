"""What a leaf says about accounts: sealed, so that the public cannot see whether a population paid, and readable with
the keys alone, so that it outlives the database."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable

from sandbox.catalogue.records import BoughtProfile
from sandbox.core.canonical import canonical_bytes
from sandbox.core.store import Transaction
from sandbox.jobs.house import House
from sandbox.jobs.records import Job
from sandbox.privacy import recovery
from sandbox.transparency.journal import content
from sandbox.transparency.leaves import published
from sandbox.transparency.records import LogEntry

KINDS = ("job.released", "job.failed", "profile.bought", "profile.failed")
CONTEXT = "charges"


def sealed(house: House, tx: Transaction, job: Job | BoughtProfile) -> str | None:
    """Give the member `charges` of the leaf of a job or a profile: what it has spent in each account, sealed with the
    release key. None when it held nothing. Its length tells nothing: it is that of the names in it."""
    said = recovery.spending(tx, job.id)
    if said is None:
        return None
    return base64.b64encode(house.release_sealer.seal(canonical_bytes(said), CONTEXT)).decode()


def read(house: House, tx: Transaction) -> list[recovery.Told]:
    """Give what all leaves say was spent: those that are published, whether the database knows them or not, and those
    that wait. Raises SealBroken for a leaf that another instance's key sealed."""
    leaves = list(published(house.log_folder))  # the files first: what is public is spent in any later snapshot
    leaves += [entry.leaf for entry in tx.find(LogEntry, kind=list(KINDS), index=None)]
    return told(house, leaves)


def told(house: House, leaves: Iterable[bytes]) -> list[recovery.Told]:
    """Give what these leaves say was spent, each leaf once; raises like `read`."""
    found: dict[str, list[recovery.Told]] = {}
    for leaf in leaves:
        said = content(leaf)
        public = said["public"]
        assert isinstance(public, dict)
        if said["kind"] in KINDS and public.get("charges") is not None:
            opened = house.release_sealer.open(base64.b64decode(public["charges"]), CONTEXT)
            found[str(said["entry"])] = recovery.told(str(said["entry"]), json.loads(opened))
    return [line for lines in found.values() for line in lines]
