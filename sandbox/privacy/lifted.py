"""On a test instance budgets are counted, but do not bind. Which instance this is, the first leaf of its log says."""

from __future__ import annotations

import json

from sandbox.core.store import Transaction
from sandbox.transparency.records import LogEntry


def lifted(tx: Transaction) -> bool:
    """Say whether budgets are lifted here: looked up only where one would have to refuse."""
    first = tx.find(LogEntry, index=0, limit=1)
    if not first:
        return False
    said = json.loads(first[0].leaf)
    return bool(said["kind"] == "instance.created" and said["public"].get("test_instance") == "yes")
