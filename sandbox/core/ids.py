"""Identifiers: a prefix that says what it names, the millisecond it was made, and 80 random bits."""

from __future__ import annotations

import secrets
from datetime import datetime

from sandbox.core.clock import now


def new_id(prefix: str) -> str:
    """Give `prefix_` and 32 hexadecimal digits; sorts by time of making, cannot be guessed."""
    return f"{prefix}_{int(now().timestamp() * 1000):012x}{secrets.token_hex(10)}"


def id_at(prefix: str, moment: datetime) -> str:
    """Give what ids of `prefix` made from `moment` on are not less than."""
    return f"{prefix}_{int(moment.timestamp() * 1000):012x}"
