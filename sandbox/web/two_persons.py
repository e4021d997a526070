"""Two persons for one action (双人复核), asked for at both doors alike: by endpoints, and by the pages of reviewers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress

from pydantic import BaseModel

from sandbox.core.canonical import canonical_bytes
from sandbox.core.store import Transaction
from sandbox.identity import seconding
from sandbox.identity.keys import Principal
from sandbox.identity.records import Seconding
from sandbox.jobs.house import House


class _TakenBack(Exception):
    """Leaves a transaction, so that nothing of it stays."""


def rehearse(house: House, action: str, act: Callable[[Transaction], object]) -> None:
    """Where an action needs two persons, do it and take it back. Whoever may not do it alone is not the first of two
    either: the author of what is reviewed, whoever a case is about, somebody to whom it is not known. Raises what `act`
    raises."""
    with house.store.read() as tx:
        if not seconding.needed(tx, action):
            return
    with suppress(_TakenBack), house.store.write(durable=False) as tx:
        act(tx)
        raise _TakenBack


def second(
    house: House, tx: Transaction, principal: Principal, action: str, path: str, body: BaseModel | None
) -> Seconding | None:
    """Give None when an action may be done now: one person suffices, or this is the second who asks for the same; else
    what says that it waits. A page asks with path and body of its endpoint, so that both doors count together."""
    if not seconding.needed(tx, action):
        return None
    asked = {"at": path, "body": body.model_dump(mode="json") if body else {}}
    digest = hashlib.sha256(canonical_bytes(asked)).hexdigest()
    return seconding.second(tx, house.journal, principal, action, path, digest)
