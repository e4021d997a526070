"""Estimate, explain and query ask the same question in the same words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from sandbox.cli import ask

OPTIONS = [
    *("--epsilon", "0.5", "--dialect", "ansi", "--groups", "2", "--rows-per-group", "3", "--keys", "private"),
    *("--mode", "rows", "--resource", "clinic", "--consistent", "--parameter", "a=1", "--parameter", "b=text"),
]
SENT = {
    "bounds": {"groups": 2, "rows_per_group": 3},
    "parameters": {"a": 1, "b": "text"},
    "consistent": True,
    "dialect": "ansi",
    "keys": "private",
    "mode": "rows",
    "resource": "clinic",
}


class Asked:
    """Stands for a client and keeps what it is asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def estimate(self, *given: Any, **more: Any) -> dict[str, Any]:
        self.calls.append((given, more))
        expected = [{"name": "n", "error_95": "8.1"}, {"name": "middle", "error_95": None}]
        words = {"en": ["It counts."], "zh": ["计数。"]}
        return {"epsilon": "0.5", "rho": "0.1", "fee": "1", "explain": words, "expected": expected}

    def query(self, *given: Any, **more: Any) -> Any:
        self.calls.append((given, more))
        return SimpleNamespace(result={})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    found = Asked()

    @contextmanager
    def service() -> Iterator[Asked]:
        yield found

    monkeypatch.setattr(ask, "service", service)
    return found


def run(*words: str) -> str:
    app = typer.Typer()
    ask.add_to(app)
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.output
    return done.output


def test_three_commands_send_the_same(asked: Asked) -> None:
    for command in ("estimate", "explain", "query"):
        run(command, "sub_1", "SELECT 1", *OPTIONS, "--json")
    assert asked.calls == [(("sub_1", "SELECT 1", "0.5"), SENT)] * 3


def test_what_is_not_said_is_not_sent_and_each_has_its_own(asked: Asked) -> None:
    said = run("estimate", "sub_1", "SELECT 1")
    assert said.splitlines()[1:] == ["n: off by at most 8.1 in 95 of 100 cases"]
    assert run("explain", "sub_1", "--parameter", "n=2", "--language", "zh").strip() == "计数。"
    run("query", "sub_1", "SELECT 1", "--fresh", "--json")
    nothing, parameters, fresh = asked.calls
    assert nothing == (("sub_1", "SELECT 1", None), {})
    assert parameters == (("sub_1", None, None), {"parameters": {"n": 2}})
    assert fresh == (("sub_1", "SELECT 1", None), {"fresh": True})
