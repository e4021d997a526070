"""Conditional requests (RFC 9110): change only what is still as it was read."""

from __future__ import annotations

from flask import request

from sandbox.errors import Problem


def if_match(current: str) -> None:
    """Raise `Problem(version_conflict)` when `If-Match` is sent and names neither `*` nor the entity tag `current`."""
    if "If-Match" in request.headers and not request.if_match.contains(current.strip('"')):
        raise Problem("version_conflict", f"it changed since it was read: its ETag is now {current}; read it again")
