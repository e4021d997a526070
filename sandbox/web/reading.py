"""How a request is read: strict JSON (RFC 7493), honest content types, no text that a database cannot hold."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from flask import Request

from sandbox.errors import Problem

JSON_LIMIT = 1 << 20
DEEPEST = 50
"""Levels of nesting; whatever reads the value later may recurse."""


class ApiRequest(Request):
    """A request whose JSON is strict, see `read_json`; an absent body reads as `{}`."""

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """Give the parsed body; raises `Problem` (malformed_request, media_type_unsupported, upload_too_large)."""
        if not hasattr(self, "_read"):
            self._read = self._parse()
        return self._read

    def _parse(self) -> Any:
        self.max_content_length = JSON_LIMIT
        data = self.get_data(cache=True)
        if not data:
            return {}
        if not self.is_json:
            raise Problem("media_type_unsupported", "send the body as JSON with Content-Type: application/json")
        return read_json(data)


def read_json(data: bytes) -> Any:
    """Parse JSON text; raises `Problem(malformed_request)` when it is not well-formed UTF-8, names a member twice,
    holds a number that is none (NaN, 1e999), a lone surrogate or a NUL character, or is nested too deeply."""
    try:
        value = json.loads(data.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_once_each)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise Problem(
            "malformed_request",
            "the JSON cannot be read; send one well-formed UTF-8 JSON value that names no member of an object twice",
        ) from None
    _check(value, DEEPEST)
    return value


def _check(value: Any, levels: int) -> None:
    if isinstance(value, str) and "\0" in value:
        raise Problem("malformed_request", "the JSON holds a NUL character; remove it")
    if isinstance(value, dict | list) and not levels:
        raise Problem("malformed_request", f"the JSON is nested more than {DEEPEST} levels deep; make it flatter")
    for inner in [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check(inner, levels - 1)


def _once_each(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Which of two members counts differs from reader to reader; a checker and a doer must not read differently."""
    value = dict(members)
    if len(value) < len(members):
        raise ValueError("a member is named twice")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
