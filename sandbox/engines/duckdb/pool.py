"""The embedded engine: one warm child per open data version, recycled after some jobs and after any failure."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from sandbox.engines.base import EngineFailed, Exact, OpenVersion
from sandbox.engines.duckdb.answers import exact, texts
from sandbox.engines.duckdb.facts import Facts, of_json
from sandbox.engines.duckdb.render import Query, render
from sandbox.engines.files import ALIAS
from sandbox.engines.process import Child, ChildLost
from sandbox.engines.width import fits
from sandbox.plan.plan import Plan
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
    jobs: int = 0
    users: int = 0

    def clear(self) -> None:
        if self.child is not None:
            self.child.close()
        self.child, self.facts, self.texts, self.jobs = None, None, {}, 0


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

    def run(self, version: OpenVersion, plan: Plan) -> list[Exact]:
        """Execute `plan` over `version`; raises `EngineFailed`."""
        try:
            if not fits(plan):
                raise EngineFailed
            with self._seat(version.id) as seat:
                facts = self._opened(seat, version)
                rendered = [render(block, facts) for block in plan.blocks]
                named = {name for queries in rendered for query in queries for name in query.keys.dictionaries if name}
                listed = {name: self._texts(seat, version, name) for name in named}
                answers = [[self._ask(seat, version, query) for query in queries] for queries in rendered]
            return [exact(*each, listed) for each in zip(plan.blocks, rendered, answers, strict=True)]
        except (ChildLost, ValueError, MemoryError):
            raise EngineFailed from None

    def close(self) -> None:
        """End all children; jobs that run fail."""
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

    def _ask(self, seat: Seat, version: OpenVersion, query: Query) -> bytes:
        self._opened(seat, version)
        answer = self._told(seat, {"sql": query.sql, "parameters": query.parameters, "pieces": query.pieces})
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
