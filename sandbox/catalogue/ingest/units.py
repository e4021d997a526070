# ruff: noqa: S608 – declared names match an allow-list pattern, everything else is our own or a quoted literal
"""Whose row is it, and may it stay: the unit of each row, and the first reason, if any, why the row is dropped.

Each rule looks at rows of the row's own unit, or at public tables, only: a parent of another unit is no parent."""

from __future__ import annotations

import hashlib

import duckdb

from sandbox.catalogue.entry import Entry, TableEntry
from sandbox.catalogue.ingest.limits import malformed
from sandbox.engines.files import ALIAS, UNITS

NAME_DIGITS = 15  # hexadecimal, so that a name is never negative
DROPPED = ("no_unit", "no_parent", "required_missing")


def number_units(connection: duckdb.DuckDBPyConnection, entry: Entry, schema: dict[str, str], prf_key: bytes) -> int:
    """Make `units`, a dense code for each unit that a table names itself, in an order that only the key knows, and its
    name (`unit_name`); give how many there are."""
    named = [
        f'SELECT DISTINCT "{table.unit_column}" AS __id FROM {schema[table.name]}.typed WHERE __id IS NOT NULL'
        for table in entry.tables
        if table.unit_column is not None
    ]
    every = " UNION ".join(named) or "SELECT 0 AS __id WHERE false"
    hashed = f"left(sha256('{prf_key.hex()}unit.' || __id), 16)"
    connection.execute(
        "CREATE TABLE units AS SELECT __id, CAST(row_number() OVER (ORDER BY __hash, __id) - 1 AS UINTEGER) AS __unit "
        f", CAST('0x' || left(__hash, {NAME_DIGITS}) AS BIGINT) AS __name "
        f"FROM (SELECT __id, {hashed} AS __hash FROM ({every}))"
    )
    (units,) = connection.execute("SELECT count(*) FROM units").fetchone() or (0,)
    return int(units)


def unit_name(identifier: str, prf_key: bytes) -> int:
    """Give the name of the unit with this identifier: 60 bits that only the key's holder can compute, the same in every
    version and whatever other units there are."""
    return int(hashlib.sha256(f"{prf_key.hex()}unit.{identifier}".encode()).hexdigest()[:NAME_DIGITS], 16)


def write_names(connection: duckdb.DuckDBPyConnection) -> None:
    """Put the units' names into the file, for engines that have to know units again."""
    connection.execute(
        f"CREATE TABLE {ALIAS}.main.{UNITS} AS SELECT __unit AS code, __name AS name FROM units ORDER BY code"
    )


def judge(connection: duckdb.DuckDBPyConnection, entry: Entry, table: TableEntry, schema: str) -> str:
    """Make the view `schema.judged`, the typed rows with `__unit` and `__dropped`; give the SQL of `__dropped` alone.

    The tables that `table` refers to are written already. Raises `Problem` (table_malformed) when a key names two
    rows."""
    unit, joins, whens = _unit(entry, table)
    for number, column in enumerate(table.columns):
        if column.references is None:
            continue
        name, key = column.references.split(".")
        parent, mine = entry.table(name), f't."{column.name}"'
        assert parent is not None
        stored = f'{ALIAS}.main."{name}"'
        if parent.public:
            known = f'{mine} NOT IN (SELECT "{key}" FROM {stored} WHERE "{key}" IS NOT NULL)'
        elif (parent.unit_column, table.unit_column) == (key, column.name):
            known = f"{unit} NOT IN (SELECT __unit FROM {stored})"
        else:
            joins.append(f'LEFT JOIN (SELECT "{key}" AS key, __unit FROM {stored}) p{number} ON {mine} = p{number}.key')
            known = f"p{number}.__unit IS DISTINCT FROM {unit}"
        whens.append(f"WHEN {mine} IS NOT NULL AND {known} THEN 'no_parent'")
    required = [f't."{column.name}"' for column in table.columns if column.required]
    whens += [f"WHEN {cell} IS NULL THEN 'required_missing'" for cell in required]
    reason = f"CASE {' '.join(whens)} END" if whens else "CAST(NULL AS VARCHAR)"
    rows = f"{schema}.typed t {' '.join(joins)}"
    connection.execute(
        f"CREATE VIEW {schema}.judged AS SELECT t.*, {unit} AS __unit, {reason} AS __dropped FROM {rows}"
    )
    rows = rows if "__unit" in reason else f"{schema}.typed t"  # no join where nothing asks for the unit
    judged = f"(SELECT t.*, {reason} AS __dropped FROM {rows})"
    _check_keys(connection, table, judged)
    return judged


def count_dropped(connection: duckdb.DuckDBPyConnection, judged: str, dropped: int) -> dict[str, int]:
    """Give how many rows drop, by reason; `dropped` in all: mostly none, and then no row is looked at again."""
    counted = f"SELECT __dropped, count(*) FROM {judged} WHERE __dropped IS NOT NULL GROUP BY ALL"
    return dict.fromkeys(DROPPED, 0) | dict(connection.execute(counted).fetchall() if dropped else [])


def _unit(entry: Entry, table: TableEntry) -> tuple[str, list[str], list[str]]:
    """Give the row's unit, the joins that find it, and the reasons to drop a row for its sake."""
    if table.public:
        return "CAST(NULL AS UINTEGER)", [], []
    found = entry.parent(table)
    if found is None:
        mine = f't."{table.unit_column}"'
        return "u.__unit", [f"LEFT JOIN units u ON {mine} = u.__id"], [f"WHEN {mine} IS NULL THEN 'no_unit'"]
    assert table.path is not None
    (parent, key), mine = found, f't."{table.path.column}"'
    keys = f'SELECT "{key.name}" AS key, __unit FROM {ALIAS}.main."{parent.name}"'
    whens = [f"WHEN {mine} IS NULL THEN 'no_unit'", "WHEN u.__unit IS NULL THEN 'no_parent'"]
    return "u.__unit", [f"LEFT JOIN ({keys}) u ON {mine} = u.key"], whens


def _check_keys(connection: duckdb.DuckDBPyConnection, table: TableEntry, judged: str) -> None:
    """Raise `Problem` (table_malformed) when two rows have the same value in a key.

    A repeated key is refused, not repaired: whichever row were dropped, a unit that repeats another's key would move
    that other unit's rows. The refusal depends on several units, but it goes to the holder alone and no version comes
    of it; among versions that exist, all rows of one unit may go or come without touching the rows of others."""
    for column in table.columns:
        if column.key:
            name = f'"{column.name}"'
            found = connection.execute(
                f"SELECT count({name}) > count(DISTINCT {name}) FROM {judged} WHERE __dropped IS NULL"
            ).fetchone()
            if found and found[0]:
                say = f"the key {column.name} has a value in more than one row; correct the file, or declare no key"
                raise malformed(table.name, say)
