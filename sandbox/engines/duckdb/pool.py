"""The embedded engine: one warm child per open data version, recycled after some jobs and after any failure."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import repeat
from threading import Lock

import pyarrow as pa

from sandbox.engines.base import EngineFailed, Exact, Histogram, OpenVersion
from sandbox.engines.duckdb.render import Query, render
from sandbox.engines.fixed import from_grains
from sandbox.engines.process import Child, ChildLost
from sandbox.plan.block import Block
from sandbox.plan.plan import Plan
from sandbox.plan.scalar import Type, Value

MODULE = "sandbox.engines.duckdb.child"


@dataclass
class Seat:
    """The place of one version's child. `users` counts who holds or awaits it; only an unused seat is cleared."""

    lock: Lock = field(default_factory=Lock)
    child: Child | None = None
    jobs: int = 0
    users: int = 0

    def clear(self) -> None:
        if self.child is not None:
            self.child.close()
        self.child, self.jobs = None, 0


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
            rendered = [render(block) for block in plan.blocks]
            with self._seat(version.id) as seat:
                answers = [[self._ask(seat, version, query) for query in queries] for queries in rendered]
            return [_exact(*each) for each in zip(plan.blocks, rendered, answers, strict=True)]
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

    def _ask(self, seat: Seat, version: OpenVersion, query: Query) -> bytes:
        try:
            if seat.child is None or not seat.child.alive:
                seat.clear()
                seat.child = Child(MODULE)
                opening = {"path": str(version.path.resolve()), "key": version.key.hex(), **self._settings}
                seat.child.ask(json.dumps(opening).encode(), self._seconds)
            question = {"sql": query.sql, "parameters": query.parameters}
            answer = seat.child.ask(json.dumps(question).encode(), self._seconds)
        except ChildLost:
            seat.clear()
            raise
        seat.jobs += 1
        if seat.jobs >= self._jobs or self._closed:
            seat.clear()
        return answer

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


def _exact(block: Block, queries: list[Query], answers: list[bytes]) -> Exact:
    """Put the answers of a block's statements together, group by group; a group that a statement does not have counts
    nothing in it."""
    nothing: list[int | Histogram] = [() if m.what == "quantile" else 0 for m in block.measurements]
    groups: dict[tuple[Value, ...], list[int | Histogram]] = {} if block.keys else {(): list(nothing)}
    for query, answer in zip(queries, answers, strict=True):
        for group, numbers in _rows(block, query, answer):
            found = groups.setdefault(group, list(nothing))
            for place, number in zip(query.measured, numbers, strict=True):
                found[place] = number
    return Exact(list(groups), [tuple(values) for values in groups.values()])


def _rows(block: Block, query: Query, answer: bytes) -> Iterator[tuple[tuple[Value, ...], list[int | Histogram]]]:
    """Read the Arrow stream of one statement: keys first, then its measurements."""
    with pa.ipc.open_stream(answer) as stream:
        columns = [column.to_pylist() for column in stream.read_all().columns]
    count = len(block.keys)
    keys = [
        column if scale is None else [_number(value, key.expr.type, scale) for value in column]
        for key, scale, column in zip(block.keys, query.scales, columns, strict=False)
    ]
    groups = zip(*keys, strict=True) if keys else repeat((), len(columns[0]))
    if block.measurements[query.measured[0]].what != "quantile":
        for group, numbers in zip(groups, zip(*columns[count:], strict=True), strict=True):
            yield group, [int(number) for number in numbers]
        return
    bins: dict[tuple[Value, ...], list[tuple[int, int]]] = {}
    for group, number, rows in zip(groups, *columns[count:], strict=True):
        bins.setdefault(group, []).append((int(number), int(rows)))
    for group, listed in bins.items():
        yield group, [tuple(sorted(listed))]


def _number(value: int | Decimal | None, kind: Type, scale: int) -> int | Decimal | None:
    if value is None:
        return None
    return int(value) if kind.kind == "integer" else from_grains(int(value), scale)
