"""The one warm Spark session of a test process, for tests that are marked `spark`; and a cluster of one process."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pyarrow as pa
import pytest

from sandbox.engines.base import OpenVersion
from sandbox.engines.fixed import from_grains
from sandbox.engines.spark.child import unpack
from sandbox.engines.spark.engine import SparkEngine
from sandbox.engines.spark.render import Statement
from sandbox.engines.spark.scalars import Scalars
from sandbox.engines.spark.storage import read_manifest
from sandbox.engines.spark.storing import store_in_child
from sandbox.engines.widths import width
from sandbox.plan.scalar import Scalar, Value

needed = [
    pytest.mark.spark,
    pytest.mark.skipif(os.environ.get("SANDBOX_TEST_SPARK") != "1", reason="SANDBOX_TEST_SPARK is not set"),
]


@cache
def spark() -> SparkEngine:
    """Give the engine; started once, ended with the process."""
    import atexit

    engine = SparkEngine(seconds=120, memory_mb=1024)
    atexit.register(engine.close)
    return engine


def cells(version: OpenVersion, exprs: Sequence[Scalar]) -> dict[tuple[int, int], list[Value]]:
    """Give what Spark makes of expressions over table `t`, by unit and order of the row."""
    engine, scalars = spark(), Scalars()
    store_in_child(version, 1024)
    tables = read_manifest(version)
    named = ", ".join(f"c{place} AS `{name}`" for place, name in enumerate(tables["t"].names))
    made = ", ".join(f"{scalars.render(expr)} AS e{place}" for place, expr in enumerate(exprs))
    view = f"__t{list(tables).index('t')}"
    sql = f"SELECT __unit, __ord, {made} FROM (SELECT __unit, __ord, {named} FROM {view})"
    statement = Statement(sql, scalars.parameters, frozenset(["t"]), (), (), (), False)
    [answer] = unpack(engine._ask(engine._question(version, tables, [statement]), 1))
    columns = [column.to_pylist() for column in pa.ipc.open_stream(answer).read_all().columns]
    return {
        (unit, order): [_value(expr, cell) for expr, cell in zip(exprs, row, strict=True)]
        for unit, order, *row in zip(*columns, strict=True)
    }


def _value(expr: Scalar, cell: Any) -> Value:
    if cell is None or not expr.type.numeric:
        return cell
    return from_grains(int(cell), width(expr).scale)


@contextmanager
def connect_server(folder: Path, jar: Path) -> Iterator[str]:
    """Run a Spark Connect server that knows the jar and logs all it can into `folder`; give its address."""
    import pyspark

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {
        "spark.connect.grpc.binding.port": port,
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.ui.enabled": "false",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.compress": "false",
        "spark.eventLog.dir": folder.as_uri(),
        "spark.local.dir": folder / "local",
        "spark.log.level": "DEBUG",
        "spark.jars": jar,
    }
    options = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    server = "org.apache.spark.sql.connect.service.SparkConnectServer"
    submit = str(Path(pyspark.__file__).parent / "bin" / "spark-submit")
    with open(folder / "server.log", "wb") as log:
        process = subprocess.Popen(
            [submit, "--master", "local[2]", "--class", server, *options, "spark-internal"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    try:
        until = monotonic() + 120
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None and monotonic() < until, "the server did not start"
                sleep(0.3)
        yield f"sc://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
