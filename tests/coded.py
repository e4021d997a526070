"""Small tables as ingest stores them: codes, grains, ordinals and norms, written from their definitions, so that rows
keep the order that a test gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
from versions import KEY, Rows

from sandbox.engines.base import OpenVersion
from sandbox.engines.files import ALIAS, UNITS, attach, connect
from sandbox.engines.fixed import grains
from sandbox.engines.layout import MOST_ORDINAL, ROWS, TABLE, UNIT, Index, Layout, Stored, TableLayout, edge
from sandbox.plan.scalar import Kind, Type

KINDS: dict[str, Kind] = {"VARCHAR": "string", "DATE": "date", "BOOLEAN": "boolean", "BIGINT": "integer"}
Column = tuple[str, str, list[Any]]  # name, SQL type, cells


def write_coded(
    path: Path,
    tables: Mapping[str, tuple[Rows, Mapping[str, str]]],
    *,
    domains: bool = False,
    key_sets: Sequence[Sequence[str]] = (),
    key: bytes = KEY,
) -> OpenVersion:
    """Write rows (with `__unit` and `__ord`, which count from 0) as a coded data version; `domains`: every column with
    values has a domain, else texts have dictionaries and numbers are grains."""
    layouts = {}
    with TemporaryDirectory() as scratch, connect(Path(scratch), "1GB") as connection:
        attach(connection, path, key, write=True)

        def create(name: str, columns: list[Column]) -> None:
            listed = ", ".join(f'"{column}" {kind}' for column, kind, _ in columns)
            connection.execute(f'CREATE TABLE {ALIAS}.main."{name}" ({listed})')
            texts = {column: pa.array([_text(cell) for cell in cells], pa.string()) for column, _, cells in columns}
            connection.register("batch", pa.table(texts))
            casts = ", ".join(f'CAST("{column}" AS {kind.removesuffix(" NOT NULL")})' for column, kind, _ in columns)
            connection.execute(f'INSERT INTO {ALIAS}.main."{name}" SELECT {casts} FROM batch')

        for name, (given, types) in tables.items():
            rows = sorted(given, key=lambda row: (row.get(UNIT, 0), row["__ord"]))
            layouts[name] = _table(name, rows, types, domains, key_sets, create)
        units = sorted({row[UNIT] for rows, _ in tables.values() for row in rows if row.get(UNIT) is not None})
        names: list[Column] = [("code", "UINTEGER", units), ("name", "BIGINT", [name_of(unit) for unit in units])]
        create(UNITS, names)
        connection.execute(f"CREATE TABLE {ALIAS}.main.{TABLE} (json VARCHAR NOT NULL)")
        connection.execute(f"INSERT INTO {ALIAS}.main.{TABLE} VALUES (?)", [Layout(layouts).as_json()])
        connection.execute(f"CHECKPOINT {ALIAS}")
        connection.execute(f"DETACH {ALIAS}")
    return OpenVersion(f"coded_{domains}_{path}", path, key)


def name_of(unit: int) -> int:
    """A name for a unit that is not in order of codes."""
    return (unit * 7919 + 3) % 10_007


def _table(
    name: str,
    rows: Rows,
    types: Mapping[str, str],
    domains: bool,
    key_sets: Sequence[Sequence[str]],
    create: Callable[[str, list[Column]], None],
) -> TableLayout:
    units = [row.get(UNIT) for row in rows]
    public = any(unit is None for unit in units)
    stored = [_stored(name, column, kind, [row[column] for row in rows], domains) for column, kind in types.items()]
    columns: list[Column] = [] if public else [(UNIT, "UINTEGER NOT NULL", units)]
    columns.append(("__ord", "UINTEGER NOT NULL", [row["__ord"] for row in rows]))
    for one, values in stored:
        cells = [row[one.name] for row in rows]
        if one.dictionary is not None:
            create(one.dictionary, [("code", one.sql, list(range(len(values)))), ("value", types[one.name], values)])
            cells = [None if cell is None else values.index(cell) for cell in cells]
        elif one.kind == "grains":
            cells = [None if cell is None else grains(cell, one.scale) for cell in cells]
        columns.append((one.column, one.sql, cells))
    indexes = [] if public else [_index(at, keys, rows, types, columns) for at, keys in enumerate(key_sets)]
    create(f"__t_{name}", columns)
    unit = None if public else "UINTEGER"
    return TableLayout(name, f"__t_{name}", tuple(one for one, _ in stored), unit, "UINTEGER", tuple(indexes))


def _stored(table: str, name: str, sql: str, cells: list[Any], domains: bool) -> tuple[Stored, list[Any]]:
    kind = Type("decimal", int(sql.rstrip(")").split(",")[1])) if sql.startswith("DECIMAL") else Type(KINDS[sql])
    values = sorted({cell for cell in cells if cell is not None})
    dictionary = f"__d_{table}.{name}"
    if domains and values:
        made = Stored(name, kind, "domain", f"__c_{name}", "UTINYINT", domain=tuple(values), dictionary=dictionary)
        return made, values
    if kind.kind == "string" and values:
        return Stored(name, kind, "dictionary", f"__c_{name}", "UTINYINT", dictionary=dictionary), values
    if kind.numeric and values:
        ends = grains(values[0], kind.scale), grains(values[-1], kind.scale)
        return Stored(name, kind, "grains", f"__f_{name}", "BIGINT", kind.scale, *ends), values
    return Stored(name, kind, "plain", name, sql), values


def _index(at: int, keys: Sequence[str], rows: Rows, types: Mapping[str, str], columns: list[Column]) -> Index:
    found = _ordinals([(one[UNIT], tuple(one[key] for key in keys)) for one in rows])
    columns.append((f"__g{at}", "UTINYINT NOT NULL", [group for group, _ in found]))
    columns.append((f"__r{at}", "UTINYINT NOT NULL", [row for _, row in found]))
    norms = {}
    for measure in (ROWS, *(name for name, kind in types.items() if kind == "BIGINT" or kind.startswith("DECIMAL"))):
        norms[measure] = f"__n{at}" if measure == ROWS else f"__n{at}_{measure}"
        columns.append((norms[measure], "USMALLINT NOT NULL", _buckets(rows, keys, measure, types)))
    return Index(tuple(keys), f"__g{at}", f"__r{at}", norms)


def _ordinals(rows: Sequence[tuple[Any, Any]]) -> list[tuple[int, int]]:
    groups: dict[Any, dict[Any, int]] = {}
    found = []
    for unit, key in rows:
        own = groups.setdefault(unit, {})
        row = own[key] = own.get(key, -1) + 1
        found.append((min(list(own).index(key), MOST_ORDINAL), min(row, MOST_ORDINAL)))
    return found


def _buckets(rows: Rows, keys: Sequence[str], measure: str, types: Mapping[str, str]) -> list[int]:
    scale = 0 if measure == ROWS or types[measure] == "BIGINT" else int(types[measure].rstrip(")").split(",")[1])
    sums: dict[Any, dict[Any, int]] = {}
    for row in rows:
        x = 1 if measure == ROWS else abs(grains(row[measure] or 0, scale))
        own = sums.setdefault(row[UNIT], {})
        key = tuple(row[one] for one in keys)
        own[key] = own.get(key, 0) + x
    bucket = {}
    for unit, groups in sums.items():
        square = sum(total**2 for total in groups.values())
        bucket[unit] = next(j for j in range(2000) if edge(j) ** 2 >= square)
    return [bucket[row[UNIT]] for row in rows]


def _text(value: Any) -> str | None:
    return None if value is None else format(value, "f") if isinstance(value, Decimal) else str(value)
