"""Registrations that are stored: they were checked when they came in and never change, so each is read once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sandbox.catalogue.entry import Entry, parse_entry

KEPT = 64


def stored_entry(raw: Mapping[str, Any]) -> Entry:
    """Give the registration whose JSON a resource holds; the same JSON gives the same object."""
    return _read(json.dumps(raw, sort_keys=True))


@lru_cache(maxsize=KEPT)
def _read(text: str) -> Entry:
    return parse_entry(json.loads(text))
