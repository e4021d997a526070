"""The child that holds one data version open, read-only, and runs rendered statements over it.

First frame: where the file is and its key. Every further frame: a statement and its parameters; the answer is an
Arrow stream, so that 128-bit sums and decimals stay exact."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow as pa

from sandbox.engines.files import attach, connect, lock
from sandbox.engines.worker import serve


class Version:
    """Answers frames; opens the file with the first."""

    def __init__(self) -> None:
        self._connection: duckdb.DuckDBPyConnection | None = None

    def answer(self, question: bytes) -> bytes:
        asked = json.loads(question)
        if self._connection is None:
            scratch = Path.cwd() / "spill"
            self._connection = connect(scratch, asked["memory"], asked["threads"])
            attach(self._connection, Path(asked["path"]), bytes.fromhex(asked["key"]))
            lock(self._connection, [scratch])
            return b"open"
        with self._connection.cursor() as cursor:
            table = cursor.execute(asked["sql"], asked["parameters"]).to_arrow_table()
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
        return bytes(sink.getvalue())


if __name__ == "__main__":
    serve(Version().answer)
