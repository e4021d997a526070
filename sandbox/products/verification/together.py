"""One transaction over a group of claims: what its members ask alike is asked once, what they add is written at once.

A statement costs more than what it does. The rooms that a claim passes need not know of the group: they get this in
place of the transaction, and read and write as they would for one claim alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from sandbox.core.store import R, Record, Transaction

Filters = tuple[tuple[str, Any], ...]
Many = tuple[Filters, tuple[str, ...], int | None, str | None]


class Together:
    """A `Transaction`. Records of the kinds `late` are added by `flush`, of each kind in one statement, or before
    anything is read of their kind: a reader sees what was added. A taken key is told then, by `Duplicate`, and the
    transaction is to be left by it. What was read stays as it was read until something of its kind is written here."""

    def __init__(self, tx: Transaction, late: Sequence[type[Record]]) -> None:
        self._tx, self._late = tx, frozenset(late)
        self._added: dict[type[Record], list[Record]] = {}
        self._one: dict[type[Record], dict[str, Any]] = {}
        self._many: dict[type[Record], dict[Many, Any]] = {}

    def ahead(
        self, kind: type[R], name: str, values: Iterable[str], /, *, limit: int | None = None, **equal: Any
    ) -> None:
        """Read for all `values` of a column at once what will be asked for each: by `get` where it is the key, else by
        `find` with the same filters."""
        wanted = list(dict.fromkeys(values))
        if not wanted:
            return
        rows: dict[str, list[R]] = {value: [] for value in wanted}
        filters: dict[str, Any] = {name: wanted, **equal}
        for row in self._fresh(kind).find(kind, **filters):
            rows[getattr(row, name)].append(row)
        if name == fields(kind)[0].name and not equal:
            self._one.setdefault(kind, {}).update({value: held[0] if held else None for value, held in rows.items()})
            return
        many = self._many.setdefault(kind, {})
        for value, held in rows.items():
            many[_many({name: value, **equal}, (), limit, None)] = held[:limit]

    def get(self, kind: type[R], key: str, *, lock: bool = False) -> R | None:
        if lock:
            return self._fresh(kind).get(kind, key, lock=True)
        found: R | None = self._read(kind, self._one, key, lambda: self._fresh(kind).get(kind, key))
        return found

    def find(
        self,
        kind: type[R],
        /,
        *,
        order: Sequence[str] = (),
        limit: int | None = None,
        after: str | None = None,
        **equal: Any,
    ) -> list[R]:
        asked = _many(equal, order, limit, after)
        given: dict[str, Any] = {"order": order, "limit": limit, "after": after}
        found = self._read(kind, self._many, asked, lambda: self._fresh(kind).find(kind, **given, **equal))
        return list(found)

    def keys(self, kind: type[R], /, **equal: Any) -> list[str]:
        asked = _many(equal, ("keys of",), None, None)
        return list(self._read(kind, self._many, asked, lambda: self._fresh(kind).keys(kind, **equal)))

    def totals(
        self, kind: type[Record], /, *, by: Sequence[str], sums: Sequence[str] = (), **equal: Any
    ) -> list[tuple[Any, ...]]:
        return self._fresh(kind).totals(kind, by=by, sums=sums, **equal)

    def add(self, record: Record) -> None:
        self.add_all([record])

    def add_all(self, records: Sequence[Record]) -> None:
        kind = type(records[0])
        if kind not in self._late:
            self._tx.add_all(records)
            self._forget(kind)
            return
        self._added.setdefault(kind, []).extend(records)
        one, many = self._one.get(kind, {}), self._many.get(kind, {})
        for record in records:
            one.pop(getattr(record, fields(kind)[0].name), None)
            for asked in [asked for asked in many if _fits(record, asked[0])]:
                del many[asked]

    def change(self, record: R, **values: Any) -> R:
        made = self._fresh(type(record)).change(record, **values)
        self._forget(type(record))
        return made

    def change_each(self, records: Sequence[R], name: str, values: Sequence[Any]) -> None:
        self._fresh(type(records[0])).change_each(records, name, values)
        self._forget(type(records[0]))

    def remove(self, record: Record) -> None:
        self._fresh(type(record)).remove(record)
        self._forget(type(record))

    def flush(self) -> None:
        """Write what was added. Raises `Duplicate`."""
        for kind in list(self._added):
            self._fresh(kind)

    def _fresh(self, kind: type[Record]) -> Transaction:
        """Give the transaction once it holds what was added of a kind."""
        if waiting := self._added.pop(kind, None):
            self._tx.add_all(waiting)
        return self._tx

    def _read(self, kind: type[Record], held: dict[Any, dict[Any, Any]], asked: Any, read: Callable[[], Any]) -> Any:
        known = held.setdefault(kind, {})
        if asked not in known:
            known[asked] = read()
        return known[asked]

    def _forget(self, kind: type[Record]) -> None:
        self._one.pop(kind, None)
        self._many.pop(kind, None)


def _many(equal: Mapping[str, Any], order: Sequence[str], limit: int | None, after: str | None) -> Many:
    return tuple(sorted((name, _plain(value)) for name, value in equal.items())), tuple(order), limit, after


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _fits(record: Record, equal: Filters) -> bool:
    return all(
        getattr(record, name) in value if isinstance(value, tuple) else getattr(record, name) == value
        for name, value in equal
    )
