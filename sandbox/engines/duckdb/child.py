"""The child that holds one data version open, read-only, and runs rendered statements over it.

First frame: where the file is and its key; the answer says how the version is stored. Every further frame: a statement
and its parameters, and how its rows are numbered here before, if they are; the answer is an Arrow stream, so that
128-bit sums and decimals stay exact."""

from __future__ import annotations

import json
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path

import duckdb
import pyarrow as pa

from sandbox.engines.duckdb.facts import BOUNDED, read_facts
from sandbox.engines.duckdb.kept import Planned
from sandbox.engines.duckdb.moments import install, wanted
from sandbox.engines.duckdb.own import brought
from sandbox.engines.duckdb.positions import prepare
from sandbox.engines.files import attach, connect, lock
from sandbox.engines.worker import serve


class Version:
    """Answers frames; opens the file with the first."""

    def __init__(self) -> None:
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._planned: Planned | None = None
        self._threads = 1
        self._finishes = False

    def answer(self, question: bytes) -> bytes | memoryview:
        asked = json.loads(question)
        if self._connection is None:
            self._threads = int(asked["threads"])
            scratch = Path.cwd() / "spill"
            self._connection = connect(scratch, asked["memory"], asked["threads"])
            attach(self._connection, Path(asked["path"]), bytes.fromhex(asked["key"]))
            prepare(self._connection)
            lock(self._connection, [scratch])
            self._planned = Planned(self._connection)
            return read_facts(self._connection).as_json()
        if not self._finishes and wanted(asked["sql"]):
            install(self._connection)
            self._finishes = True
        if self._planned and asked["pieces"] is None and not asked["parameters"] and not asked.get("own"):
            return _stream(self._planned.table(asked["sql"]))
        with brought(self._connection, asked.get("own", {})), self._connection.cursor() as cursor:
            pieces = asked["pieces"]
            if pieces is not None and pieces.get("tally"):
                from sandbox.engines.duckdb.tally import tallied  # what few statements need is not waited for

                table = tallied(self._connection, pieces, self._threads)
            else:
                if pieces is not None:
                    from sandbox.engines.duckdb.ordinals import bounded

                    cursor.register(BOUNDED, bounded(self._connection, pieces, self._threads))
                table = cursor.execute(asked["sql"], asked["parameters"]).to_arrow_table()
        return _stream(table)


def _stream(table: pa.Table) -> memoryview:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return memoryview(sink.getvalue())


class _Unneeded(MetaPathFinder):
    """Arrow imports pandas, which takes a fifth of a second, to look whether an array is one of its; none here is."""

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(name=fullname)


if __name__ == "__main__":
    sys.meta_path.insert(0, _Unneeded())
    serve(Version().answer)
