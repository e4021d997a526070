"""Two persons for one action: off by default, for everybody once asked for; the log names both."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from webhouse import Web, make_web

import sandbox.web.api  # noqa: F401 – declares the endpoints
from policies.alerts import TWO_PERSONS
from sandbox.core.clock import now
from sandbox.identity.records import ApiKey, Seconding
from sandbox.stores.sql import SqlStore
from sandbox.transparency.records import LogEntry
from sandbox.web.endpoint import DECLARED


@pytest.fixture(scope="module")
def web(module_store: SqlStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder: Path = tmp_path_factory.mktemp("two")
    made = make_web(module_store, folder / "home")
    made.join("second", "authoriser")
    made.join("operator")
    yield made


def create(web: Web, name: str, key: str | None = None, **headers: str) -> tuple[int, dict[str, str]]:
    answer = web.call("POST", "/parties", {"name": name, "roles": ["user"]}, key, headers=headers)
    return answer.status_code, answer.json


def test_off_by_default_then_for_everybody_and_ended_by_two(web: Web) -> None:
    assert create(web, "Alone")[0] == 201
    said = web.call("POST", "/two-persons", {"actions": ["party.create"]})
    assert (said.status_code, said.json["actions"]) == (200, ["party.create"])
    status, waiting = create(web, "Acme", **{"Idempotency-Key": "one"})
    assert (status, waiting["status"], waiting["action"]) == (202, "waiting", "party.create")
    assert create(web, "Acme", **{"Idempotency-Key": "one"}) == (202, waiting)  # the same request, sent again
    assert create(web, "Acme")[1]["code"] == "two_person_required"
    assert create(web, "Other", "second")[0] == 202  # not the same request: nothing is done by it
    assert web.call("GET", "/secondings").json["items"][0]["id"] == waiting["id"]
    names = [party["name"] for party in web.call("GET", "/parties").json["items"]]
    assert "Acme" not in names and "Other" not in names
    status, done = create(web, "Acme", "second")
    assert status == 201 and done["api_key"]
    assert create(web, "Acme", "second")[0] == 202  # once more would be another one
    assert web.call("POST", "/two-persons", {"actions": []}).status_code == 202
    assert web.call("POST", "/two-persons", {"actions": []}, "second").json["actions"] == []
    assert create(web, "Alone again")[0] == 201
    with web.house.store.read() as tx:
        kinds = [entry.kind for entry in tx.find(LogEntry)]
    assert kinds.count("two_person.set") == 2 and kinds.count("action.seconded") == 2
    assert kinds.count("action.asked") == 4


def test_what_nobody_seconds_lapses(web: Web) -> None:
    web.call("POST", "/two-persons", {"actions": ["party.create"]})
    assert create(web, "Late")[0] == 202
    with web.house.store.write() as tx:
        for one in tx.find(Seconding, status="waiting"):
            tx.change(one, until=now() - timedelta(seconds=1))
    assert create(web, "Late", "second")[0] == 202
    assert web.call("POST", "/two-persons", {"actions": []}, "second").status_code == 202
    assert web.call("POST", "/two-persons", {"actions": []}).status_code == 200


def test_unknown_actions_are_refused_and_stops_never_wait(web: Web) -> None:
    for action in ("emergency.raise", "job.submit", "nothing"):
        answer = web.call("POST", "/two-persons", {"actions": [action]})
        assert (answer.status_code, answer.json["code"]) == (422, "field_invalid")


@pytest.mark.parametrize("action", TWO_PERSONS)
def test_every_action_that_two_may_be_asked_for_passes_the_door_that_asks(action: str) -> None:
    """An errand opens its own transactions, past the place where a second person is asked for."""
    declared = [one for one in DECLARED if one.action == action and one.changes]
    assert declared and not any(one.errand or one.public for one in declared)


def test_a_key_is_rotated_with_an_overlap(web: Web) -> None:
    operator = web.ids["operator"]
    [old] = web.call("GET", f"/parties/{operator}/keys", key="operator").json["items"]
    made = web.call("POST", f"/keys/{old['id']}/rotate", {"overlap_hours": 2}, "operator").json
    assert made["scopes"] == old["scopes"] and made["id"] != old["id"]
    both = web.call("GET", f"/parties/{operator}/keys", key=made["api_key"]).json["items"]
    assert [one["expires_at"] is None for one in both] == [False, True] and "digest" not in str(both)
    with web.house.store.write() as tx:
        key = tx.get(ApiKey, old["id"])
        assert key is not None and key.expires_at is not None
        assert timedelta(minutes=119) < key.expires_at - now() <= timedelta(hours=2)
        tx.change(key, expires_at=now())
    assert web.call("GET", "/products", key="operator").json["code"] == "key_invalid"
    again = web.call("POST", f"/keys/{old['id']}/rotate", {}, made["api_key"])
    assert again.json["code"] == "state_conflict"
    assert web.call("POST", "/keys/key_none/rotate", {}, made["api_key"]).status_code == 404
    ended = web.call("POST", f"/keys/{made['id']}/rotate", {"overlap_hours": 0}, made["api_key"]).json
    assert web.call("GET", "/products", key=made["api_key"]).json["code"] == "key_invalid"
    assert web.call("GET", "/products", key=ended["api_key"]).status_code == 200
