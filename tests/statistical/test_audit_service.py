"""The audit over HTTP: two real services whose data differ in one unit are alike, and services that leak are not."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sandbox.audit.asking import MOVED, NUMBERS, Seen, questions
from sandbox.audit.bad_services import BAD_SERVICES, BadService
from sandbox.audit.compare import Pairs, compare
from sandbox.cli.main import app
from sandbox.errors import Problem

SIGMA, RHO = 400.0, 1.1
AFTER = ("left 3",), ("left 3",)


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
    assert len(findings) == 13


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


def test_questions_differ_where_they_must() -> None:
    asked = list(questions(30))
    repeated = [one for one in asked if one.kind in ("again", "shared")]
    others = [one.sql for one in asked if one.kind not in ("again", "shared")]
    assert len(set(others)) == len(others) and {one.sql for one in repeated} == {others[0]}
    assert [one.by for one in repeated] == [0, 1]


def test_the_command_refuses_a_url_without_its_key() -> None:
    done = CliRunner().invoke(app, ["audit", "--url", "http://127.0.0.1:1"])
    assert isinstance(done.exception, Problem) and done.exception.code == "field_invalid"


def test_the_command_prints_a_table_and_ends_with_its_verdict() -> None:
    done = CliRunner().invoke(app, ["audit", "--only", "persons of rows", "--json"])
    assert isinstance(done.exception, Problem), "no such case"
    done = CliRunner().invoke(app, ["audit", "--only", "rows are units"])
    assert done.exit_code == 0, done.output
    assert "persons by town" in done.output and "holds" in done.output


@pytest.mark.service
def test_two_services_whose_data_differ_in_one_unit_are_alike(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["audit", "--service", "--rounds", "12", "--with-known-bad", "--json"])
    found = json.loads(done.stdout)
    assert [one for one in found["service"] if not one["passed"]] == [] and found["passed"]
    assert done.exit_code == 0
    assert len(found["service"]) == 13 + len(BAD_SERVICES)
