"""Ingest in a process of its own: a file that crashes a reader does not take the vault down.

Run as a module this is the child; `ingest_in_child` is its parent's side."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from sandbox.catalogue.entry import Entry, parse_entry
from sandbox.catalogue.ingest.limits import Limits
from sandbox.catalogue.ingest.version import discard, ingest
from sandbox.catalogue.records import Ingested
from sandbox.engines.process import Child, ChildLost
from sandbox.errors import Problem

SECONDS = 1800.0


def ingest_in_child(
    entry: Entry,
    files: Mapping[str, tuple[Path, str]],
    target: Path,
    key: bytes,
    prf_key: bytes,
    limits: Limits | None = None,
    seconds: float = SECONDS,
) -> Ingested:
    """Do `ingest` in a child process; raises its `Problem`, or table_malformed when the child dies or is late."""
    child = Child("sandbox.catalogue.ingest.child")
    request = {
        "entry": entry.as_json(),
        "files": {name: [str(path.resolve()), form] for name, (path, form) in files.items()},
        "target": str(target.resolve()),
        "key": key.hex(),
        "prf_key": prf_key.hex(),
        "limits": vars(limits or Limits()),
    }
    try:
        answer = json.loads(child.ask(json.dumps(request).encode(), seconds))
    except ChildLost:
        discard(target)
        raise Problem("table_malformed", "The files could not be read to the end; check them, or split them.") from None
    finally:
        child.close()
    if "problem" in answer:
        code, detail, fields = answer["problem"]
        raise Problem(code, detail, **fields)
    return Ingested(**answer)


def answer(question: bytes) -> bytes:
    """The child's side: carry out one request."""
    asked = json.loads(question)
    try:
        made = ingest(
            parse_entry(asked["entry"]),
            {name: (Path(path), form) for name, (path, form) in asked["files"].items()},
            Path(asked["target"]),
            bytes.fromhex(asked["key"]),
            bytes.fromhex(asked["prf_key"]),
            Limits(**asked["limits"]),
        )
    except Problem as problem:
        return json.dumps({"problem": [problem.code, problem.detail, problem.fields]}).encode()
    return json.dumps(vars(made)).encode()


if __name__ == "__main__":
    from sandbox.engines.worker import serve

    serve(answer)
