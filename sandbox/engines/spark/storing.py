"""Make the Parquet folder of a data version in a child process, as everything that reads rows is done."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Lock

from sandbox.engines.base import OpenVersion
from sandbox.engines.process import Child
from sandbox.engines.spark.storage import store, stored
from sandbox.engines.worker import serve

SECONDS = 1800.0
_one = Lock()


def store_in_child(version: OpenVersion, memory_mb: int, seconds: float = SECONDS) -> None:
    """Make sure that the folder is there; raises `ChildLost` when it cannot be made."""
    with _one:
        if stored(version):
            return
        child = Child(__name__)
        try:
            request = {"id": version.id, "path": str(version.path.resolve()), "key": version.key.hex()}
            child.ask(json.dumps({**request, "memory": f"{memory_mb}MiB"}).encode(), seconds)
        finally:
            child.close()


def answer(question: bytes) -> bytes:
    """The child's side."""
    asked = json.loads(question)
    store(OpenVersion(asked["id"], Path(asked["path"]), bytes.fromhex(asked["key"])), asked["memory"])
    return b"stored"


if __name__ == "__main__":
    serve(answer)
