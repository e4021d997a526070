"""What the folder log/ of an evidence bundle proves: leaves in a signed tree and in the right order, announced and
committed to before the bundle was handed out; who else saw that tree, and when."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.core.canonical import digest
from sandbox.core.clock import rfc3339
from sandbox.errors import Problem
from sandbox.oversight import timestamps
from sandbox.oversight.acknowledged import opened
from sandbox.oversight.bundle import contents, packed
from sandbox.transparency.cosign import cosignature
from sandbox.transparency.journal import content
from sandbox.transparency.merkle import leaf_hash, verify_inclusion
from sandbox.transparency.notes import COSIGNATURE, NoteInvalid, open_checkpoint, parse_verifier_key

SKEW = timedelta(minutes=5)
"""How far clocks may be apart."""
STARTED, FINISHED = "log/started.leaf", "log/finished.leaf"


@dataclass(frozen=True)
class Seen:
    """A verified checkpoint: where each leaf stands in it by the name of its file, which of the given witnesses
    cosigned it and when, and the time of its timestamp."""

    size: int
    places: Mapping[str, int]
    witnesses: Mapping[str, str | None]
    stamped: str | None
    timestamp: bool


class Wrong(ValueError):
    """What does not fit, under the name of the check that found it."""

    def __init__(self, check: str, why: str) -> None:
        self.check, self.why = check, why
        super().__init__(why)


def in_the_log(files: Mapping[str, bytes], log_key: str, witness_keys: Sequence[str], roots: bytes | None) -> Seen:
    """Check the signed checkpoint, every leaf's place in it, cosignatures and timestamp; raises `Wrong`."""
    note = files["log/checkpoint"].decode()
    try:
        head = open_checkpoint(note, log_key)
        parsed = [(parse_verifier_key(key, COSIGNATURE)[0], key) for key in witness_keys]
        said = {name: cosignature(note, key) for name, key in parsed}
    except NoteInvalid as error:
        raise Wrong("log", f"{error}") from error
    proofs = json.loads(files["log/proofs.json"])
    places = {}
    for name in (name for name in files if name.endswith("leaf")):
        proof = proofs[name]
        path = [base64.b64decode(step, validate=True) for step in proof["hashes"]]
        if not verify_inclusion(proof["index"], head.size, leaf_hash(files[name]), path, head.root):
            raise Wrong("log", f"{name} is not in the signed tree")
        places[name] = int(proof["index"])
    moment, answer = None, files.get("log/timestamp")
    if answer is not None and roots is not None:
        try:
            moment = timestamps.verify(answer, note, roots)
        except Problem as problem:
            raise Wrong("timestamp", problem.detail) from problem
    newest = max(datetime.fromisoformat(str(content(files[name])["at"])) for name in places) - SKEW
    if moment is not None and moment < newest:
        raise Wrong("timestamp", "it is older than a leaf that it covers")
    for name, one in said.items():
        if one is not None and one.at < newest:
            raise Wrong("witness", f"{name} cosigned before a leaf was written that it covers")
    found = {name: rfc3339(one.at) if one else None for name, one in said.items()}
    return Seen(head.size, places, found, rfc3339(moment) if moment else None, answer is not None)


def announced(files: Mapping[str, bytes], data: Mapping[str, Any], seen: Seen) -> None:
    """Check that the log announced this trace of this file – bases, detector, number of recipients – after the releases
    and before it committed to the bundle; raises `Wrong`."""
    started = content(files[STARTED])
    public = started["public"]
    if started["kind"] != "trace.started" or not isinstance(public, dict) or public["trace"] != data["trace"]:
        raise Wrong("announced", "the leaf announces another trace")
    for name in ("detector", "pairs", "left_out", "set_aside", "set_aside_by"):
        if public.get(name) != data.get(name):  # older ones do not tell of what was set aside
            raise Wrong("announced", f"the log announced {name} {public.get(name)}, the bundle says {data.get(name)}")
    opens = _opened(files, "started", started, "announced")
    if opens["file"] != str(data["file"]).encode():
        raise Wrong("announced", "the log announced another file")
    if opens["bases"] != digest(data["bases"]).encode() or public["bases"] != len(data["bases"]):
        raise Wrong("announced", "the log announced other bases")
    if any(finding["base"] not in data["bases"] for finding in data["findings"]):
        raise Wrong("announced", "a finding is about a base that was not announced")
    releases = [place for name, place in seen.places.items() if name not in (STARTED, FINISHED)]
    if not max(releases, default=-1) < seen.places[STARTED] < seen.places[FINISHED]:
        raise Wrong("announced", "the log does not hold release, announcement and bundle in this order")


def committed(files: Mapping[str, bytes], data: Mapping[str, Any]) -> None:
    """Check that the trace's last leaf committed to everything in the bundle outside of log/; raises `Wrong`."""
    finished = content(files[FINISHED])
    public = finished["public"]
    if finished["kind"] != "trace.finished" or not isinstance(public, dict) or public["trace"] != data["trace"]:
        raise Wrong("whole", "the leaf ends another trace")
    if _opened(files, "finished", finished, "whole")["bundle"] != contents(packed(files)).encode():
        raise Wrong("whole", "the log committed to another bundle")


def _opened(files: Mapping[str, bytes], name: str, leaf: Mapping[str, Any], check: str) -> dict[str, bytes]:
    try:
        return opened(files[f"log/{name}.openings.json"], leaf)
    except ValueError as error:
        raise Wrong(check, f"{error}") from error
