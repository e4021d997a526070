"""The one warm Spark session of a test process, for tests that are marked `spark`."""

from __future__ import annotations

import os
from functools import cache

import pytest

needed = [
    pytest.mark.spark,
    pytest.mark.skipif(os.environ.get("SANDBOX_TEST_SPARK") != "1", reason="SANDBOX_TEST_SPARK is not set"),
]


@cache
def spark():
    """Give the engine; started once, ended with the process."""
    import atexit

    from sandbox.engines.spark.engine import SparkEngine

    engine = SparkEngine(seconds=120, memory_mb=1024)
    atexit.register(engine.close)
    return engine
