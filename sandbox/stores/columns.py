"""Column types that both databases keep without loss, and tables made from record dataclasses."""

from __future__ import annotations

import types
import typing
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from sandbox.core.store import Record

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class ExactDecimal(sa.types.TypeDecorator[Decimal]):
    """A decimal kept as text: SQLite would make it a float."""

    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else format(value, "f")

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware time, kept in UTC without zone."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


_TYPES: dict[type, sa.types.TypeEngine[Any]] = {
    str: sa.Text(),
    int: sa.BigInteger(),
    bool: sa.Boolean(),
    bytes: sa.LargeBinary(),
    Decimal: ExactDecimal(),
    datetime: Moment(),
    date: sa.Date(),
    list: sa.JSON(),
    dict: sa.JSON(),
}


def table(
    metadata: sa.MetaData, record: type[Record], *, unique: tuple[str, ...] = (), index: tuple[str, ...] = ()
) -> sa.Table:
    """Make the table of a record: its first field is the primary key; `unique` and `index` name columns, several of
    one key joined by a comma."""
    hints = typing.get_type_hints(record)
    columns = []
    for position, field in enumerate(fields(record)):
        kind, nullable = _plain(hints[field.name])
        columns.append(
            sa.Column(field.name, _TYPES[kind], primary_key=position == 0, nullable=nullable, autoincrement=False)
        )
    constraints: list[sa.schema.SchemaItem] = [sa.UniqueConstraint(*key.split(",")) for key in unique]
    constraints += [sa.Index(f"ix_{record.TABLE}_{key.replace(',', '_')}", *key.split(",")) for key in index]
    return sa.Table(record.TABLE, metadata, *columns, *constraints)


def _plain(hint: Any) -> tuple[type, bool]:
    """Give the Python type of a hint and whether it admits None."""
    if isinstance(hint, types.UnionType):
        [kind] = [part for part in typing.get_args(hint) if part is not type(None)]
        return _plain(kind)[0], True
    return typing.get_origin(hint) or hint, False
