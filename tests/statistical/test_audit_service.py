"""The audit over HTTP: two real services whose data differ in one unit are alike, and services that leak are not."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from sandbox.audit.asking import MOVED, NUMBERS, Ask, Seen, both, cases, questions
from sandbox.audit.bad_services import BAD_SERVICES, BadService
from sandbox.audit.cases import CASES
from sandbox.audit.compare import Pairs, compare
from sandbox.audit.durations import ENOUGH, LATE, RANKS, SIGNS, Finding, durations, power
from sandbox.audit.known_bad import Bad, no_noise
from sandbox.audit.report import passed
from sandbox.audit.run import claimed
from sandbox.audit.service import published
from sandbox.audit.worlds import clinic
from sandbox.cli.demo.running import Instance
from sandbox.cli.main import app
from sandbox.client import Client
from sandbox.errors import Problem

SIGMA, RHO = 400.0, 1.1
AFTER = ("left 3",), ("left 3",)
FINDINGS = 12
"""Comparisons of an audit over HTTP."""


def _fake(present: bool, chance: random.Random) -> list[Seen]:
    """What a right service shows: numbers with noise of σ, kept for repeated questions, marked for other users."""
    seen, first = [], ()
    for asked in questions(30):
        seconds = 0.2 + chance.random() / 50
        if asked.kind == "numbers":
            numbers = tuple(MOVED * present + chance.gauss(0, SIGMA) for _ in range(NUMBERS))
            first = first or numbers
        elif asked.kind == "plain":
            numbers = (chance.gauss(100, SIGMA),)
        elif asked.kind == "shared":
            numbers = tuple(one + chance.gauss(0, SIGMA / 5) for one in first)
        else:
            numbers = first if asked.kind == "again" else ()
        status = "refused" if asked.sql.endswith("WHERE") else "done"
        cost = ("1.00", "12") if status == "done" else ()
        one = Seen(asked.kind, status, "notes", (1, NUMBERS), cost, seconds, numbers, (), SIGMA, RHO * NUMBERS, 0.005)
        seen.append(one)
    return seen


@pytest.fixture
def pairs() -> Pairs:
    chance = random.Random(3)
    return list(zip(_fake(True, chance), _fake(False, chance), strict=True))


def test_a_right_service_breaks_nothing(pairs: Pairs) -> None:
    findings = compare(pairs, AFTER)
    assert [one for one in findings if not one.passed] == []
    assert len(findings) == FINDINGS


@pytest.mark.parametrize("bad", BAD_SERVICES, ids=lambda bad: bad.name)
def test_a_service_that_leaks_is_caught(pairs: Pairs, bad: BadService) -> None:
    assert [one for one in compare(bad.of(pairs), AFTER) if not one.passed]


def test_rare_late_answers_are_seen(pairs: Pairs) -> None:
    """A quarter of the answers on a later rung, the middle one hardly moved."""
    late = [
        (replace(one, seconds=one.seconds + 5 * (at % 4 == 0)), other) for at, (one, other) in enumerate([*pairs] * 4)
    ]
    assert any("durations" in one.name for one in compare(late, AFTER) if not one.passed)


def test_accounts_that_differ_are_seen(pairs: Pairs) -> None:
    assert [one.name for one in compare(pairs, (("left 3",), ("left 4",))) if not one.passed] == [
        "accounts and usage afterwards"
    ]


def test_nothing_seen_is_no_proof() -> None:
    assert not any(one.passed for one in compare([], ((), ())))


def test_questions_are_repeated_with_fresh_noise() -> None:
    asked = list(questions(30))
    repeated = [one for one in asked if one.kind in ("again", "shared")]
    first = asked[0]
    assert {one.sql for one in repeated} == {first.sql} and [one.by for one in repeated] == [0, 1]
    assert not any(one.fresh for one in (first, *repeated))
    assert all(one.fresh for one in asked if one is not first and one not in repeated)
    assert {one.sql for one in asked if one.kind == "cases"} == {sql for sql, _ in cases()} and len(cases()) > 50


def test_the_command_refuses_a_url_without_its_key() -> None:
    done = CliRunner().invoke(app, ["audit", "--url", "http://127.0.0.1:1"])
    assert isinstance(done.exception, Problem) and done.exception.code == "field_invalid"


def test_the_command_prints_a_table_and_ends_with_its_verdict() -> None:
    done = CliRunner().invoke(app, ["audit", "--only", "persons of rows", "--json"])
    assert isinstance(done.exception, Problem), "no such case"
    done = CliRunner().invoke(app, ["audit", "--only", "rows are units"])
    assert done.exit_code == 0, done.output
    assert "persons by town" in done.output and "holds" in done.output


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_the_command_ends_with_1_where_a_promise_is_broken(options: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.audit.run.claimed", no_noise)
    done = CliRunner().invoke(app, ["audit", "--only", "sum of both signs", *options])
    assert done.exit_code == 1, done.output
    assert json.loads(done.stdout)["passed"] is False if options else "BROKEN" in done.output


def test_the_command_ends_with_1_where_a_mutant_is_not_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    [case] = [one for one in CASES if one.covers == "sum of both signs"]
    monkeypatch.setattr("sandbox.audit.known_bad.BAD", (Bad("it is right", case, claimed),))
    asked = ["audit", "--only", case.covers, "--with-known-bad", "--json"]
    done = CliRunner().invoke(app, asked)
    found = json.loads(done.stdout)
    assert done.exit_code == 1 and not found["passed"]
    assert [(one["name"], one["caught"]) for one in found["known_bad"]] == [("it is right", False)]


def test_a_finding_that_does_not_hold_is_no_pass() -> None:
    assert passed([], [], [Finding("one", "", True)])
    assert not passed([], [], [Finding("one", "", True), Finding("other", "", False)])


class Slowing(BaseHTTPRequestHandler):
    """Passes everything on to a service; if `slow`, jobs take twice as long."""

    target, slow = "", False
    through = httpx.Client(timeout=600, trust_env=False)
    protocol_version = "HTTP/1.1"

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kept = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        begin = time.monotonic()
        sent = self.through.request(self.command, self.target + self.path, content=body, headers=kept)
        if self.command == "POST" and self.path.endswith("/jobs") and self.slow:
            time.sleep(time.monotonic() - begin)
        self.send_response(sent.status_code)
        for name, value in sent.headers.items():
            if name.lower() not in ("transfer-encoding", "connection", "content-length", "content-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(sent.content)))
        self.end_headers()
        self.wfile.write(sent.content)

    do_GET = do_POST = do_PUT = do_DELETE = _pass

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def passing(target: str, slow: bool = False) -> Iterator[str]:
    handler = type("Passing", (Slowing,), {"target": target, "slow": slow})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def trial() -> Iterator[Instance]:
    """A test instance, made and served by the command line."""
    with Instance(init=("--test-instance",)) as running:
        yield running


@pytest.mark.service
def test_a_test_instance_breaks_no_promise(trial: Instance) -> None:
    given = ["--url", trial.url, "--key", trial.authority_key, "--rounds", "10", "--with-known-bad", "--json"]
    done = CliRunner().invoke(app, ["audit", *given])
    found = json.loads(done.stdout)
    assert [one for one in found["service"] if not one["passed"]] == [] and found["passed"]
    assert done.exit_code == 0
    assert len(found["service"]) == FINDINGS + len(BAD_SERVICES)


@pytest.mark.service
def test_a_service_whose_durations_leak_is_caught(trial: Instance, tmp_path: Path) -> None:
    """The unit's presence makes answers late, and nothing else: so late that a busy machine does not hide it. How much
    less is seen on a quiet one is simulated below."""
    world, authority, made = clinic(), trial.client(trial.authority_key), []
    with passing(trial.url, slow=True) as slow, passing(trial.url) as plain:
        for url, tables in ((slow, world.tables), (plain, world.without())):
            made.append(published(partial(Client, url), authority, world, tables, tmp_path))
        small = [Ask("plain", "SELECT COUNT(*) AS n FROM visits", "1")] * (ENOUGH + 5)
        found = compare(both(made[0], made[1], small), (made[0].after(), made[1].after()))
    held = {one.name: one.passed for one in found}
    assert not any(one.name == SIGNS and one.found.startswith("only") for one in found), "there were pairs enough"
    assert not all(held[name] for name in (SIGNS, RANKS, LATE)), found
    assert held["how questions end"] and held["fees, losses, what is left"] and held["sizes of answers"]


@pytest.mark.service
def test_a_real_instance_is_not_audited() -> None:
    with Instance() as real:
        done = CliRunner().invoke(app, ["audit", "--url", real.url, "--key", real.authority_key])
    assert isinstance(done.exception, Problem) and "--test-instance" in done.exception.detail


def test_the_power_over_durations_is_the_one_that_is_stated() -> None:
    """Of the numbers of pairs that the default rounds give, and of chance alone."""
    pairs = sum(one.kind not in ("hostile", "again", "shared") for one in questions(20))
    assert pairs > 250
    assert power(pairs, 1.0, 0.65) >= 0.9 and power(pairs, 0.13, 10) >= 0.9
    assert power(pairs, 1.0, 0.0, runs=300) == 0


def test_too_few_durations_are_no_proof() -> None:
    assert not any(one.passed for one in durations([0.1] * 20, [0.1] * 20))
