"""A program over blocks of rows: each block in a process of its own, each for the same time, whatever it does.

Only numbers come back, and what a block's numbers are depends on its rows and the program alone. Which blocks failed is
not told to anybody. One block runs at a time on a machine, so that none can feel another working beside it."""

from __future__ import annotations

import json
import math
import os
import struct
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import pyarrow as pa

from sandbox.isolation.template import Template, TemplateLost

HEAD = 8
TURN = Lock()
"""Whose blocks run: one program of this process at a time."""
AROUND_MS = 150
"""What making a block's process and clearing up after it may take beside its own time; more for more memory."""


@dataclass(frozen=True)
class Program:
    """Code that defines `program(rows, parameters)`, and what it may take: `rows` is a pandas DataFrame, and further
    tables of a block are DataFrames in `parameters["tables"]`, by what stands behind the point of their names. It
    returns a mapping of `numbers` to numbers, or one number where there is one. Each block has `milliseconds`, and
    `memory_mb` beyond its rows."""

    code: str
    numbers: tuple[str, ...]
    parameters: Mapping[str, Any]
    milliseconds: int
    memory_mb: int

    @property
    def slot(self) -> float:
        """Seconds from the beginning of one block to that of the next, whatever the code does in its own."""
        return (self.milliseconds + AROUND_MS + self.memory_mb // 8) / 1000


class Programs:
    """Runs programs; keeps the sandbox that blocks start from warm. Thread-safe: programs follow each other."""

    def __init__(self) -> None:
        self._template: Template | None = None
        self._closed = False

    def run(self, program: Program, blocks: Iterable[Mapping[str, pa.Table]]) -> list[tuple[float | None, ...]]:
        """Give the numbers of each block, in order, None for what it did not give. `blocks` are tables by name, `rows`
        first. Takes `slot` for each, however soon a block is done. Raises `TemplateLost` where no sandbox can
        be made."""
        found = []
        with TURN:
            self._ready()
            begun, slot = time.monotonic(), program.slot
            for number, tables in enumerate(blocks, 1):
                found.append(self._one(program, tables))
                time.sleep(max(0.0, begun + number * slot - time.monotonic()))
        return found

    def close(self) -> None:
        """End the sandbox; a program that runs fails."""
        self._closed = True
        if self._template is not None:
            self._template.close()

    def _ready(self) -> Template:
        if self._closed:
            raise TemplateLost
        if self._template is None or not self._template.alive:
            if self._template is not None:
                self._template.close()
            self._template = Template()
        return self._template

    def _one(self, program: Program, tables: Mapping[str, pa.Table]) -> tuple[float | None, ...]:
        try:
            return written(self._ready(), program, tables)
        except TemplateLost:  # what a block does must not end a job: the next one gets a new sandbox
            if self._closed:
                raise
            return (None,) * len(program.numbers)


def written(template: Template, program: Program, tables: Mapping[str, pa.Table]) -> tuple[float | None, ...]:
    """Give the numbers of one block, as soon as it is done. Raises `TemplateLost`."""
    source, size = _input(program, tables), 8 * len(program.numbers)
    try:
        found = template.run(source, size, program.milliseconds, program.memory_mb)
    finally:
        os.close(source)
    if len(found) != size:
        return (None,) * len(program.numbers)
    numbers: Sequence[float] = struct.unpack(f"<{len(program.numbers)}d", found)
    return tuple(number if math.isfinite(number) else None for number in numbers)


def stream_of(table: pa.Table) -> pa.Buffer:
    """Give a table as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue()


def _input(program: Program, tables: Mapping[str, pa.Table]) -> int:
    """Write what a block gets into memory that only its process will have."""
    streams = {name: stream_of(table) for name, table in tables.items()}
    header = json.dumps(
        {
            "code": program.code,
            "numbers": program.numbers,
            "parameters": program.parameters,
            "tables": [[name, stream.size] for name, stream in streams.items()],
        }
    ).encode()
    descriptor = os.memfd_create("rows", os.MFD_CLOEXEC)
    for part in (len(header).to_bytes(HEAD, "big"), header, *streams.values()):
        view = memoryview(part)
        while view:
            view = view[os.write(descriptor, view) :]
    return descriptor
