"""Products that answer calls or run code, against their bars: verification, predictions, programs. The section
"Products" of the page.

python -m benchmarks.products
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from statistics import quantiles

from benchmarks import predictions, programs, verification
from benchmarks.timing import ms, say
from sandbox.settings import Settings

CALL_BAR, RATIO_BAR, START_BAR = 0.020, 2.0, 0.060
"""Seconds of the slowest call in a hundred; how many times as long as in one process; seconds until code runs."""
RATE, SECONDS, FIRMS = 200, 15, 20_000
CALLS, RECORDS = 300, 100


def lines() -> str:
    """Measure, and give the section's tables."""
    quantum = Settings.model_fields["quantum_ms"].default / 1000
    say(f"verification, {RATE} claims a second")
    claims = verification.measure(RATE, SECONDS, FIRMS)
    say(f"predictions, {CALLS} calls")
    called = predictions.measure(CALLS, RECORDS)
    say("programs")
    ran = programs.found()
    told = table([one.waited - quantum for one in claims.claims], claims.lost, called, ran)
    return "\n\n".join((told, programs.lines(ran), verification.lines(claims, RATE, quantum)))


def table(claims: Sequence[float], lost: int, called: Sequence[float], ran: Mapping[str, programs.Measured]) -> str:
    """What was measured beside what it may be; claims that were not answered keep no bar."""
    told = ["| | median | p95 | p99 | bar | |", "| --- | --- | --- | --- | --- | --- |"]
    for name, taken, unanswered in (
        (f"a claim, {RATE} a second, beyond the quantum", claims, lost),
        (f"a prediction for {RECORDS} records", called, 0),
    ):
        cuts = quantiles(taken, n=100)
        kept = cuts[98] <= CALL_BAR and unanswered == 0
        shown = " | ".join(ms(cuts[place]) for place in (49, 94, 98))
        told.append(f"| {name} | {shown} | {ms(CALL_BAR)} | {mark(kept)} |")
    told += ["", "| | measured | bar | |", "| --- | --- | --- | --- |"]
    for name, one in ran.items():
        ratio = one.kept / one.alone
        told.append(f"| {name}, × one process | {ratio:.2f} | {RATIO_BAR:.0f} | {mark(ratio <= RATIO_BAR)} |")
    start = max(one.start for one in ran.values())
    told.append(f"| a block's code runs after | {ms(start)} | {ms(START_BAR)} | {mark(start <= START_BAR)} |")
    return "\n".join(told)


def mark(kept: bool) -> str:
    """Say whether a bar was kept."""
    return "✓" if kept else "✗"


if __name__ == "__main__":
    sys.stdout.write(lines() + "\n")
