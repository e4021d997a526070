"""A Spark session for rows that must not show: in process, shut in as far as Spark lets itself be, or on a cluster.

What the cluster does with rows beyond this session's reach – its logs, its local disks, who may attach to it – is its
owner's to answer for; docs/operations.md says what is asked of it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sandbox.engines.spark.jar import CLASS, compiled, path_of_class

# What decides the integers. Everything else may be as the cluster has it.
MEANING = {
    "spark.sql.ansi.enabled": "true",  # an overflow is an error, never another number or NULL
    "spark.sql.caseSensitive": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.decimalOperations.allowPrecisionLoss": "true",
    "spark.sql.storeAssignmentPolicy": "ANSI",
    "parquet.crypto.factory.class": CLASS,
}


def local(memory_mb: int, threads: int) -> Any:
    """Start Spark inside this process's current folder and give its session."""
    from pyspark.sql import SparkSession

    here = Path.cwd()
    classes, spill = here / "classes", here / "spill"
    for folder in (classes, spill):
        folder.mkdir()
    java = [f"-Djava.io.tmpdir={here}", "-XX:-UsePerfData", "-XX:-HeapDumpOnOutOfMemoryError", "-Duser.timezone=UTC"]
    settings = {
        "spark.app.name": "sandbox",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "OFF",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": f"{memory_mb}m",
        "spark.driver.extraClassPath": str(classes),
        "spark.driver.extraJavaOptions": " ".join(java),
        "spark.io.encryption.enabled": "true",  # what is spilled, shuffled, cached or broadcast
        "spark.io.encryption.keySizeBits": "256",
        "spark.local.dir": str(spill),
        "spark.sql.warehouse.dir": str(here / "warehouse"),
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.shuffle.partitions": str(threads),
        "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",
        "spark.sql.ui.retainedExecutions": "1",
        "spark.ui.retainedJobs": "1",
        "spark.eventLog.enabled": "false",
    }
    builder = SparkSession.builder.master(f"local[{threads}]")
    for name, value in {**settings, **MEANING}.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    target = classes / path_of_class()
    target.parent.mkdir(parents=True)
    target.write_bytes(compiled(session._jvm))
    return session


def remote(url: str) -> Any:
    """Connect to a cluster (sc://host:port/…) that has the jar of FileKeys, and give the session."""
    from pyspark.sql import SparkSession

    session = SparkSession.builder.remote(url).create()
    for name, value in MEANING.items():
        session.conf.set(name, value)
    return session


def environment(java_home: str | None) -> None:
    """Let pyspark find Java, and nothing of this process's surroundings besides."""
    os.environ["PATH"] = "/usr/local/bin:/usr/bin:/bin"
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    os.environ["SPARK_LOCAL_HOSTNAME"] = "localhost"
    if java_home is not None:
        os.environ["JAVA_HOME"] = java_home
