"""The regulator's search: entries by whom or what they concern."""

from __future__ import annotations

from sandbox.core.store import Transaction
from sandbox.transparency.records import LogEntry


def search(
    tx: Transaction,
    *,
    party: str | None = None,
    resource: str | None = None,
    product: str | None = None,
    limit: int | None = None,
    after: str | None = None,
) -> list[LogEntry]:
    """Give the entries that concern all of the named party, resource and product, oldest first; those that wait for
    the next seal have no index. `after` is the id of the last entry of the page before."""
    asked = {"party": party, "resource": resource, "product": product}
    return tx.find(LogEntry, limit=limit, after=after, **{name: value for name, value in asked.items() if value})
