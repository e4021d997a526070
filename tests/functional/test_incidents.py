"""S4 over the API: a case from opening to closing, who may do what, what the log shows, what the notified see."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from webhouse import Web, make_web

from sandbox.identity.keys import authenticate
from sandbox.oversight.alerts import raise_alert
from sandbox.stores.sql import SqlStore
from sandbox.transparency.journal import content
from sandbox.transparency.records import LogEntry


@pytest.fixture(scope="module")
def web(module_store: SqlStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder: Path = tmp_path_factory.mktemp("incidents")
    made = make_web(module_store, folder / "home")
    for role in ("regulator", "auditor", "user", "operator"):
        made.join(role)
    made.join("bystander", "user")
    yield made


def opened(web: Web, key: str = "regulator", **more: Any) -> dict[str, Any]:
    body = {"source": "complaint", "summary": "Firm sold it on", "party": web.ids["user"]} | more
    answer = web.call("POST", "/incidents", body, key)
    assert answer.status_code == 201, answer.text
    return dict(answer.json)


def step(web: Web, case: str, name: str, key: str | None = "regulator", **body: Any) -> Any:
    return web.call("POST", f"/incidents/{case}/{name}", {"text": "Firm said so"} | body, key)


def test_S4_a_case_from_alert_to_close(web: Web) -> None:
    with web.house.store.write() as tx:
        alert = raise_alert(tx, web.house.journal, "probing", web.ids["user"], "k", {"refusals": 31})
    assert alert is not None
    case = opened(web, source="alert", cause=alert.id)["id"]
    again = {"source": "alert", "cause": alert.id, "summary": "x"}
    assert web.call("POST", "/incidents", again, "regulator").json["code"] == "state_conflict"
    assert step(web, case, "notes").json["status"] == "open"
    held = step(web, case, "hold", scope="party", target=web.ids["user"]).json
    assert held["status"] == "held"
    stop = held["steps"][-1]["data"]["stop"]
    assert step(web, case, "notify", parties=[web.ids["user"]]).json["status"] == "notified"
    seen = web.call("GET", f"/incidents/{case}", key="user").json
    assert [one["kind"] for one in seen["steps"]] == ["notified"] and "Firm sold" not in str(seen)
    assert alert.id not in str(seen) and web.ids["regulator"] not in str({**seen, "steps": []})
    replied = step(web, case, "reply", "user", text="we did not").json
    assert [one["kind"] for one in replied["steps"]] == ["notified", "replied"]
    assert web.call("GET", f"/incidents/{case}", key="bystander").status_code == 404
    assert web.call("GET", "/incidents", key="bystander").json["items"] == []
    assert [one["id"] for one in web.call("GET", "/incidents", key="user").json["items"]] == [case]
    assert step(web, case, "reply", "bystander").status_code == 404
    assert step(web, case, "sanction", sanction="suspend_party").json["code"] == "separation_of_duties"
    assert step(web, case, "sanction", None, sanction="suspend_party").json["status"] == "sanctioned"
    assert web.call("GET", "/jobs", key="user").json["code"] == "party_suspended"
    assert step(web, case, "remedy").json["status"] == "remedied"
    assert step(web, case, "close", None, outcome="founded").json["code"] == "state_conflict"  # its stop is in force
    for key in ("regulator", None):
        web.call("POST", f"/emergency/{stop}/lift", {}, key)
    assert step(web, case, "close", outcome="founded").json["code"] == "separation_of_duties"
    closed = step(web, case, "close", None, outcome="founded").json
    assert closed["status"] == "closed" and closed["closed_at"]
    for name in ("notes", "remedy"):
        assert step(web, case, name).json["code"] == "state_conflict"
    assert step(web, case, "hold", scope="party", target=web.ids["operator"]).json["code"] == "state_conflict"
    steps = [one["kind"] for one in web.call("GET", f"/incidents/{case}", key="auditor").json["steps"]]
    assert steps == ["opened", "noted", "held", "notified", "replied", "sanctioned", "remedied", "closed"]
    web.call("POST", f"/parties/{web.ids['user']}/reinstate", {})


def test_S4_the_log_shows_each_step_and_neither_text_nor_party(web: Web) -> None:
    case = opened(web)["id"]
    step(web, case, "notes")
    with web.house.store.read() as tx:
        leaves = [content(entry.leaf) for entry in tx.find(LogEntry, kind=["incident.opened", "incident.noted"])]
    mine = [leaf for leaf in leaves if case in str(leaf["public"])]
    assert [leaf["kind"] for leaf in mine] == ["incident.opened", "incident.noted"]
    assert all(set(leaf["commitments"]) == {"text", "party"} for leaf in mine)  # type: ignore[call-overload]
    assert "Firm" not in str(mine) and web.ids["user"] not in str(mine)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"source": "rumour", "summary": "x"}, 422),
        ({"source": "other", "summary": " "}, 422),
        ({"source": "trace", "summary": "x"}, 404),
        ({"source": "alert", "cause": "alert_none", "summary": "x"}, 404),
        ({"source": "other", "party": "party_none", "summary": "x"}, 404),
    ],
)
def test_a_wrong_case_is_refused(web: Web, body: dict[str, str], status: int) -> None:
    assert web.call("POST", "/incidents", body, "regulator").status_code == status


def test_wrong_steps_are_refused(web: Web) -> None:
    case = opened(web, party=None)["id"]
    assert step(web, case, "sanction", None, sanction="warning").json["code"] == "field_invalid"
    assert step(web, case, "sanction", None, sanction="prison").status_code == 422
    assert step(web, case, "notify", parties=["party_none"]).status_code == 404
    assert step(web, case, "hold", scope="product", target="product_none").status_code == 404
    assert step(web, case, "close", None, outcome="maybe").status_code == 422
    assert step(web, "incident_none", "notes").status_code == 404
    kinds = [one["kind"] for one in web.call("GET", f"/incidents/{case}", key="regulator").json["steps"]]
    assert kinds == ["opened"]


def test_nobody_decides_on_a_case_about_oneself(web: Web) -> None:
    with web.house.store.read() as tx:
        authority = authenticate(tx, f"Bearer {web.authority}").party.id
    case = opened(web, party=authority)["id"]
    assert step(web, case, "sanction", None, sanction="warning").json["code"] == "separation_of_duties"
