"""The command line against a service that runs in the test's own process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import httpx
from typer.testing import CliRunner
from webhouse import Web

from sandbox.cli.main import app
from sandbox.client import Client


class Shell:
    """`run` gives what a command printed, `ask` its JSON."""

    def __init__(self, web: Web) -> None:
        self.web = web

    def run(self, *words: str, key: str | None = None, code: int = 0) -> str:
        """Run a command with the key of a role, which must end with this exit code."""
        secret = self.web.authority if key is None else self.web.keys[key]
        with patch.dict("os.environ", {"SANDBOX_API_KEY": secret, "SANDBOX_URL": "http://here"}):
            done = CliRunner().invoke(app, list(words))
        said = done.output + (str(done.exception) if done.exception else "")
        assert done.exit_code == code, said
        return said

    def ask(self, *words: str, key: str | None = None) -> Any:
        return json.loads(self.run(*words, "--json", key=key))


@contextmanager
def shell(web: Web) -> Iterator[Shell]:
    """Give a shell whose commands reach `web`."""
    transport = httpx.WSGITransport(app=web.client.application)

    def connect(url: str, key: str | None = None, **options: Any) -> Client:
        return Client(url, key, transport=transport, **options)

    with patch("sandbox.client.Client", connect):
        yield Shell(web)
