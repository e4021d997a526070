# ruff: noqa: S608 – names come from our own layout and are quoted
"""How a data version is stored: what lies under each declared table and column, and the contribution index.

A protected table `visits` is two things in the file. `__t_visits`, the base table, holds coded columns, clustered by
unit; the view `visits` decodes them to the declared names and types, for readers that do not know layouts.

- `__unit` is the unit's dense code, `__ord` the row's 0-based place in the keyed order within its unit.
- A column is stored as one of: *plain* (the declared type), *grains* (number·10^scale in a small signed integer),
  *domain* or *dictionary* (the 0-based place of the value in a sorted list; NULL stays NULL). Codes order as their
  values do. Lists of kind domain stand here; both kinds have a table (code, value) in the file, which
  may list values that no row has.
- An index of a key set S holds, a byte each, for every row: the ordinal of its group among the unit's groups, which
  stand in order of their least `__ord`; the row's ordinal within (unit, group) in order of `__ord`; and norm buckets.
  Ordinals count from 0 and saturate at 255: a filter `< n` is exact for n ≤ 255. NULL is a key value.
- The norm bucket of a measure is the number j of its edge e_j = ⌈2^(j/8)⌉, the smallest that is at least
  √(Σ over the unit's groups of (Σ|x|)²), x in the column's grains; for the measure `ROWS` x is 1. Buckets are a byte,
  or two where declared bounds ask for more than 256 of them: they never saturate, since a smaller edge would be wrong.

Public tables are stored plainly under their own name, with `__ord`, the row's place in the order of its cells.
The layout itself is the table `__layout(json)`. `__units(code, name)` gives each unit a name that is the same whoever
else is there: a code is not, it counts those before it. Versions older than names have no such table.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import count
from math import isqrt
from typing import TYPE_CHECKING, Any, Literal

from sandbox.engines.files import ALIAS
from sandbox.engines.fixed import grains
from sandbox.plan.scalar import Kind, Type, Value

if TYPE_CHECKING:  # loaded where a file is opened
    import duckdb

UNIT, ORDER = "__unit", "__ord"
TABLE = "__layout"
MOST_ORDINAL = 255
ROWS = "*"
"""The measure of an index that counts rows: every x is 1."""

Storing = Literal["plain", "grains", "domain", "dictionary"]


@dataclass(frozen=True)
class Stored:
    """One declared column as stored: `column` of SQL type `sql` in the base table.

    `scale`: of kind grains, the decimals of the fixed point; `least` and `most` the bounds in grains. `domain`: of kind
    domain, the declared values in order of their codes. `dictionary`: of kinds domain and dictionary, the table
    (code, value), sorted by value."""

    name: str
    type: Type
    kind: Storing
    column: str
    sql: str
    scale: int = 0
    least: int | None = None
    most: int | None = None
    domain: tuple[Value, ...] = ()
    dictionary: str | None = None

    def code(self, value: Value) -> Value:
        """Give the stored form of a constant of the column's type, for kinds whose values are known without the file.

        Raises ValueError when the column cannot hold it: then it equals no row's value."""
        if value is None or self.kind == "plain":
            return value
        if self.kind == "grains" and isinstance(value, (int, Decimal)):
            return grains(value, self.scale)
        if self.kind == "domain":
            return self.domain.index(value)
        raise ValueError("its codes stand in the file")


@dataclass(frozen=True)
class Index:
    """The contribution index of one key set: hidden columns of the base table, never NULL.

    `keys` are declared names, in the table's order of columns; `groups` and `rows` the ordinals; `norms` maps a measure
    (`ROWS`, or a column's name) to its column of norm buckets."""

    keys: tuple[str, ...]
    groups: str
    rows: str
    norms: Mapping[str, str]


@dataclass(frozen=True)
class TableLayout:
    """A declared table: `base` holds its rows. `unit` and `order` are the SQL types of `__unit` (None: public) and
    `__ord` there."""

    name: str
    base: str
    columns: tuple[Stored, ...]
    unit: str | None = None
    order: str = "BIGINT"
    indexes: tuple[Index, ...] = ()

    def column(self, name: str) -> Stored:
        """Give the column with this declared name; raises KeyError."""
        for one in self.columns:
            if one.name == name:
                return one
        raise KeyError(name)

    def index(self, keys: Iterable[str]) -> Index | None:
        """Give the index of exactly this set of keys, if there is one."""
        wanted = frozenset(keys)
        return next((one for one in self.indexes if frozenset(one.keys) == wanted), None)


@dataclass(frozen=True)
class Layout:
    """What lies where in one data version."""

    tables: Mapping[str, TableLayout] = field(default_factory=dict)

    def as_json(self) -> str:
        """Give the text that `Layout.of_json` reads back as this layout."""
        return json.dumps({name: asdict(table) for name, table in self.tables.items()}, default=_text)

    @classmethod
    def of_json(cls, text: str) -> Layout:
        """Read what `as_json` wrote."""
        return cls({name: _table(raw) for name, raw in json.loads(text).items()})


@cache
def edge(bucket: int) -> int:
    """Give the edge ⌈2^(j/8)⌉ of the norm bucket j: the norm itself is at most that."""
    below = isqrt(isqrt(isqrt(1 << bucket)))  # roots rounded down are the eighth root rounded down
    return below + (bucket % 8 != 0)


def buckets(most: int) -> int:
    """Give how many norm buckets there are when no norm is beyond `most`."""
    return next(j for j in count() if edge(j) >= most) + 1


def read_layout(connection: duckdb.DuckDBPyConnection, catalog: str = ALIAS) -> Layout:
    """Give the layout of the attached file.

    A file without one is read as it stands: each of its tables plain, under its own name, without index."""
    known = f"SELECT table_name FROM duckdb_tables() WHERE database_name = '{catalog}'"
    tables = [name for (name,) in connection.execute(known).fetchall()]
    if TABLE in tables:
        [(text,)] = connection.execute(f'SELECT json FROM "{catalog}".main."{TABLE}"').fetchall()
        return Layout.of_json(text)
    return Layout({name: _as_it_stands(connection, catalog, name) for name in tables})


def _as_it_stands(connection: duckdb.DuckDBPyConnection, catalog: str, table: str) -> TableLayout:
    found = connection.table(f'"{catalog}".main."{table}"')
    types = dict(zip(found.columns, map(str, found.types), strict=True))
    columns = [
        Stored(name, _type_of(kind), "plain", name, kind) for name, kind in types.items() if not name.startswith("__")
    ]
    return TableLayout(table, table, tuple(columns), types.get(UNIT), types.get(ORDER, "BIGINT"))


def _type_of(sql: str) -> Type:
    if sql.startswith("DECIMAL"):
        return Type("decimal", int(sql.rstrip(")").split(",")[1]))
    kinds: dict[str, Kind] = {"VARCHAR": "string", "DATE": "date", "BOOLEAN": "boolean"}
    return Type(kinds.get(sql, "integer"))


def _table(raw: dict[str, Any]) -> TableLayout:
    columns, indexes = raw.pop("columns"), raw.pop("indexes")
    return TableLayout(
        columns=tuple(map(_stored, columns)),
        indexes=tuple(Index(tuple(one["keys"]), one["groups"], one["rows"], one["norms"]) for one in indexes),
        **raw,
    )


def _stored(raw: dict[str, Any]) -> Stored:
    kind = Type(**raw.pop("type"))
    domain = tuple(_value(kind, value) for value in raw.pop("domain"))
    return Stored(type=kind, domain=domain, **raw)


def _text(value: object) -> str:
    """Dates and decimals as text, exactly."""
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _value(kind: Type, raw: Any) -> Value:
    match kind.kind:
        case "date":
            return date.fromisoformat(raw)
        case "decimal":
            return Decimal(raw)
        case _:
            value: Value = raw
            return value
