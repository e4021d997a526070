"""Readings of public tables as SQL, and their rows from the Arrow stream."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from sandbox.engines.duckdb.facts import Facts
from sandbox.engines.duckdb.relations import Relations
from sandbox.engines.duckdb.scalars import Scalars
from sandbox.engines.fixed import rows_shown
from sandbox.plan.reading import Reading
from sandbox.plan.relation import Public
from sandbox.plan.scalar import Value
from sandbox.plan.walk import walk


@dataclass(frozen=True)
class Statement:
    """SQL with named text parameters; it gives every column of the rows, those first that are shown."""

    sql: str
    parameters: dict[str, str]


def read_statement(reading: Reading, facts: Facts) -> Statement:
    """Give the statement of a reading; raises ValueError for a table that is stored with units, whatever is said of it
    elsewhere, and for numbers that could be beyond 2¹²⁶."""
    tables = {node.table for node in walk(reading.rows) if isinstance(node, Public)}
    if any(facts.table(name).unit is not None for name in tables):
        raise ValueError("rows of units do not leave as they are")
    relations = Relations(Scalars(), facts)
    return Statement(*relations.finished(relations.read(reading.rows)))


def rows_read(reading: Reading, answer: bytes) -> list[tuple[Value, ...]]:
    """Give the rows of the answer to a reading's statement."""
    with pa.ipc.open_stream(answer) as stream:
        table = stream.read_all()
    return rows_shown(reading.columns, [column.to_pylist() for column in table.columns])
