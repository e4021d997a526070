"""The columns of a relation of units in Arrow: names and types that say the same whatever engine they come from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa

from sandbox.engines.fixed import grains
from sandbox.engines.layout import UNIT
from sandbox.engines.own import OwnRows
from sandbox.engines.width import width
from sandbox.plan import relation as r
from sandbox.plan.relation import Relation
from sandbox.plan.scalar import Column, Scalar, Type, Value, columns
from sandbox.plan.walk import sources, stored

WORD = (1 << 63) - 1
DIGITS = 38


def check(node: Relation) -> None:
    """Refuse (ValueError) what is no relation of units, and columns made of a unit's code, which counts the units
    before it: whoever came or went would change the rows of others."""
    if node.state != "unit":
        raise ValueError("only rows of units are kept apart by unit")
    if _coded(node):
        raise ValueError("a unit's code depends on other units")


def _coded(node: Relation) -> frozenset[str]:
    """The columns that are made of units' codes."""
    below = frozenset[str]().union(*(_coded(source) for source in sources(node)))
    match node:
        case r.Scan():
            return frozenset(one.name for one in node.columns if stored(one) == UNIT)
        case r.Project():
            made: Iterable[tuple[str, Scalar | None]] = ((one.name, one.expr) for one in node.named)
        case r.Group():
            made = [*((key.name, key.expr) for key in node.keys), *((one.name, one.expr) for one in node.aggregates)]
        case r.Window():
            made = [*((one.name, one) for one in node.source.columns), *((one.name, one.expr) for one in node.over)]
        case _:
            return below
    return frozenset(name for name, expr in made if expr is not None and not columns(expr).isdisjoint(below))


def arrow_type(column: Column) -> pa.DataType:
    """Give the type of a column: int64 where its numbers fit, else decimal128 with the scale of its type, date32,
    string, bool."""
    match column.type.kind:
        case "integer":
            return pa.int64() if width(column).most <= WORD + 1 else pa.decimal128(DIGITS, 0)
        case "decimal":
            return pa.decimal128(DIGITS, column.type.scale)
        case "date":
            return pa.date32()
        case "boolean":
            return pa.bool_()
        case _:
            return pa.string()


def typed(node: Relation, unit: pa.ChunkedArray, cells: Sequence[pa.ChunkedArray]) -> pa.Table:
    """Give the table of unit names and cells, numbers of which are whole in the fixed point of their column."""
    columns = {UNIT: unit.combine_chunks().cast(pa.int64())}
    for column, found in zip(node.columns, cells, strict=True):
        columns[column.name] = _of_grains(found.combine_chunks(), arrow_type(column))
    return pa.table(columns)


def of_values(node: Relation, units: Sequence[int], rows: Sequence[Sequence[Value]]) -> pa.Table:
    """Give the same of plain values, row by row."""
    columns = {UNIT: pa.array(units, pa.int64())}
    for place, column in enumerate(node.columns):
        kind, cells = arrow_type(column), [row[place] for row in rows]
        if pa.types.is_decimal(kind):
            whole = [None if cell is None else grains(cell, column.type.scale) for cell in cells]  # type: ignore[arg-type]
            columns[column.name] = _of_grains(pa.array(whole, pa.decimal128(DIGITS, 0)), kind)
        else:
            columns[column.name] = pa.array(cells, kind)
    return pa.table(columns)


def own_columns(table: OwnRows) -> dict[str, pa.Array]:
    """Give the columns of an own table, without the names of its units."""
    return {name: pa.array(values, _own_type(table.types[name])) for name, values in table.columns.items()}


def _own_type(kind: Type) -> pa.DataType:
    simple = {"integer": pa.int64(), "string": pa.string(), "boolean": pa.bool_(), "date": pa.date32()}
    return simple.get(kind.kind) or pa.decimal128(18, kind.scale)


def _of_grains(found: pa.Array, kind: pa.DataType) -> pa.Array:
    """Whole numbers as decimals: the same digits under another scale."""
    if not pa.types.is_decimal(kind):
        return found.cast(kind)
    whole = found.cast(pa.decimal128(DIGITS, 0))
    return pa.Array.from_buffers(kind, len(whole), whole.buffers(), offset=whole.offset)
