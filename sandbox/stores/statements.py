"""The statements of the store, each built once for its shape and kept: building one costs more than running it.

The shape of a filter is a name and how its value is compared: `=`, `in` (a list) or `null`. No statement depends on the
values, which are bound to it by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from sandbox.core.store import Record
from sandbox.stores.tables import METADATA

Form = Literal["=", "in", "null"]
Shape = tuple[tuple[str, Form], ...]
INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
"""`ON CONFLICT DO NOTHING` tells a taken key without a savepoint, and the transaction goes on."""
KEPT = 1024
KEY, AFTER, LIMIT = "the_key", "the_start", "the_limit"


def shape(filters: Mapping[str, Any]) -> Shape:
    """Give the shape of these filters."""
    return tuple((name, _form(value)) for name, value in filters.items())


def compared(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Give the values of filters under the names that a statement of their shape binds them by."""
    return {
        f"is_{name}": list(value) if _form(value) == "in" else value
        for name, value in filters.items()
        if value is not None
    }


def written(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give the values of columns under the names that `update` binds them by."""
    return {f"to_{name}": value for name, value in values.items()}


@lru_cache(maxsize=KEPT)
def select_one(kind: type[Record], lock: bool) -> sa.Select[Any]:
    """Give the row with the primary key KEY, locked where the database locks rows."""
    table, primary = table_of(kind)
    query = table.select().where(primary == _bind(KEY, primary))
    return query.with_for_update() if lock else query


@lru_cache(maxsize=KEPT)
def select_many(
    kind: type[Record], filters: Shape, order: tuple[str, ...], *, limited: bool, after: bool
) -> sa.Select[Any]:
    """Give the rows that fit, at most LIMIT of them, from behind the primary key AFTER."""
    table, primary = table_of(kind)
    query = table.select().where(*_compared(table, filters))
    if after:
        query = query.where(primary > _bind(AFTER, primary))
    for name in order or (primary.name,):
        query = query.order_by(table.c[name[1:]].desc() if name.startswith("-") else table.c[name])
    return query.limit(sa.bindparam(LIMIT, type_=sa.Integer())) if limited else query


@lru_cache(maxsize=KEPT)
def select_keys(kind: type[Record], filters: Shape) -> sa.Select[Any]:
    """Give the primary keys of the rows that fit, in their order."""
    table, primary = table_of(kind)
    return sa.select(primary).where(*_compared(table, filters)).order_by(primary)


@lru_cache(maxsize=KEPT)
def select_totals(kind: type[Record], by: tuple[str, ...], sums: tuple[str, ...], filters: Shape) -> sa.Select[Any]:
    """Give number and sums of the rows that fit, for each combination of the columns `by`."""
    table, _ = table_of(kind)
    groups = [table.c[name] for name in by]
    numbers = [sa.func.count(), *(sa.func.sum(table.c[name]) for name in sums)]
    order = [column.asc().nulls_first() for column in groups]
    return sa.select(*groups, *numbers).where(*_compared(table, filters)).group_by(*groups).order_by(*order)


@lru_cache(maxsize=KEPT)
def insert(kind: type[Record], dialect: str) -> Any:
    """Add a row, or nothing when a key of it is taken; the count of rows tells."""
    table, _ = table_of(kind)
    return INSERT[dialect](table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


@lru_cache(maxsize=KEPT)
def update(kind: type[Record], names: tuple[str, ...], held: Shape) -> sa.Update:
    """Write the columns `names` of the row KEY, if it still holds what `held` compares."""
    table, primary = table_of(kind)
    written = {name: _bind(f"to_{name}", table.c[name]) for name in names}
    return table.update().where(primary == _bind(KEY, primary), *_compared(table, held)).values(written)


@lru_cache(maxsize=KEPT)
def delete(kind: type[Record]) -> sa.Delete:
    """Delete the row KEY."""
    table, primary = table_of(kind)
    return table.delete().where(primary == _bind(KEY, primary))


@lru_cache(maxsize=KEPT)
def table_of(kind: type[Record]) -> tuple[sa.Table, sa.Column[Any]]:
    """Give the table of a record and its primary key; its columns stand in the order of the record's fields."""
    table = METADATA.tables[kind.TABLE]
    [primary] = table.primary_key.columns
    return table, primary


@lru_cache(maxsize=KEPT)
def columns_of(kind: type[Record]) -> tuple[sa.Column[Any], ...]:
    """Give the columns of a record's table, in the order of its fields."""
    return tuple(table_of(kind)[0].c)


@lru_cache(maxsize=KEPT)
def comparable(kind: type[Record], name: str) -> bool:
    """Say whether a column can be compared: JSON and bytes are not, they only change together with others."""
    return not isinstance(table_of(kind)[0].c[name].type, sa.JSON | sa.LargeBinary)


def _compared(table: sa.Table, filters: Shape) -> Sequence[sa.ColumnElement[bool]]:
    return [_compare(table.c[name], form) for name, form in filters]


def _compare(column: sa.Column[Any], form: Form) -> sa.ColumnElement[bool]:
    if form == "null":
        return column.is_(None)
    bound = _bind(f"is_{column.name}", column, expanding=form == "in")
    return column.in_(bound) if form == "in" else column == bound


def _bind(name: str, column: sa.Column[Any], *, expanding: bool = False) -> sa.BindParameter[Any]:
    return sa.bindparam(name, type_=column.type, expanding=expanding)


def _form(value: Any) -> Form:
    if value is None:
        return "null"
    return "in" if isinstance(value, list | tuple | set | frozenset) else "="
