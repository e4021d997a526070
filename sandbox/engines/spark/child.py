"""The child that holds one Spark session and runs rendered statements.

First frame: which Spark, and how much of this machine. Every further frame: a version's key and tables, statements and
their parameters, and how long they may take; the answer is one Arrow stream a statement, or nothing when one failed –
what Spark would say could quote a row."""

from __future__ import annotations

import base64
import json
import sys
from threading import Event, Thread
from typing import Any

import pyarrow as pa

from sandbox.engines.spark.session import environment, local, remote
from sandbox.engines.worker import serve

OPEN_FILES = 65536  # jars, shuffles and connections


class Session:
    """Answers frames; starts Spark with the first."""

    def __init__(self) -> None:
        self._spark: Any = None
        self._local = True

    def answer(self, question: bytes) -> bytes:
        asked = json.loads(question)
        if self._spark is None:
            self._spark = self._open(asked)
            return b"open"
        try:
            for view, table in asked["tables"].items():
                self._spark.read.schema(table["schema"]).parquet(*table["paths"]).createOrReplaceTempView(view)
            return pack([self._run(asked, statement) for statement in asked["statements"]])
        except Exception:  # noqa: BLE001 – the parent learns that it failed, nothing else
            self._spark.sql("SELECT 1").toArrow()  # a session that is gone ends this process, and another is started
            return b""

    def _open(self, asked: dict[str, Any]) -> Any:
        environment(asked["java_home"])
        self._local = asked["master"] == "local"
        if self._local:
            return local(asked["memory_mb"], asked["threads"])
        return remote(asked["master"])

    def _run(self, asked: dict[str, Any], statement: dict[str, Any]) -> bytes:
        """Run one statement, interrupted after its seconds."""
        spark, secret, done = self._spark, f"sandbox.secret.{asked['version']}", Event()
        spark.conf.set(secret, asked["key"])
        Thread(target=self._interrupt, args=(asked["seconds"], done), daemon=True).start()
        try:
            found = spark.sql(statement["sql"], args=statement["parameters"]).toArrow()
        finally:
            done.set()
            spark.conf.unset(secret)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, found.schema) as stream:
            stream.write_table(found)
        return bytes(sink.getvalue())

    def _interrupt(self, seconds: float, done: Event) -> None:
        """Interrupt the statement when its time is over – again and again: what Spark has not yet begun to run, it does
        not interrupt. Nothing else runs in this session."""
        if done.wait(seconds):
            return
        while not done.wait(0.05):
            if self._local:
                self._spark.sparkContext.cancelAllJobs()  # interruptAll() misses what toArrow() runs in its own thread
            else:
                self._spark.interruptAll()


def pack(streams: list[bytes]) -> bytes:
    """Give several byte strings as one."""
    return json.dumps([base64.b64encode(one).decode() for one in streams]).encode()


def unpack(packed: bytes) -> list[bytes]:
    """Give back what `pack` was given; raises ValueError for an empty answer."""
    return [base64.b64decode(one) for one in json.loads(packed)]


if __name__ == "__main__":
    serve(Session().answer, open_files=OPEN_FILES, network="all" if sys.argv[1] == "remote" else "own")
