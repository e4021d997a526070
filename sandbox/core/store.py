"""The port of the control database: typed records in transactions.

A record is a frozen dataclass with a class variable `TABLE`; its first field is its primary key. Rooms define their
records, `sandbox.stores` maps them to SQL. A transaction that is left by an exception rolls back.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Protocol, TypeVar


class Record(Protocol):
    TABLE: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Any]]


R = TypeVar("R", bound=Record)


class Transaction(Protocol):
    """What can be done inside one transaction. Filters are equalities; a list value means IN, None means IS NULL."""

    def get(self, kind: type[R], key: str, *, lock: bool = False) -> R | None:
        """Give the record with this primary key, or None. `lock` holds the row until the end of the transaction."""

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
        """Give matching records; `order` names columns (leading `-` descends; default: primary key), `after` is the
        primary key behind which the page starts (only with the default order)."""

    def keys(self, kind: type[R], /, **equal: Any) -> list[str]:
        """Give the primary keys of matching records in their order, without reading what else the rows hold."""

    def totals(
        self, kind: type[Record], /, *, by: Sequence[str], sums: Sequence[str] = (), **equal: Any
    ) -> list[tuple[Any, ...]]:
        """Count matching records for each combination of the columns `by`: their values, the number of records, and
        the sums of the whole-number columns `sums`. Ordered by `by`, NULL first; computed in the database."""

    def add(self, record: Record) -> None:
        """Insert; raises `Duplicate` when a unique key is taken."""

    def add_all(self, records: Sequence[Record]) -> None:
        """Insert records of one kind, at least one, in one statement; raises `Duplicate` when a unique key is taken:
        then some may have been added, and the transaction is to be left by the exception."""

    def change(self, record: R, **values: Any) -> R:
        """Write `values` into the row of `record` and give the new record.

        Compare-and-set: raises `Stale` when the row's changed columns no longer hold what `record` holds.
        """

    def change_each(self, records: Sequence[R], name: str, values: Sequence[Any]) -> None:
        """Write one value into column `name` of each record, at least one, in one statement; all hold the same kind of
        value there (None, or not). Compare-and-set: raises `Stale` when any row holds another; the transaction is then
        to be left by the exception."""

    def remove(self, record: Record) -> None:
        """Delete the row (only for what may be forgotten: salts, idempotency rows, spools)."""


class Store(Protocol):
    """Both kinds of transaction raise `Unavailable` when the database cannot serve them."""

    def read(self) -> AbstractContextManager[Transaction]:
        """A consistent reading transaction."""

    def write(self, *, durable: bool = True) -> AbstractContextManager[Transaction]:
        """A writing transaction: serialised on SQLite (BEGIN IMMEDIATE); commits at the end of the block.

        Without `durable` the commit does not wait for the disk: a power cut may take it back, whole, as long as no
        later durable one has committed, which makes all before it durable too. A killed process takes nothing back."""

    def ping(self) -> None:
        """Raise when the database cannot be reached or its schema is not the expected one."""

    def close(self) -> None:
        """Let go of all connections."""


class Duplicate(Exception):
    """A record with this key exists."""


class Stale(Exception):
    """The row changed since it was read."""


class Unavailable(Exception):
    """The database is away, full or busy for too long. What the transaction did is undone; trying again is safe."""
