"""The embedded engine: one warm child per open data version, recycled after some jobs and after any failure."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import pyarrow as pa

from sandbox.engines.base import EngineFailed, Exact, OpenVersion
from sandbox.engines.duckdb.answers import exact, texts
from sandbox.engines.duckdb.facts import Facts, of_json
from sandbox.engines.duckdb.kept import Written
from sandbox.engines.duckdb.own import beside, sent
from sandbox.engines.duckdb.reads import Statement, read_statement, rows_read
from sandbox.engines.duckdb.render import Query, render
from sandbox.engines.duckdb.unit_rows import rows_statement, rows_table
from sandbox.engines.files import ALIAS
from sandbox.engines.process import Child, ChildLost
from sandbox.engines.reference import measured
from sandbox.engines.width import fits
from sandbox.engines.worked import worked
from sandbox.isolation.program import Programs
from sandbox.plan.block import Block
from sandbox.plan.plan import Plan
from sandbox.plan.reading import Reading
from sandbox.plan.relation import Relation, Worked
from sandbox.plan.scalar import Value

MODULE = "sandbox.engines.duckdb.child"


@dataclass
class Seat:
    """The place of one version's child. `texts` are those of dictionaries that were asked for. `users` counts who holds
    or awaits it; only an unused seat is cleared."""

    lock: Lock = field(default_factory=Lock)
    child: Child | None = None
    facts: Facts | None = None
    texts: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    written: Written = field(default_factory=Written)
    jobs: int = 0
    users: int = 0

    def clear(self) -> None:
        if self.child is not None:
            self.child.close()
        self.child, self.facts, self.texts, self.written, self.jobs = None, None, {}, Written(), 0


class DuckDBEngine:
    """Runs plans over encrypted DuckDB files. Thread-safe: jobs of one version follow each other, versions run side by
    side. A job that takes longer than `seconds` is killed with its child."""

    def __init__(
        self, *, seconds: float = 60.0, children: int = 4, jobs: int = 200, memory: str = "2GB", threads: int = 2
    ) -> None:
        self._seconds, self._children, self._jobs = seconds, children, jobs
        self._settings = {"memory": memory, "threads": threads}
        self._seats: OrderedDict[str, Seat] = OrderedDict()
        self._lock = Lock()
        self._closed = False
        self._programs = Programs()

    def run(self, version: OpenVersion, plan: Plan) -> list[Exact]:
        """Execute `plan` over `version`; raises `EngineFailed`."""
        try:
            if not fits(plan):
                raise EngineFailed
            if any(isinstance(block.rows, Worked) for block in plan.blocks):
                return [self._worked(version, block) for block in plan.blocks]
            with self._seat(version.id) as seat:
                facts = beside(self._opened(seat, version), version.own)
                write = render if version.own else seat.written.of  # own tables are of one question
                rendered = [write(block, facts) for block in plan.blocks]
                named = {name for queries in rendered for query in queries for name in query.keys.dictionaries if name}
                listed = {name: self._texts(seat, version, name) for name in named}
                answers = [[self._ask(seat, version, query) for query in queries] for queries in rendered]
            return [exact(*each, listed) for each in zip(plan.blocks, rendered, answers, strict=True)]
        except (ChildLost, ValueError, MemoryError):
            raise EngineFailed from None

    def read(self, version: OpenVersion, reading: Reading) -> list[tuple[Value, ...]]:
        """Give the rows of `reading` over `version`; raises `EngineFailed`."""
        try:
            if not fits(reading):
                raise EngineFailed
            with self._seat(version.id) as seat:
                statement = read_statement(reading, self._opened(seat, version))
                return rows_read(reading, self._ask(seat, version, statement))
        except (ChildLost, ValueError, MemoryError):
            raise EngineFailed from None

    def rows(self, version: OpenVersion, relation: Relation) -> pa.Table:
        """Give the rows of a relation of units; raises `EngineFailed`."""
        try:
            with self._seat(version.id) as seat:
                sql, parameters = rows_statement(relation, self._opened(seat, version))
                found = self._told(seat, {"sql": sql, "parameters": parameters, "pieces": None})
            return rows_table(relation, found)
        except (ChildLost, ValueError, MemoryError):
            raise EngineFailed from None

    def _worked(self, version: OpenVersion, block: Block) -> Exact:
        """What a program gives is few rows: they are measured here."""
        if not isinstance(block.rows, Worked):
            raise ValueError("a plan is one program, or has none")
        rows = self.rows(version, block.rows.source)
        return measured(block, {}, worked(block.rows, rows, self._programs, version.own))

    def close(self) -> None:
        """End all children; jobs that run fail."""
        self._programs.close()
        with self._lock:
            self._closed = True
            seats = list(self._seats.values())
            self._seats.clear()
        for seat in seats:
            seat.clear()

    def _opened(self, seat: Seat, version: OpenVersion) -> Facts:
        """Give the facts of the version, from a child that has it open."""
        if seat.child is None or seat.facts is None or not seat.child.alive:
            seat.clear()
            seat.child = Child(MODULE)
            opening = {"path": str(version.path.resolve()), "key": version.key.hex(), **self._settings}
            seat.facts = of_json(self._told(seat, opening))
        return seat.facts

    def _texts(self, seat: Seat, version: OpenVersion, dictionary: str) -> tuple[Value, ...]:
        """Give the texts of a dictionary, which are asked for once."""
        self._opened(seat, version)
        if dictionary not in seat.texts:
            sql = f'SELECT code, value FROM {ALIAS}.main."{dictionary}"'  # noqa: S608 – a name of our own layout
            seat.texts[dictionary] = texts(self._told(seat, {"sql": sql, "parameters": {}, "pieces": None}))
        return seat.texts[dictionary]

    def _ask(self, seat: Seat, version: OpenVersion, query: Query | Statement) -> bytes:
        self._opened(seat, version)
        pieces = query.pieces if isinstance(query, Query) else None
        question = {"sql": query.sql, "parameters": query.parameters, "pieces": pieces}
        answer = self._told(seat, question | ({"own": sent(version.own)} if version.own else {}))
        seat.jobs += 1
        if seat.jobs >= self._jobs or self._closed:
            seat.clear()
        return answer

    def _told(self, seat: Seat, question: dict[str, Any]) -> bytes:
        assert seat.child is not None
        try:
            return seat.child.ask(json.dumps(question).encode(), self._seconds)
        except ChildLost:
            seat.clear()
            raise

    @contextmanager
    def _seat(self, version: str) -> Iterator[Seat]:
        with self._lock:
            if self._closed:
                raise EngineFailed
            seat = self._seats.setdefault(version, Seat())
            self._seats.move_to_end(version)
            seat.users += 1
            unused = [name for name, one in self._seats.items() if one.users == 0]
            for name in unused[: max(0, len(self._seats) - self._children)]:
                self._seats.pop(name).clear()
        try:
            with seat.lock:
                yield seat
        finally:
            with self._lock:
                seat.users -= 1
