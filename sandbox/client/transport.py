"""The connection: one request with its key, retried safely, its refusals raised as problems."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from sandbox.errors import STATUS, Problem

RETRIES = 3
# A POST is sent again only with the same Idempotency-Key, so a lost answer never costs privacy or money twice.


class Transport:
    """Sends requests to `<url>/api/v1` with one bearer key. Not to be shared between threads."""

    def __init__(
        self, url: str, key: str | None = None, *, timeout: float = 120, transport: httpx.BaseTransport | None = None
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise Problem("field_invalid", f"{url!r} is not the address of a service; write http://host:port")
        if key and not (key.isascii() and key.isprintable()):
            raise Problem("key_invalid", "the key holds characters that no key has; copy it again")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.url = url.rstrip("/")
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=timeout, transport=transport)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        files: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        wait: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Give the successful response of one request; raises `Problem` for everything else.

        `wait` asks the service to hold the answer for up to so many seconds. A connection that breaks is tried again
        with growing pauses; `not_ready` says that the service could not be reached at all.
        """
        sent = dict(headers or {})
        if method == "POST":
            sent.setdefault("Idempotency-Key", secrets.token_hex(16))
        if wait is not None:
            sent["Prefer"] = f"wait={int(wait)}"
        query = {name: value for name, value in (params or {}).items() if value is not None}
        for attempt in range(RETRIES + 1):
            try:
                response = self._http.request(
                    method, "/api/v1" + path, json=body, files=files, params=query, headers=sent
                )
            except httpx.TransportError as error:
                if attempt == RETRIES:
                    raise Problem(
                        "not_ready",
                        f"no service answers at {self.url}: start one with `sandbox serve` or correct the URL",
                    ) from error
                time.sleep(0.2 * 2**attempt)
                continue
            if response.is_success:
                return response
            raise _problem(response)
        raise AssertionError("the loop returns or raises")

    def json(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """Give the JSON object a request answers with; an empty answer is `{}`."""
        response = self.request(method, path, **options)
        if not response.content:
            return {}
        content: dict[str, Any] = response.json()
        return content

    def items(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Give every item of a list, page after page."""
        cursor: str | None = None
        while True:
            page = self.json("GET", path, params={**params, "cursor": cursor})
            yield from page["items"]
            cursor = page.get("next")
            if cursor is None:
                return


def _problem(response: httpx.Response) -> Problem:
    """Read a problem+json body; anything else (a proxy's page) becomes the code that fits its status best."""
    try:
        content = json.loads(response.content)
        code, detail = str(content["code"]), str(content["detail"])
    except (ValueError, KeyError, TypeError):
        code, detail, content = "", f"{response.request.url} answered {response.status_code} without a problem body", {}
    if code not in STATUS:  # a newer service, or something in between
        detail = f"{code}: {detail}" if code else detail
        code = next((known for known, status in STATUS.items() if status == response.status_code), "not_ready")
    standard = {"type", "title", "status", "detail", "code", "instance"}
    return Problem(code, detail, **{name: value for name, value in content.items() if name not in standard})
