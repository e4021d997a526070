"""The one clock. Times are aware, UTC, and printed as RFC 3339."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_ahead: Callable[[], timedelta] = timedelta


def now() -> datetime:
    """Give the current time, aware and in UTC; on a test instance as far ahead as its host moved it."""
    return datetime.now(UTC) + _ahead()


def run_ahead(ahead: Callable[[], timedelta] = timedelta) -> None:
    """Let this process's clock run `ahead` of the machine's, asked each time; without it, with the machine's."""
    global _ahead
    _ahead = ahead


def rfc3339(moment: datetime) -> str:
    """Print `moment` in UTC as RFC 3339 with microseconds and `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
