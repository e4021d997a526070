"""Two persons for one action: off by default, for everybody once asked for; the log names both."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from shell import shell
from webhouse import Web, make_web

import sandbox.web.api  # noqa: F401 – declares the endpoints
from policies.alerts import TWO_PERSONS
from sandbox.core.clock import now
from sandbox.identity.records import ApiKey, Party, Seconding
from sandbox.oversight.records import Step
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


@pytest.fixture
def by_two(web: Web) -> Iterator[None]:
    """Two persons for some actions, while the test lasts."""
    actions = ["incident.sanction", "incident.close", "key.create", "party.create", "subscription.approve"]
    assert web.call("POST", "/two-persons", {"actions": actions}).status_code == 200
    yield
    assert web.call("POST", "/two-persons", {"actions": []}).status_code == 202
    assert web.call("POST", "/two-persons", {"actions": []}, "second").status_code == 200


def waiting(web: Web, action: str) -> int:
    with web.house.store.read() as tx:
        return len(tx.find(Seconding, action=action, status="waiting"))


@pytest.mark.usefixtures("by_two")
def test_who_may_not_do_it_alone_is_not_the_first_of_two_either(web: Web) -> None:
    """S5: the one that opened a case, a foreigner, a request that cannot be carried out – and nothing stays of them."""
    opened = web.call("POST", "/incidents", {"source": "other", "summary": "x", "party": web.ids["operator"]})
    steps = f"/incidents/{opened.json['id']}"
    for step, body in (
        ("sanction", {"sanction": "warning", "text": "x"}),
        ("close", {"outcome": "founded", "text": "x"}),
    ):
        said = web.call("POST", f"{steps}/{step}", body)
        assert (said.status_code, said.json["code"]) == (403, "separation_of_duties")
        assert waiting(web, f"incident.{step}") == 0
    said = web.call("POST", "/subscriptions/sub_none/approve", {}, "operator")
    assert (said.status_code, waiting(web, "subscription.approve")) == (404, 0)
    assert create(web, "Both")[0] == 202
    before = waiting(web, "party.create")
    bad = web.call("POST", "/parties", {"name": "Bad", "roles": ["operator", "authoriser"]})
    assert (bad.json["code"], waiting(web, "party.create")) == ("separation_of_duties", before)
    with web.house.store.read() as tx:
        assert not any(step.kind in ("sanction", "close") for step in tx.find(Step))
        assert not tx.find(Party, name="Both")


@pytest.mark.usefixtures("by_two")
def test_two_parties_that_ask_for_keys_of_their_own_do_not_ask_for_the_same(web: Web) -> None:
    path, body = "/parties/me/keys", {"scopes": ["read"]}
    assert [web.call("POST", path, body, key).status_code for key in ("operator", "second")] == [202, 202]
    assert web.call("POST", f"/parties/{web.ids['operator']}/keys", body, "operator").json["code"] == (
        "two_person_required"
    )
    made = web.call("POST", f"/parties/{web.ids['operator']}/keys", body, "second")
    assert (made.status_code, made.json["scopes"]) == (201, ["read"])


@pytest.mark.usefixtures("by_two")
def test_the_command_line_says_that_nothing_is_done_yet(web: Web) -> None:
    """S5: a script that wants an id of what was made gets none, and ends."""
    with shell(web) as cli:
        said = cli.run("party", "Shell", "user")
        assert "Not done yet: party.create waits for a second person" in said and "Created" not in said
        assert cli.ask("party", "Shell too", "user")["status"] == "waiting"
        assert "two_person_required" in cli.run("party", "Shell three", "user", "--get", "id", code=1)
        assert "Not done yet: key.create" in cli.run("key", "make", "me", "--scope", "jobs")
        assert "Created party" in cli.run("party", "Shell", "user", key="second")


def new_authoriser(web: Web) -> str:
    """A third authoriser, made by two."""
    asked = {"name": "third", "roles": ["authoriser"]}
    assert web.call("POST", "/parties", asked).status_code == 202
    made = web.call("POST", "/parties", asked, "second").json
    web.keys["third"] = web.call("POST", "/enrolments", {"token": made["enrolment_token"]}, "").json["api_key"]
    return str(made["id"])


@pytest.mark.usefixtures("by_two")
def test_a_party_that_was_suspended_since_is_no_first_of_two(web: Web) -> None:
    third = new_authoriser(web)
    assert create(web, "Stale", "third")[0] == 202
    assert web.call("POST", f"/parties/{third}/suspend", {}).status_code == 200
    assert create(web, "Stale", "second")[0] == 202


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
    old, *_ = web.call("GET", f"/parties/{operator}/keys", key="operator").json["items"]
    made = web.call("POST", f"/keys/{old['id']}/rotate", {"overlap_hours": 2}, "operator").json
    assert made["scopes"] == old["scopes"] and made["id"] != old["id"]
    both = web.call("GET", f"/parties/{operator}/keys", key=made["api_key"]).json["items"]
    assert {one["id"]: one["expires_at"] is None for one in both}.items() >= {
        old["id"]: False,
        made["id"]: True,
    }.items()
    assert "digest" not in str(both)
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
