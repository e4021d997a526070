"""Lists: pages in the order of ids, which is the order of making, behind a cursor.

A cursor is the key of the last item that was shown and a tag that only this service can make, for this list and this
party: whatever else is sent is refused, never taken for the beginning."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from sandbox.core.canonical import canonical_bytes
from sandbox.core.keys import derive
from sandbox.core.store import Record, Transaction
from sandbox.errors import Problem
from sandbox.wire.common import Page

R = TypeVar("R", bound=Record)
Q = TypeVar("Q", bound=Page)
_BATCH = 200
_TAG = 12  # letters, of 6 bits each


class Cursors:
    """Makes and reads the cursors of one list as one party sees it."""

    def __init__(self, secret: bytes, path: str, party: str) -> None:
        self._secret, self._scope = secret, [path, party]

    def read(self, query: Q) -> Q:
        """Give the query with the key behind which its page starts. Raises field_invalid for a cursor of others."""
        if query.cursor is None:
            return query
        key, _, tag = query.cursor.rpartition(".")
        if not hmac.compare_digest(tag.encode(), self._tag(key).encode()):
            raise lost()
        return query.model_copy(update={"cursor": key})

    def put(self, shown: dict[str, Any]) -> dict[str, Any]:
        """Give a page as it is shown, its `next` a cursor."""
        key = shown.get("next")
        return shown if key is None else {**shown, "next": f"{key}.{self._tag(str(key))}"}

    def _tag(self, key: str) -> str:
        said = canonical_bytes([*self._scope, key])
        return urlsafe_b64encode(hmac.digest(derive(self._secret, "cursors"), said, hashlib.sha256)).decode()[:_TAG]


def lost() -> Problem:
    """The refusal of a cursor that says nothing of where to go on."""
    return Problem(
        "field_invalid",
        "Field cursor: this list gave no such one; send the `next` of the page before, or leave it out to begin.",
    )


def window(items: Sequence[dict[str, Any]], query: Page, key: str) -> dict[str, Any]:
    """Give a page of a list that was computed whole, in its order; `key` tells its items apart. Raises field_invalid
    when the item of the cursor is there no more."""
    keys = [str(item[key]) for item in items]
    if query.cursor is not None and query.cursor not in keys:
        raise lost()
    start = 0 if query.cursor is None else keys.index(query.cursor) + 1
    shown = list(items[start : start + query.limit])
    return {"items": shown, "next": str(shown[-1][key]) if start + query.limit < len(items) else None}


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
    return str(getattr(record, fields(record)[0].name))  # TABLE is none of them, though `__dataclass_fields__` has it
