"""Tracing a leaked file to the copy it came from: which base it shows, and which recipient's marks it carries.

In two steps, because a trace is announced in the log before any recipient's key is read: `prepare` finds the bases
from file and stored noisy numbers alone, `score` reads the keys. Runs in the vault.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core.store import Transaction
from sandbox.jobs.records import Delivery, Job, Release
from sandbox.oversight.candidates import Candidate, Prepared, TraceKeys, prepare
from sandbox.oversight.marks import described
from sandbox.oversight.statements import sentence
from sandbox.plan.codec import from_json
from watermarking import score as scoring
from watermarking.design import Design
from watermarking.embed import channel
from watermarking.keys import base_key, user_key
from watermarking.leak import Leak
from watermarking.models import DETECTOR


@dataclass(frozen=True)
class Finding:
    """A recipient of record whose copy of one base the file carries; `cells` is how many marked cells it shows."""

    release: str
    party: str
    log10_p: float
    cells: int
    deliveries: list[dict[str, Any]]
    verdict: str
    base: str
    recipient: str
    log_e: float


@dataclass(frozen=True)
class TraceOutcome:
    """What a trace found. `below_bar` counts recipients who were scored and not found; they are not named."""

    verdict: str
    findings: tuple[Finding, ...]
    below_bar: int
    pairs: int
    closed: int
    runs: int
    file: dict[str, Any] | None

    def to_json(self) -> dict[str, Any]:
        """Give the outcome as the regulator sees it."""
        hidden = ("base", "recipient", "log_e")
        findings = [{k: v for k, v in vars(finding).items() if k not in hidden} for finding in self.findings]
        best = min((finding.log10_p for finding in self.findings), default=None)
        return vars(self) | {
            "findings": findings,
            "detector": DETECTOR,
            "statement": {language: sentence(language, self.verdict, best) for language in ("zh", "en")},
        }


def run_trace(
    tx: Transaction,
    keys: TraceKeys,
    leak: bytes,
    hint: Mapping[str, str] | None = None,
    announce: Callable[[Prepared], None] = lambda prepared: None,
) -> tuple[Prepared, TraceOutcome]:
    """Trace the file `leak` among the bases that match `hint` (`resource`, `product`: ids).

    `announce` is called between the steps and writes the run into the log. Raises `Problem(table_malformed)`.
    """
    prepared = prepare(tx, keys, leak, hint or {})
    announce(prepared)
    return prepared, score(tx, keys, prepared)


def score(tx: Transaction, keys: TraceKeys, prepared: Prepared) -> TraceOutcome:
    """Score every recipient of record of the prepared bases, once per base however many releases they hold."""
    findings = [
        finding for candidate in prepared.candidates for finding in _scored(tx, keys, candidate, prepared.pairs)
    ]
    findings.sort(key=lambda finding: finding.log10_p)
    shown = [candidate for candidate in prepared.candidates if candidate.row.id == findings[0].base] if findings else []
    verdict = scoring.TRACED if findings else scoring.INSUFFICIENT
    if not prepared.candidates and not prepared.closed:
        verdict = scoring.NOT_OURS
    return TraceOutcome(
        verdict=verdict,
        findings=tuple(findings),
        below_bar=prepared.pairs - len(findings),
        pairs=prepared.pairs,
        closed=prepared.closed,
        runs=prepared.runs,
        file=_changes(tx, prepared.leak, shown[0], findings[0]) if shown else None,
    )


def _scored(tx: Transaction, keys: TraceKeys, candidate: Candidate, pairs: int) -> list[Finding]:
    """Give the recipients of one base whose score is above the bar."""
    master, marks = keys.masters[candidate.row.epoch], candidate.marks
    design = Design.of(marks)
    path = channel(marks, design, base_key(master, marks.id))
    recipients = sorted(candidate.releases)
    k_users = [user_key(master, recipient, marks.id) for recipient in recipients]
    cells = len(scoring.informative(candidate.alignment, path))
    found = []
    for recipient, log_e in zip(
        recipients, scoring.log_e_values(candidate.alignment, marks, design, path, k_users), strict=True
    ):
        log10_p = scoring.log10_p(float(log_e), pairs)
        if (verdict := scoring.verdict(log10_p)) == scoring.TRACED:
            held = candidate.releases[recipient]
            found.append(
                Finding(
                    release=held[0].id,
                    party=held[0].party,
                    log10_p=math.ceil(log10_p * 100) / 100,  # a bound is rounded up
                    cells=cells,
                    deliveries=[delivery for release in held for delivery in _deliveries(tx, release)],
                    verdict=verdict,
                    base=candidate.row.id,
                    recipient=recipient,
                    log_e=float(log_e),
                )
            )
    return found


def _deliveries(tx: Transaction, release: Release) -> list[dict[str, Any]]:
    rows = tx.find(Delivery, job=release.job)
    return [
        {
            "job": row.job,
            "format": row.format,
            "sha256": row.digest,
            "at": row.created_at.isoformat(),
            "acknowledged": row.acknowledgement is not None,
        }
        for row in rows
    ]


def _changes(tx: Transaction, leak: Leak, candidate: Candidate, finding: Finding) -> dict[str, Any]:
    """What was done to the file, told against the copy that was found."""
    names = [described("key", key.expr) for key in candidate.plan.keys]
    report = candidate.alignment.report(leak, candidate.marks, names)
    job = tx.get(Job, next(row.job for row in candidate.releases[finding.recipient]))
    plan = from_json(job.plan) if job else candidate.plan
    own = {output.name for output in plan.outputs}
    used = [*report["keys"].values(), *(measure["column"] for measure in report["measures"])]
    shown = [group for group in candidate.alignment.rows.groups if group is not None]
    return report | {
        "columns_renamed": sum(name not in own for name in used),
        "reordered": None if plan.post.order else shown != sorted(shown),
    }
