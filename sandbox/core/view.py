"""Records as the outside sees them: plain JSON values only."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sandbox.core.clock import rfc3339
from sandbox.core.store import Record


def plain(value: Any) -> Any:
    """Give a JSON value: decimals as text, times as RFC 3339, days as ISO 8601."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return rfc3339(value)
    return value.isoformat() if isinstance(value, date) else value


def shown(record: Record, *hidden: str) -> dict[str, Any]:
    """Give the fields of a record in plain JSON, without the `hidden` ones."""
    return {f.name: plain(getattr(record, f.name)) for f in fields(record) if f.name not in hidden}
