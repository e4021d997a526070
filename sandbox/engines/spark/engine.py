"""The distributed engine: a child that holds one warm Spark session, in process or on a cluster, asked over a pipe."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Lock, Thread
from typing import Any

import pyarrow as pa

from sandbox.core.sealing import SealBroken
from sandbox.engines.base import EngineFailed, Exact, Histogram, OpenVersion
from sandbox.engines.fixed import from_grains, rows_shown
from sandbox.engines.process import Child, ChildLost
from sandbox.engines.spark.child import unpack
from sandbox.engines.spark.java import check, find_java
from sandbox.engines.spark.relations import view_of
from sandbox.engines.spark.render import PART, Statement, read_statement, render
from sandbox.engines.spark.storage import TableFiles, folder_of, read_manifest, root_key
from sandbox.engines.spark.storing import store_in_child
from sandbox.engines.width import fits
from sandbox.plan.block import Block
from sandbox.plan.plan import Plan
from sandbox.plan.reading import Reading
from sandbox.plan.relation import Relation
from sandbox.plan.scalar import Type, Value

MODULE = "sandbox.engines.spark.child"
LOCAL = "local"
STARTING = 300.0  # seconds for a session to open
GRACE = 20.0  # seconds beyond its own limit after which a statement's session is ended


class SparkEngine:
    """Runs plans over encrypted Parquet. Thread-safe; jobs follow each other. A statement that takes longer than
    `seconds` is interrupted; a session that does not answer then is ended, and the next job starts another.

    `master` is `local` or a Spark Connect address; `folder` is where that cluster finds the folder of the data
    versions, when that is not where it is here. Raises `Problem(not_ready)` when pyspark or Java is missing."""

    def __init__(
        self,
        *,
        master: str = LOCAL,
        folder: str | None = None,
        seconds: float = 60.0,
        memory_mb: int = 4096,
        threads: int = 2,
    ) -> None:
        check(master)
        self._folder, self._seconds, self._memory_mb = folder, seconds, memory_mb
        self._opening = {
            "master": master,
            "java_home": str(find_java()) if master == LOCAL else None,
            "memory_mb": memory_mb,
            "threads": threads,
        }
        self._child: Child | None = None
        self._lock = Lock()
        self._closed = False

    def warm(self) -> None:
        """Start the session in the background, so that the first job does not wait for all of it."""

        def start() -> None:
            with suppress(ChildLost, EngineFailed), self._lock:
                self._session()

        Thread(target=start, daemon=True).start()

    def run(self, version: OpenVersion, plan: Plan) -> list[Exact]:
        """Execute `plan` over `version`; raises `EngineFailed`."""
        try:
            store_in_child(version, self._memory_mb)
            tables = read_manifest(version)
            statements = [render(block, tables) for block in plan.blocks]
            question = self._question(version, tables, [one for block in statements for one in block])
            answers = unpack(self._ask(question, sum(map(len, statements))))
        except (ChildLost, ValueError, MemoryError, OSError, SealBroken, pa.ArrowException):
            raise EngineFailed from None
        found = []
        for block, own in zip(plan.blocks, statements, strict=True):
            found.append(_exact(block, own, [answers.pop(0) for _ in own]))
        return found

    def read(self, version: OpenVersion, reading: Reading) -> list[tuple[Value, ...]]:
        """Give the rows of `reading` over `version`; raises `EngineFailed`."""
        try:
            if not fits(reading):
                raise EngineFailed
            store_in_child(version, self._memory_mb)
            tables = read_manifest(version)
            [answer] = unpack(self._ask(self._question(version, tables, [read_statement(reading, tables)]), 1))
            with pa.ipc.open_stream(answer) as stream:
                return rows_shown(reading.columns, [column.to_pylist() for column in stream.read_all().columns])
        except (ChildLost, ValueError, MemoryError, OSError, SealBroken, pa.ArrowException):
            raise EngineFailed from None

    def _question(
        self, version: OpenVersion, tables: Mapping[str, TableFiles], statements: Sequence[Statement]
    ) -> bytes:
        """What the child is asked: key, files and SQL."""
        folder = folder_of(version.path)
        where = f"{self._folder.rstrip('/') if self._folder else folder.parent.resolve()}/{folder.name}"
        read = sorted({table for one in statements for table in one.tables})
        views = {
            view_of(table, tables): {
                "schema": tables[table].schema,
                "paths": [f"{where}/{table}/{name}" for name in tables[table].files],
            }
            for table in read
        }
        asked = {
            "version": folder.name,
            "key": base64.b64encode(root_key(version.key)).decode(),
            "seconds": self._seconds,
            "tables": views,
            "statements": [{"sql": one.sql, "parameters": one.parameters} for one in statements],
        }
        return json.dumps(asked).encode()

    def rows(self, version: OpenVersion, relation: Relation) -> pa.Table:
        """Spark's partitions would have to come together here: what works on rows themselves needs DuckDB."""
        raise EngineFailed

    def close(self) -> None:
        """End the session; a job that runs fails."""
        self._closed = True
        if (child := self._child) is not None:
            child.close()

    def _ask(self, question: bytes, statements: int) -> bytes:
        with self._lock:
            session = self._session()
            answer = session.ask(question, self._seconds * statements + GRACE)
        if not answer:
            raise EngineFailed
        return answer

    def _session(self) -> Child:
        if self._closed:
            raise EngineFailed
        if self._child is None or not self._child.alive:
            if self._child is not None:
                self._child.close()
            self._child = Child(MODULE, LOCAL if self._opening["master"] == LOCAL else "remote")
            self._child.ask(json.dumps(self._opening).encode(), STARTING)
        return self._child


def _exact(block: Block, statements: Sequence[Statement], answers: Sequence[bytes]) -> Exact:
    """Put the answers together: the groups come with the first statement, all others add measurements to them."""
    found: dict[tuple[Value, ...], list[int | Histogram]] | None = None
    for statement, answer in zip(statements, answers, strict=True):
        with pa.ipc.open_stream(answer) as stream:
            columns = [column.to_pylist() for column in stream.read_all().columns]
        keys = _keys(block, statement, columns[: len(block.keys)])
        if found is None:
            found = {key: [()] * len(block.measurements) for key in keys}
        _fill(found, statement, keys, columns[len(block.keys) :])
    assert found is not None
    return Exact(list(found), [tuple(one) for one in found.values()])


def _fill(
    found: dict[tuple[Value, ...], list[int | Histogram]],
    statement: Statement,
    keys: Sequence[tuple[Value, ...]],
    columns: list[list[Any]],
) -> None:
    """Put what a statement measured into its places."""
    if statement.bins:
        bins: dict[tuple[Value, ...], list[tuple[int, int]]] = {}
        for key, one, rows in zip(keys * len(columns[0]) if keys == [()] else keys, *columns, strict=True):
            bins.setdefault(key, []).append((int(one), int(rows)))
        for key, entries in bins.items():
            found[key][statement.measured[0]] = tuple(sorted(entries))
        return
    for place, many in zip(statement.measured, statement.parts, strict=True):
        parts, columns = columns[:many], columns[many:]
        for at, key in enumerate(keys):
            if key in found:  # groups of which the bounds keep nothing have weighed sums all the same
                found[key][place] = sum(int(part[at]) << (PART * n) for n, part in enumerate(parts))


def _keys(block: Block, statement: Statement, columns: Sequence[list[Any]]) -> list[tuple[Value, ...]]:
    if not block.keys:
        return [()]
    decoded = [
        column if scale is None else [_number(value, key.expr.type, scale) for value in column]
        for column, key, scale in zip(columns, block.keys, statement.scales, strict=True)
    ]
    return list(zip(*decoded, strict=True))


def _number(value: Any, kind: Type, scale: int) -> Value:
    if value is None:
        return None
    return int(value) if kind.kind == "integer" else from_grains(int(value), scale)
