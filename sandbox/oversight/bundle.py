"""Evidence bundles: a finding, with all that is needed to check it without the instance, in one zip.

statement.zh.md, statement.en.md   the statement for people, made from data.json
data.json                          trace, audience, time, SHA-256 of the leak, detector, N, findings
leak                               the file as it came
finding-<n>/leaf, proof.json       the release's leaf of the log; index, siblings and the signed checkpoint
finding-<n>/openings.json          what opens the leaf's commitments
finding-<n>/base.json, plan.json   the noisy base X; the plan of the recipient's question
finding-<n>/result.json            the canonical result: the recipient's copy
"""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sandbox.core.canonical import canonical_bytes, digest
from sandbox.core.clock import now, rfc3339
from sandbox.core.commitments import Opened
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.jobs.records import Job, Release
from sandbox.oversight.candidates import Candidate, Prepared, read_base
from sandbox.oversight.marks import Groups, designs_from_bytes, embedded
from sandbox.oversight.records import Trace
from sandbox.oversight.statements import LANGUAGES, report
from sandbox.oversight.trace import Finding, TraceOutcome, reported
from sandbox.plan.codec import from_json
from sandbox.plan.plan import Plan
from sandbox.transparency.journal import EVIDENCE, RECIPIENT, Journal
from sandbox.transparency.records import LogEntry
from sandbox.transparency.serve import public_proof
from watermarking.base import Base
from watermarking.models import DETECTOR

ResultOf = Callable[[str, Plan, Sequence[Groups], Sequence[Sequence[tuple[int, ...]]]], Any]
"""Gives the canonical result, as JSON, that a product kind makes of plan, base and, block by block, marked values."""


def build_bundle(
    tx: Transaction,
    journal: Journal,
    log_folder: Path,
    trace: Trace,
    prepared: Prepared,
    outcome: TraceOutcome,
    result_of: ResultOf,
) -> bytes:
    """Give the bundle (zip) of a scored trace; for its regulator and the accused only.

    Needs the journal with the vault's key. Raises `Problem(not_ready)` while a release's leaf waits for its checkpoint.
    """
    by_base = {candidate.row.id: candidate for candidate in prepared.candidates}
    files: dict[str, bytes] = {"leak": prepared.file}
    said = []
    for number, finding in enumerate(outcome.findings, 1):
        candidate = by_base[finding.base]
        proof, kind = _proof(tx, journal, log_folder, result_of, candidate, finding)
        files |= {f"finding-{number}/{name}": data for name, data in proof.items()}
        said.append(_said(finding, candidate, kind))
    data = {
        "v": 1,
        "trace": trace.id,
        "audience": trace.regulator,
        "time": rfc3339(now()),
        "file": prepared.file_digest,
        "verdict": outcome.verdict,
        "detector": DETECTOR,
        "pairs": outcome.pairs,
        "runs": outcome.runs,
        "below_bar": outcome.below_bar,
        "findings": said,
    }
    files["data.json"] = canonical_bytes(data)
    files |= {f"statement.{language}.md": report(language, data).encode() for language in LANGUAGES}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(name, files[name])
    return packed.getvalue()


def copy_again(bases: Sequence[Base], openings: Mapping[str, Opened]) -> list[list[tuple[int, ...]]]:
    """Make a recipient's marked primitives again from the base and what the leaf committed to."""
    designs = designs_from_bytes(openings["design"].value)
    return embedded(bases, designs, openings["k_base"].value, openings["k_user"].value)


def _proof(
    tx: Transaction,
    journal: Journal,
    log_folder: Path,
    result_of: ResultOf,
    candidate: Candidate,
    finding: Finding,
) -> tuple[dict[str, bytes], str]:
    release = tx.get(Release, finding.release)
    job = tx.get(Job, release.job) if release else None
    entry = tx.get(LogEntry, job.entry) if job and job.entry else None
    if job is None or release is None or entry is None or entry.index is None:
        raise Problem("not_ready", "the log has not sealed the release yet; ask for the evidence again in a moment")
    openings = journal.openings(tx, entry, RECIPIENT) | journal.openings(tx, entry, EVIDENCE)
    plan = from_json(job.plan)
    _, bases = read_base(candidate.row.id, candidate.content)
    result = result_of(job.kind, plan, bases, copy_again(bases, openings))
    if digest(result) != release.result_digest:
        raise Problem("execution_failed", "a copy cannot be made again: its base, keys or software changed")
    found = public_proof(tx, log_folder, entry.index)
    proof = {"index": found.index, "checkpoint": found.checkpoint, "hashes": [_text(step) for step in found.path]}
    opened = {name: {"value": _text(each.value), "salt": _text(each.salt)} for name, each in openings.items()}
    files = {
        "leaf": entry.leaf,
        "proof.json": canonical_bytes(proof),
        "openings.json": canonical_bytes(opened),
        "base.json": candidate.content,
        "plan.json": canonical_bytes(job.plan),
        "result.json": canonical_bytes(result),
    }
    return files, job.kind


def _said(finding: Finding, candidate: Candidate, kind: str) -> dict[str, Any]:
    return {
        "release": finding.release,
        "party": finding.party,
        "recipient": finding.recipient,
        "base": finding.base,
        "kind": kind,
        "verdict": finding.verdict,
        "log10_p": str(finding.log10_p),
        "ln_e": str(finding.log_e),
        "cells": finding.cells,
        "acknowledged": any(delivery["acknowledged"] for delivery in finding.deliveries),
        "alignment": reported(candidate)[0],
    }


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
