"""Evidence bundles: a finding, with all that is needed to check it without the instance, in one zip.

statement.zh.md, statement.en.md   the statement for people, made from data.json
data.json                          trace, audience, time, SHA-256 of the leak, detector, N, bases, findings
leak                               the file as it came
finding-<n>/leaf, openings.json    the release's leaf of the log; what opens its commitments
finding-<n>/base.json, plan.json   the noisy base X; the plan of the recipient's question
finding-<n>/result.json            the canonical result: the recipient's copy
finding-<n>/beside-<m>/…           each other release of the recipient that went into the file together with this one:
                                   its leaf, openings (recipient, base) and base.json; no keys
finding-<n>/delivery-<m>/…         each acknowledged delivery: its leaf and openings, the recipient's key and signature

The trace's last leaf commits to these; `attach` adds the folder log/ when the bundle is handed out.
"""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from sandbox.core.canonical import canonical_bytes, digest
from sandbox.core.clock import now, rfc3339
from sandbox.core.commitments import Opened
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.jobs.records import Job, Release
from sandbox.oversight.acknowledged import acknowledged
from sandbox.oversight.candidates import Candidate, Prepared, read_base
from sandbox.oversight.marks import Groups, designs_from_bytes, embedded
from sandbox.oversight.records import Trace
from sandbox.oversight.statements import LANGUAGES, report
from sandbox.oversight.together import beside
from sandbox.oversight.trace import Finding, TraceOutcome, reported
from sandbox.plan.codec import from_json
from sandbox.plan.plan import Plan
from sandbox.transparency.journal import EVIDENCE, RECIPIENT, Journal
from sandbox.transparency.records import LogEntry
from watermarking.base import Base
from watermarking.leak import Leak
from watermarking.models import DETECTOR

LOG = "log/"
MOST_BYTES, MOST_FILES = 1 << 30, 1_000
RATIO, SMALL = 100, 1 << 26  # a bundle may unpack to 100 times its size, or 64 MB
NAMES = re.compile(
    r"data\.json|leak|statement\.(en|zh)\.md|log/(checkpoint|timestamp|proofs\.json|(started|finished)\.(leaf|openings\.json))"
    r"|finding-\d{1,4}/(leaf|(openings|base|plan|result)\.json|beside-\d{1,4}/(leaf|(openings|base)\.json)"
    r"|delivery-\d{1,4}/(leaf|openings\.json|key\.leaf|key\.json|signature))",
    re.ASCII,
)
COMMITTED = ("recipient", "party", "product", "result", "base", "base_id", "plan", "design", "k_base", "k_user")
BESIDE = ("recipient", "base", "base_id")
ResultOf = Callable[[str, Plan, Sequence[Groups], Sequence[Sequence[tuple[int, ...]]]], Any]
"""Gives the canonical result, as JSON, that a product kind makes of plan, base and, block by block, marked values."""


def build_bundle(
    tx: Transaction,
    journal: Journal,
    trace: Trace,
    prepared: Prepared,
    outcome: TraceOutcome,
    result_of: ResultOf,
) -> bytes:
    """Give the bundle (zip) of a scored trace, without its folder log/; for its regulator and the accused only.

    Needs the journal with the vault's key. Raises `Problem(execution_failed)` when a copy cannot be made again."""
    by_base = {candidate.row.id: candidate for candidate in prepared.candidates}
    files: dict[str, bytes] = {"leak": prepared.file}
    said = []
    for number, finding in enumerate(outcome.findings, 1):
        candidate = by_base[finding.base]
        proof, kind = _proof(tx, journal, result_of, candidate, finding)
        mine = [one for one in candidate.releases[finding.recipient] if one.id == finding.release]
        signed = acknowledged(tx, journal, mine, trace.created_at)
        also = _beside(tx, journal, prepared, finding)
        files |= {f"finding-{number}/{name}": data for name, data in (proof | signed | also).items()}
        said.append(_said(finding, candidate, prepared.leak, kind, sum(name.endswith("/signature") for name in signed)))
    data = {
        "v": 2,
        "trace": trace.id,
        "audience": trace.regulator,
        "time": rfc3339(now()),
        "file": prepared.file_digest,
        "verdict": outcome.verdict,
        "detector": DETECTOR,
        "pairs": outcome.pairs,
        "bases": [candidate.row.id for candidate in prepared.candidates],
        "runs": outcome.runs,
        "below_bar": outcome.below_bar,
        "left_out": outcome.left_out,
        "set_aside": outcome.set_aside,
        "set_aside_by": outcome.set_aside_by,
        "too_few": outcome.too_few,
        "findings": said,
    }
    files["data.json"] = canonical_bytes(data)
    files |= {f"statement.{language}.md": report(language, data).encode() for language in LANGUAGES}
    return packed(files)


def contents(bundle: bytes | None) -> str:
    """Give the digest of what a bundle holds outside of log/: what the trace's last leaf commits to."""
    files = unpacked(bundle) if bundle else {}
    return digest({name: sha256(data).hexdigest() for name, data in files.items() if not name.startswith(LOG)})


def packed(files: Mapping[str, bytes]) -> bytes:
    """Pack files into a zip."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(name, files[name])
    return made.getvalue()


def unpacked(bundle: bytes) -> dict[str, bytes]:
    """Give the files of a zip; raises ValueError when it is too large, names a file twice, or one that no bundle has,
    and what zipfile does."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        parts = archive.infolist()
        names = {part.filename for part in parts}
        size, most = sum(part.file_size for part in parts), max(SMALL, RATIO * len(bundle))
        if len(parts) > MOST_FILES or len(names) != len(parts) or size > min(most, MOST_BYTES):
            raise ValueError("it is too large, or names a file twice")
        if strange := sorted(name for name in names if not NAMES.fullmatch(name)):
            raise ValueError(f"it holds a file that no bundle has: {strange[0][:100]!r}")
        return {part.filename: archive.read(part) for part in parts}


def opened_json(openings: Mapping[str, Opened]) -> bytes:
    """Spell openings as canonical JSON."""
    return canonical_bytes({n: {"value": text(one.value), "salt": text(one.salt)} for n, one in openings.items()})


def copy_again(bases: Sequence[Base], openings: Mapping[str, Opened]) -> list[list[tuple[int, ...]]]:
    """Make a recipient's marked primitives again from the base and what the leaf committed to."""
    designs = designs_from_bytes(openings["design"].value)
    return embedded(bases, designs, openings["k_base"].value, openings["k_user"].value)


def _proof(
    tx: Transaction,
    journal: Journal,
    result_of: ResultOf,
    candidate: Candidate,
    finding: Finding,
) -> tuple[dict[str, bytes], str]:
    release = tx.get(Release, finding.release)
    job = tx.get(Job, release.job) if release else None
    entry = tx.get(LogEntry, job.entry) if job and job.entry else None
    assert job is not None and release is not None and entry is not None, "a release has its job and its leaf"
    openings = journal.openings(tx, entry, RECIPIENT) | journal.openings(tx, entry, EVIDENCE)
    if missing := [name for name in COMMITTED if name not in openings]:
        raise _erased(missing)
    plan = from_json(job.plan)
    _, bases = read_base(candidate.row.id, candidate.content)
    result = result_of(job.kind, plan, bases, copy_again(bases, openings))
    if digest(result) != release.result_digest:
        raise Problem("execution_failed", "a copy cannot be made again: its base, keys or software changed")
    files = {
        "leaf": entry.leaf,
        "openings.json": opened_json(openings),
        "base.json": candidate.content,
        "plan.json": canonical_bytes(job.plan),
        "result.json": canonical_bytes(result),
    }
    return files, job.kind


def _beside(tx: Transaction, journal: Journal, prepared: Prepared, finding: Finding) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for number, base in enumerate(beside(finding.shown), 1):
        other = prepared.candidate(base)
        job = tx.get(Job, other.releases[finding.recipient][0].job)
        entry = tx.get(LogEntry, job.entry) if job and job.entry else None
        assert entry is not None, "a release has its job and its leaf"
        openings = journal.openings(tx, entry, RECIPIENT) | journal.openings(tx, entry, EVIDENCE)
        if missing := [name for name in BESIDE if name not in openings]:
            raise _erased(missing)
        files |= {
            f"beside-{number}/leaf": entry.leaf,
            f"beside-{number}/openings.json": opened_json({name: openings[name] for name in BESIDE}),
            f"beside-{number}/base.json": other.content,
        }
    return files


def _erased(missing: Sequence[str]) -> Problem:
    said = f"the leaf's {', '.join(missing)} were erased: nobody can show any more what it committed to"
    return Problem("execution_failed", said)


def _said(finding: Finding, candidate: Candidate, leak: Leak, kind: str, signed: int) -> dict[str, Any]:
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
        "deliveries": len(finding.deliveries),
        "signed": signed,
        "beside": finding.beside,
        "alignment": reported(candidate.plan, finding.shown, leak)[0],
    }


def text(data: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(data).decode()
