"""Small tables in ASCII, as rows for the reference engine and as an encrypted file for the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from sandbox.engines.base import Engine, OpenVersion
from sandbox.engines.duckdb.pool import DuckDBEngine
from sandbox.engines.files import ALIAS, attach, connect
from sandbox.engines.reference import ReferenceEngine
from sandbox.plan import scalar as s
from sandbox.plan.block import Block, Bounds, Key, Measurement, Threshold
from sandbox.plan.plan import SEMANTICS, Output, Plan
from sandbox.plan.relation import Filter, Relation, Released, Scan

KEY = bytes(range(32))
HIDDEN = {"__unit": "BIGINT", "__ord": "BIGINT", "__h": "BIGINT"}
Rows = Sequence[Mapping[str, Any]]


def ascii_rows(text: str, types: Mapping[str, str]) -> list[dict[str, Any]]:
    """Read a table: a header, then rows; `-` is NULL, `types` as in DuckDB."""
    header, *lines = [line.split() for line in text.strip().splitlines()]
    every = {**HIDDEN, **types}
    return [{name: _cell(cell, every[name]) for name, cell in zip(header, line, strict=True)} for line in lines]


def _cell(text: str, kind: str) -> Any:
    if text == "-":
        return None
    if kind.startswith("DECIMAL"):
        return Decimal(text)
    return {"BIGINT": int, "VARCHAR": str, "DATE": date.fromisoformat, "BOOLEAN": lambda t: t == "true"}[kind](text)


def write_version(path: Path, tables: Mapping[str, tuple[Rows, Mapping[str, str]]], key: bytes = KEY) -> OpenVersion:
    """Write rows (with their hidden columns) as an encrypted data version."""
    with TemporaryDirectory() as scratch, connect(Path(scratch), "1GB") as connection:
        attach(connection, path, key, write=True)
        for name, (rows, types) in tables.items():
            every = {**HIDDEN, **types}
            columns = ", ".join(f'"{column}" {kind}' for column, kind in every.items())
            connection.execute(f'CREATE TABLE {ALIAS}.main."{name}" ({columns})')
            if rows:
                texts = {column: pa.array([_text(row[column]) for row in rows], pa.string()) for column in every}
                connection.register("batch", pa.table(texts))
                casts = ", ".join(f'CAST("{column}" AS {kind})' for column, kind in every.items())
                connection.execute(f'INSERT INTO {ALIAS}.main."{name}" SELECT {casts} FROM batch')
        connection.execute(f"CHECKPOINT {ALIAS}")
        connection.execute(f"DETACH {ALIAS}")
    return OpenVersion(f"version_{path}", path, key)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def measurement(
    what: str, expr: s.Scalar | None = None, scale: int = 0, low: int = 0, high: int = 0, centre: int = 0
) -> Measurement:
    """A measurement with some noise; the engines do not look at it."""
    return Measurement(what, expr, scale, low, high, centre, 1, 1024, Decimal("0.5"))  # type: ignore[arg-type]


def plan(
    *measurements: Measurement,
    table: str = "t",
    where: s.Scalar | None = None,
    keys: Sequence[s.Scalar] = (),
    bounds: tuple[int, int, int] = (100, 100, 100),
) -> Plan:
    """A plan over private keys; `bounds` are K, L0, R."""
    roots = [*([where] if where else []), *keys, *(m.expr for m in measurements if m.expr)]
    read = sorted({column for root in roots for column in leaves(root)}, key=lambda column: column.name)
    scan = Scan(table, 0, tuple(read), bounds[0])
    return planned(Filter(scan, where) if where else scan, *measurements, keys=keys, bounds=bounds[1:])


def planned(
    rows: Relation, *measurements: Measurement, keys: Sequence[s.Scalar] = (), bounds: Sequence[int] = ()
) -> Plan:
    """A plan over the rows of a relation, by private keys; `bounds` are L0, R."""
    block = Block(
        rows,
        tuple(Key(f"key{place}", key, None) for place, key in enumerate(keys)),
        Bounds(rows.rows, *(min(bound, rows.rows) for bound in bounds or (rows.rows, rows.rows))),
        (measurement("units"), *measurements),
        Threshold(0, 10, Decimal("1e-9")) if keys else None,
    )
    output = Output("n", "count", (0,), s.INTEGER)
    return Plan(
        SEMANTICS, "resource_1", "population", "version_1", (block,), ((output,),), Released(0, (output.column,))
    )


def leaves(node: s.Scalar) -> set[s.Column]:
    """The columns that an expression reads."""
    if isinstance(node, s.Column):
        return {node}
    return set().union(*(leaves(child) for child in s.children(node)))


def answers(engine: Engine, version: OpenVersion, asked: Plan) -> dict[tuple[Any, ...], tuple[int, ...]]:
    """Run and give the values by group, without the count of units that `plan` adds."""
    [exact] = engine.run(version, asked)
    assert len(set(exact.groups)) == len(exact.groups) == len(exact.values)
    assert all(type(value) is int for values in exact.values for value in values)
    return {group: values[1:] for group, values in zip(exact.groups, exact.values, strict=True)}


__all__ = [
    "DuckDBEngine",
    "ReferenceEngine",
    "answers",
    "ascii_rows",
    "leaves",
    "measurement",
    "plan",
    "planned",
    "write_version",
]
