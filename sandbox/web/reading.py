"""How a request is read: strict JSON, honest content types, no text that a database cannot hold."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from flask import Request

from sandbox.errors import Problem

JSON_LIMIT = 1 << 20


class ApiRequest(Request):
    """A request whose JSON is UTF-8, without NaN, NUL characters or lone surrogates; an absent body reads as `{}`."""

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
    """Parse JSON text; raises `Problem(malformed_request)` that says what is wrong with it."""
    try:
        value = json.loads(data.decode("utf-8"), parse_constant=_no_constant)
        said = json.dumps(value, ensure_ascii=False)
        said.encode("utf-8")
    except (ValueError, RecursionError):
        raise Problem("malformed_request", "the JSON cannot be read; send one well-formed UTF-8 JSON value") from None
    if "\\u0000" in said:
        raise Problem("malformed_request", "the JSON holds a NUL character; remove it")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
