"""Lists: pages in the order of ids, which is the order of making, behind a cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sandbox.core.store import Record, Transaction
from sandbox.wire.common import Page

R = TypeVar("R", bound=Record)
_BATCH = 200


def cut(
    fetch: Callable[[int, str | None], Sequence[R]], query: Page, view: Callable[[R], dict[str, Any]]
) -> dict[str, Any]:
    """Give `{"items", "next"}` of what `fetch(limit, after)` finds; one more is fetched to know of a next page."""
    rows = fetch(query.limit + 1, query.cursor)
    shown = rows[: query.limit]
    return {"items": [view(row) for row in shown], "next": _key(shown[-1]) if len(rows) > query.limit else None}


def page(
    tx: Transaction,
    kind: type[R],
    /,
    query: Page,
    view: Callable[[R], dict[str, Any]],
    seen: Callable[[R], bool] = lambda _: True,
    **equal: Any,
) -> dict[str, Any]:
    """Give a page of the records that match `equal` and may be `seen`."""

    def fetch(limit: int, after: str | None) -> list[R]:
        found: list[R] = []
        while len(found) < limit:
            batch = tx.find(kind, limit=_BATCH, after=after, **equal)
            found += [record for record in batch if seen(record)]
            if len(batch) < _BATCH:
                break
            after = _key(batch[-1])
        return found[:limit]

    return cut(fetch, query, view)


def _key(record: Record) -> str:
    return str(getattr(record, next(iter(record.__dataclass_fields__))))
