"""Canonical bytes: what is hashed, signed, compared or committed to is written in exactly one way."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping


def canonical_bytes(value: object) -> bytes:
    """Give UTF-8 JSON with sorted keys and no white space.

    Only None, bool, int, str, list and dict with str keys: floats have no single spelling, so they are refused
    with TypeError; write a number with decimals as a string.
    """
    _refuse_floats(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(value: object) -> str:
    """Give the SHA-256 of the canonical bytes of `value`, in hexadecimal."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


_PLAIN = frozenset({str, int, bool, type(None)})


def _refuse_floats(value: object) -> None:
    kind = type(value)
    if kind in _PLAIN:
        return
    if isinstance(value, (list, tuple)):
        for inner in value:
            if type(inner) not in _PLAIN:
                _refuse_floats(inner)
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise TypeError(f"canonical JSON needs string keys, not {type(key).__name__}")
            if type(inner) not in _PLAIN:
                _refuse_floats(inner)
        return
    if not isinstance(value, (int, str)):
        raise TypeError(f"no canonical form for {kind.__name__}")
