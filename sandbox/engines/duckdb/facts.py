# ruff: noqa: S608 – names come from our own layout and are quoted
"""What the child tells its parent about a version when it opens it: the layout, and how many codes there are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sandbox.engines.files import ALIAS, UNITS
from sandbox.engines.layout import TABLE, UNIT, Layout, Stored, TableLayout, read_layout

if TYPE_CHECKING:  # loaded where a file is opened
    import duckdb

FROM, TO = "from_unit", "to_unit"  # in a statement: the first and the last unit of a piece
BOUNDED, FIRST = "bounded", "__first"  # the rows that the child kept, and whether one is its unit's first in its group


@dataclass(frozen=True)
class Facts:
    """`whole`: the file was written by ingest, so that units have dense codes and stand together, their rows numbered
    from 0. `units`: codes of units are below it. `rows`: how many the largest protected table has. `codes`: how many a
    dictionary has, by its table. `required`: columns of base tables, as `table.column`, that are never NULL. `named`:
    units have names that do not depend on others."""

    layout: Layout
    whole: bool
    units: int
    rows: int
    codes: Mapping[str, int]
    required: frozenset[str]
    named: bool = True

    def table(self, name: str) -> TableLayout:
        """Give where the rows of a declared table are; raises ValueError for one that the version has not."""
        if name not in self.layout.tables:
            raise ValueError("the data version has no such table")
        return self.layout.tables[name]

    def values(self, table: TableLayout, stored: Stored) -> int | None:
        """Give how many different values, NULL among them, a coded column can have; None for one without codes."""
        if stored.kind not in ("domain", "dictionary"):
            return None
        codes = len(stored.domain) or self.codes[str(stored.dictionary)]
        return codes + (f"{table.base}.{stored.column}" not in self.required)

    def as_json(self) -> bytes:
        """Give the message that `of_json` reads."""
        told = {**asdict(self), "layout": self.layout.as_json(), "required": sorted(self.required)}
        return json.dumps(told).encode()


def of_json(text: bytes) -> Facts:
    """Read the facts."""
    told = json.loads(text)
    return Facts(Layout.of_json(told.pop("layout")), required=frozenset(told.pop("required")), **told)


def read_facts(connection: duckdb.DuckDBPyConnection) -> Facts:
    """Give the facts of the attached file."""
    known = f"SELECT table_name FROM duckdb_tables() WHERE database_name = '{ALIAS}' AND table_name = '{TABLE}'"
    whole = bool(connection.execute(known).fetchall())
    layout = read_layout(connection)
    units, rows, codes = 0, 0, {}
    for table in layout.tables.values():
        if table.unit is not None:
            asked = f'SELECT coalesce(max({UNIT}), 0) + 1, count(*) FROM {ALIAS}.main."{table.base}"'
            [(most, number)] = connection.execute(asked).fetchall()
            units, rows = max(units, int(most)), max(rows, int(number))
        for one in table.columns:
            if one.dictionary is not None:
                [(size,)] = connection.execute(f'SELECT count(*) FROM {ALIAS}.main."{one.dictionary}"').fetchall()
                codes[one.dictionary] = int(size)
    columns = "SELECT table_name || '.' || column_name FROM duckdb_columns() "
    where = f"WHERE database_name = '{ALIAS}' AND NOT is_nullable"
    required = frozenset(name for (name,) in connection.execute(columns + where).fetchall())
    names = f"SELECT 1 FROM duckdb_tables() WHERE database_name = '{ALIAS}' AND table_name = '{UNITS}'"
    named = bool(connection.execute(names).fetchall())
    if named:  # some have no row, and an own table may have one of theirs
        [(most,)] = connection.execute(f"SELECT coalesce(max(code), 0) + 1 FROM {ALIAS}.main.{UNITS}").fetchall()
        units = max(units, int(most))
    return Facts(layout, whole, units, rows, codes, required, named)
