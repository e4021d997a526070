"""The one clock. Times are aware, UTC, and printed as RFC 3339."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Give the current time, aware and in UTC."""
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """Print `moment` in UTC as RFC 3339 with microseconds and `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
