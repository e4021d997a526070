"""An audit in words and as data: what was claimed, what was shown, what failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sandbox.audit.durations import Finding
from sandbox.audit.verdict import Verdict

HEADS = ("case", "covers", "ρ", "ε", "δ of keys", "Δ2²", "")
WIDTH = 132  # of the table where the output is no terminal


def row(one: Verdict) -> list[str]:
    """Give the line of a verdict: the lower bounds that the draws prove, each before what is claimed."""
    keys = f"{one.shown.delta:.4f} of {one.charge.delta:.2f}" if one.charge.delta else ""
    return [
        one.name,
        one.covers,
        f"{one.shown.rho:.2f} of {one.charge.rho:.2f}",
        f"{one.shown.epsilon:.2f} of {one.epsilon:.2f}",
        keys,
        f"{100 * one.shown.reached:.3g} %",
        "holds" if one.passed else "BROKEN",
    ]


def as_json(verdicts: Sequence[Verdict], bad: Sequence[Verdict], findings: Sequence[Finding]) -> dict[str, Any]:
    """Give everything as JSON. `passed`: all promises hold and every mutant was caught."""
    return {
        "passed": passed(verdicts, bad, findings),
        "cases": [_data(one) for one in verdicts],
        "known_bad": [{"name": one.name, "caught": not one.passed, "why": list(one.why)} for one in bad],
        "service": [asdict(one) for one in findings],
    }


def passed(verdicts: Sequence[Verdict], bad: Sequence[Verdict], findings: Sequence[Finding]) -> bool:
    """Say whether all promises hold and every mutant was caught."""
    right = all(one.passed for one in verdicts) and all(one.passed for one in findings)
    return right and not any(one.passed for one in bad)


def _data(one: Verdict) -> dict[str, Any]:
    claimed = {"rho": str(one.charge.rho), "epsilon": str(one.epsilon), "delta": str(one.charge.delta)}
    shown = {name: f"{value:.6g}" for name, value in asdict(one.shown).items()}
    return {
        "name": one.name, "covers": one.covers, "claimed": claimed, "shown": shown, "passed": one.passed,
        "why": list(one.why),
    }  # fmt: skip
