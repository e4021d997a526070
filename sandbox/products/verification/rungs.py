"""When an answer leaves: at one of few moments after its question, whatever the subject.

The first is the quantum. Whoever is not ready by then waits for the next: four to each doubling, so for at most a
quarter longer than it took. Which one it is depends on load; see decision 0051 for what it tells."""

from __future__ import annotations

from datetime import datetime, timedelta

STEPS = 4
"""Rungs to a doubling."""


def rung(took: timedelta, quantum: timedelta) -> timedelta:
    """Give how long after its question an answer leaves that was ready after `took`."""
    if not quantum:
        return took
    doubled = quantum
    while 2 * doubled < took:
        doubled *= 2
    found = doubled
    while found < took:
        found += doubled / STEPS
    return found


def leaves(asked: datetime, ready: datetime, quantum_ms: int) -> datetime:
    """Give the moment at which an answer leaves that was ready at `ready`."""
    return asked + rung(ready - asked, timedelta(milliseconds=quantum_ms))
