"""Tracing a leaked file to the copy it came from: which base it shows, and which recipient's marks it carries.

In two steps, because a trace is announced in the log before any recipient's key is read: `prepare` finds the bases
from file and stored noisy numbers alone, `score` reads the keys. Runs in the vault.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.core.store import Transaction
from sandbox.jobs.records import Delivery, Job, Release
from sandbox.oversight import drawn
from sandbox.oversight.candidates import Candidate, Prepared, Shown, TraceKeys, prepare
from sandbox.oversight.marks import described
from sandbox.oversight.publications import beside as publications
from sandbox.oversight.statements import LANGUAGES, sentence
from sandbox.oversight.together import beside, by_holdings
from sandbox.plan.codec import from_json
from sandbox.plan.plan import Plan
from sandbox.plan.relation import Sort
from sandbox.plan.walk import walk
from watermarking import score as scoring
from watermarking.align import Alignment
from watermarking.design import Design
from watermarking.embed import channel
from watermarking.keys import base_key, user_key
from watermarking.leak import Leak
from watermarking.models import DETECTOR


@dataclass(frozen=True)
class Finding:
    """A recipient of record whose copy of one base the file carries; `cells` is how many marked cells it shows.
    `publications` of this base stand beside it: who mixes a copy with a published one gives both high scores. `beside`
    are other releases of the recipient that went into the file together with this one."""

    release: str
    party: str
    log10_p: float
    cells: int
    deliveries: list[dict[str, Any]]
    publications: list[dict[str, Any]]
    beside: list[str]
    verdict: str
    base: str
    recipient: str
    log_e: float
    shown: tuple[Shown, ...]


@dataclass(frozen=True)
class TraceOutcome:
    """What a trace found. `below_bar` counts recipients who were scored and not found; they are not named. `left_out`
    counts bases that may resemble the file and were not looked at, because so many resemble it more; `set_aside` those
    of which it has no value of a key, nor, unless `set_aside_by` is "keys", their numbers. `too_few` counts bases of
    which the file shows so few marked cells that they could name nobody, whatever they show."""

    verdict: str
    findings: tuple[Finding, ...]
    below_bar: int
    pairs: int
    closed: int
    left_out: int
    set_aside: int
    set_aside_by: str
    too_few: int
    runs: int
    file: dict[str, Any] | None

    def to_json(self) -> dict[str, Any]:
        """Give the outcome as the regulator sees it."""
        hidden = ("base", "recipient", "log_e", "shown")
        findings = [{k: v for k, v in vars(finding).items() if k not in hidden} for finding in self.findings]
        best = min((finding.log10_p for finding in self.findings), default=None)
        return vars(self) | {
            "findings": findings,
            "detector": DETECTOR,
            "statement": {language: sentence(language, self.verdict, best, vars(self)) for language in LANGUAGES},
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
    findings: list[Finding] = []
    too_few = 0
    for candidate in prepared.candidates:
        found, reach = _scored(tx, keys, candidate, prepared)
        findings += found
        too_few += scoring.verdict(scoring.log10_p(reach, prepared.pairs)) != scoring.TRACED
    findings.sort(key=lambda finding: finding.log10_p)
    verdict = scoring.TRACED if findings else scoring.INSUFFICIENT
    if not prepared.candidates and not prepared.closed and not prepared.left_out:
        verdict = scoring.NOT_OURS
    return TraceOutcome(
        verdict=verdict,
        findings=tuple(findings),
        below_bar=prepared.pairs - len(findings),
        pairs=prepared.pairs,
        closed=prepared.closed,
        left_out=prepared.left_out,
        set_aside=prepared.set_aside,
        set_aside_by=prepared.set_aside_by,
        too_few=too_few,
        runs=prepared.runs,
        file=_changes(tx, prepared, findings[0]) if findings else None,
    )


def _scored(tx: Transaction, keys: TraceKeys, candidate: Candidate, prepared: Prepared) -> tuple[list[Finding], float]:
    """Give the recipients of one base whose score is above the bar, and what nobody's ln E can be above."""
    master, base_id = keys.masters[candidate.row.epoch], candidate.row.id.encode()
    k_base, designs = base_key(master, base_id), {one.block: Design.of(one.marks) for one in candidate.shown}
    found, reach = [], 0.0
    for shown, recipients in by_holdings(candidate, prepared.candidates):
        k_users = [user_key(master, recipient, base_id) for recipient in recipients]
        cells, log_es = scored(candidate.plan, shown, designs, k_base, k_users)
        reach = max(reach, _most(candidate.plan, shown, designs, k_base))
        for recipient, log_e in zip(recipients, log_es, strict=True):
            log10_p = scoring.log10_p(float(log_e), prepared.pairs)
            if (verdict := scoring.verdict(log10_p)) == scoring.TRACED:
                held = candidate.releases[recipient]
                found.append(
                    Finding(
                        release=held[0].id,
                        party=held[0].party,
                        log10_p=math.ceil(log10_p * 100) / 100,  # a bound is rounded up
                        cells=cells,
                        deliveries=[delivery for release in held for delivery in _deliveries(tx, release)],
                        publications=publications(tx, candidate.row.id),
                        beside=[prepared.candidate(other).releases[recipient][0].id for other in beside(shown)],
                        verdict=verdict,
                        base=candidate.row.id,
                        recipient=recipient,
                        log_e=float(log_e),
                        shown=shown,
                    )
                )
    return found, reach


def _most(plan: Plan, shown: Sequence[Shown], designs: Mapping[int, Design], k_base: bytes) -> float:
    found = 0.0
    for one in shown:
        if isinstance(one.alignment, Alignment):
            found += scoring.most(one.alignment, channel(one.marks, designs[one.block], k_base))
        else:
            found += drawn.most(one.alignment, plan)
    return found


def scored(
    plan: Plan, shown: Sequence[Shown], designs: Mapping[int, Design], k_base: bytes, k_users: Sequence[bytes]
) -> tuple[int, list[float]]:
    """Give how many marked cells of a base the file shows, or rows of a synthetic table, and ln E of each recipient. No
    two cells have one name, so marks of different blocks are independent, and e-values multiply."""
    cells, log_es = 0, [0.0] * len(k_users)
    for one in shown:
        if not isinstance(one.alignment, Alignment):
            design = designs[one.block]
            return one.alignment.read, drawn.log_e_values(one.alignment, plan, one.marks, design, k_base, k_users)
        path = channel(one.marks, designs[one.block], k_base)
        cells += len(scoring.informative(one.alignment, path))
        found = scoring.log_e_values(one.alignment, one.marks, designs[one.block], path, k_users)
        log_es = [so_far + float(more) for so_far, more in zip(log_es, found, strict=True)]
    return cells, log_es


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


def _changes(tx: Transaction, prepared: Prepared, finding: Finding) -> dict[str, Any]:
    """What was done to the file, told against the copy that was found."""
    candidate = prepared.candidate(finding.base)
    report, alignment = reported(candidate.plan, finding.shown, prepared.leak)
    if not isinstance(alignment, Alignment):
        assert candidate.plan.drawn is not None
        known = {column.name for column in candidate.plan.drawn.columns}
        return report | {"columns_renamed": len(set(report["keys"].values()) - known), "reordered": None}
    job = tx.get(Job, next(row.job for row in candidate.releases[finding.recipient]))
    plan = from_json(job.plan) if job else candidate.plan
    assert isinstance(plan, Plan)
    own = {column.name for column in plan.post.columns}
    used = [*report["keys"].values(), *(measure["column"] for measure in report["measures"])]
    groups = alignment.parts[0].rows.groups
    shown = groups[groups >= 0].tolist()
    sorted_by_user = any(isinstance(node, Sort) and node.order for node in walk(plan.post))
    return report | {
        "columns_renamed": sum(name not in own for name in used),
        "reordered": None if sorted_by_user else shown != sorted(shown),
    }


def reported(plan: Plan, shown: Sequence[Shown], leak: Leak) -> tuple[dict[str, Any], Alignment | drawn.Rows]:
    """Say of the block of which the file shows most rows where the file has it."""
    if isinstance(rows := shown[0].alignment, drawn.Rows):
        return rows.report(plan, leak), rows
    aligned = [(one, one.alignment) for one in shown if isinstance(one.alignment, Alignment)]
    best, alignment = max(aligned, key=lambda one: len(one[1].observed))
    names = ["record"] if plan.fitted else [described("key", key.expr) for key in plan.blocks[best.block].keys]
    return alignment.report(best.marks, names), alignment
