# ruff: noqa: S608 – declared names match an allow-list pattern, everything else is our own or a quoted literal
"""How a declared table is going to be stored, and its tables and view in the file; see `sandbox.engines.layout`."""

from __future__ import annotations

import duckdb

from sandbox.catalogue.declared import MOST_TEXT
from sandbox.catalogue.entry import ColumnEntry, TableEntry
from sandbox.catalogue.ingest.columns import literal
from sandbox.catalogue.laying import MOST_CODES, laid_out, sql_type, unsigned
from sandbox.engines.files import ALIAS
from sandbox.engines.fixed import grains
from sandbox.engines.layout import ORDER, ROWS, TABLE, UNIT, Layout, Stored, TableLayout, buckets


def lay_out(connection: duckdb.DuckDBPyConnection, table: TableEntry, schema: str, units: int) -> TableLayout:
    """Decide how `table`, whose typed rows stand in `schema`, is stored. Few different texts become codes: then the
    type `schema.texts…` lists them. What it decides from data is how bytes lie, never what a reader sees."""
    texts = [] if table.public else [one for one in table.columns if _may_be_coded(table, one)]
    return laid_out(table, {one.name: _codes(connection, table, one, schema) for one in texts}, units)


def _may_be_coded(table: TableEntry, column: ColumnEntry) -> bool:
    plain = column.domain is None and column.plan_type.kind == "string"
    return plain and column.name != table.unit_column


def text_type(schema: str, table: TableEntry, column: ColumnEntry) -> str:
    """Give the name of the ENUM of a column's texts, in order, where they are few."""
    return f"{schema}.texts{table.columns.index(column)}"


def norm_type(table: TableEntry, measure: str) -> str:
    """Give the SQL type of a measure's norm buckets: a norm is at most the rows of a unit times the largest |x|."""
    most = table.max_rows_per_unit or 1
    if measure != ROWS:
        column = table.column(measure)
        assert column is not None and column.lower is not None and column.upper is not None
        most *= max(abs(grains(bound, column.plan_type.scale)) for bound in (column.lower, column.upper))
    return unsigned(buckets(most) - 1)


def create(connection: duckdb.DuckDBPyConnection, table: TableEntry, layout: TableLayout, schema: str) -> None:
    """Make the empty base table, its dictionaries, and the view that decodes it."""
    types = [f"{UNIT} {layout.unit} NOT NULL"] if layout.unit else []
    types.append(f"{ORDER} {layout.order} NOT NULL")
    for one in layout.columns:
        column = table.column(one.name)
        assert column is not None
        types.append(f'"{one.column}" {one.sql}{" NOT NULL" * column.required}')
        if one.dictionary is not None:
            _dictionary(connection, table, column, one, schema)
    for index in layout.indexes:
        types += [f"{index.groups} UTINYINT NOT NULL", f"{index.rows} UTINYINT NOT NULL"]
        types += [f'"{name}" {norm_type(table, measure)} NOT NULL' for measure, name in index.norms.items()]
    connection.execute(f'CREATE TABLE {ALIAS}.main."{layout.base}" ({", ".join(types)})')
    if layout.base != layout.name:
        connection.execute(f'CREATE VIEW {ALIAS}.main."{layout.name}" AS {_decoded(layout)}')


def write_layout(connection: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    """Put the layout into the file."""
    connection.execute(f"CREATE TABLE {ALIAS}.main.{TABLE} (json VARCHAR NOT NULL)")
    connection.execute(f"INSERT INTO {ALIAS}.main.{TABLE} VALUES (?)", [layout.as_json()])


def _codes(connection: duckdb.DuckDBPyConnection, table: TableEntry, column: ColumnEntry, schema: str) -> int:
    """Give how many different texts the column has when they are few and short, and list them as a type; else 0."""
    texts = f'SELECT DISTINCT "{column.name}" AS text FROM {schema}.typed WHERE text IS NOT NULL'
    some = f"{texts} LIMIT {MOST_CODES + 1}"
    number, longest = connection.execute(f"SELECT count(*), max(length(text)) FROM ({some})").fetchone() or (0, 0)
    if not 0 < number <= MOST_CODES or longest > MOST_TEXT:
        return 0
    connection.execute(f"CREATE TYPE {text_type(schema, table, column)} AS ENUM ({texts} ORDER BY text)")
    return int(number)


def _dictionary(
    connection: duckdb.DuckDBPyConnection, table: TableEntry, column: ColumnEntry, stored: Stored, schema: str
) -> None:
    into = f'{ALIAS}.main."{stored.dictionary}"'
    connection.execute(f"CREATE TABLE {into} (code {stored.sql} NOT NULL, value {sql_type(column)} NOT NULL)")
    if stored.kind == "domain":
        values = ", ".join(f"({code}, {literal(value)})" for code, value in enumerate(stored.domain))
        connection.execute(f"INSERT INTO {into} VALUES {values}")
    else:
        enum = text_type(schema, table, column)
        texts = f"SELECT unnest(enum_range(CAST(NULL AS {enum}))) AS text"
        connection.execute(f"INSERT INTO {into} SELECT enum_code(CAST(text AS {enum})), text FROM ({texts}) ORDER BY 1")


def _decoded(layout: TableLayout) -> str:
    cells = [f"CAST(t.{name} AS BIGINT) AS {name}" for name in (UNIT, ORDER)]
    joins = []
    for number, one in enumerate(layout.columns):
        cell = f't."{one.column}"'
        if one.dictionary is not None:
            joins.append(f'LEFT JOIN main."{one.dictionary}" d{number} ON {cell} = d{number}.code')
            cell = f"d{number}.value"
        elif one.kind == "grains" and one.type.kind == "integer":
            cell = f"CAST({cell} AS BIGINT)"
        elif one.kind == "grains":
            grain = f"CAST(1e-{one.scale} AS DECIMAL({one.scale + 1},{one.scale}))"
            cell = f"CAST({cell} * {grain} AS DECIMAL(18,{one.scale}))"
        cells.append(f'{cell} AS "{one.name}"')
    return f'SELECT {", ".join(cells)} FROM main."{layout.base}" t {" ".join(joins)}'
