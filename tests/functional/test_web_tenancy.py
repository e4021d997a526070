"""Every endpoint × every role: a wrong role is refused before any id is looked up; what is foreign does not exist."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from strangers import body_for, path_of, strangers, unknown
from webhouse import ROLES, Web, make_web

from policies.roles import RULES
from sandbox.stores.sql import SqlStore
from sandbox.web.description import PREFIX
from sandbox.web.endpoint import DECLARED, Endpoint

PAGES = {
    "/", "/docs/errors/", "/docs/errors/<code>", "/docs/checklist", "/disclosure", "/healthz", "/readyz",
    "/static/<path:filename>", f"{PREFIX}/openapi.json", "/sign-in", "/sign-in/callback",
    "/catalogue", "/prices", "/reports", "/reports/<report_id>", "/reports/<report_id>.pdf",
    "/reports/<report_id>.json", "/papers", "/letters/<letter_id>",
    "/settlements/<settlement_id>", "/statements/<month>",
    "/reviews", "/reviews/admissions/<admission_id>", "/reviews/exits/<job_id>",
}  # fmt: skip
FORMS = {"/sign-out", "/reviews/admissions/<admission_id>", "/reviews/exits/<job_id>"}
"""Pages that a form is sent to; whose they are is held in test_review_pages, and signing out in test_sign_in."""
PUBLIC = {
    "GET /catalogue.jsonld",
    "GET /commitment",
    "GET /disclosure",
    "GET /log/checkpoint",
    "GET /log/consistency",
    "GET /log/keys",
    "GET /log/proof",
    "GET /log/tile/<path:tile>",
    "GET /log/witnesses",
    "GET /prices",
    "GET /review/checklist",
    "POST /enrolments",
    "POST /log/checkpoints",
}
OPEN = {
    "/resources/<resource_id>": "the catalogue is for everybody",
    "/resources/<resource_id>/grades": "so is the history of a grade",
    "/resources/<resource_id>/conditions": "who wants a grant has to know them",
    "GET /resources/<resource_id>/quality": "what everybody may know of quality; the rest is hidden in it",
    "/resources/<resource_id>/objections": "anybody may object",
    "/resources/<resource_id>/feedback": "anybody may report",
    "GET /policies/versions/<policies_id>": "rules are no secret of those who act under them",
}
"""What reaches things of others by design, each with its reason: another endpoint fails until it stands here."""
DECIDED_BY_OVERSEERS = {
    "alert.acknowledge", "credit.enter", "credit.decide", "emergency.lift", "incident.step", "incident.sanction",
    "incident.close", "survey.verify",
}  # fmt: skip
"""Actions in which a regulator or a department decides about somebody else's things: that is their role."""
WITH_ID = [one for one in DECLARED if re.search(r"<\w+_id>", one.path) and not one.public and not one.parts]
CLOSED = [declared for declared in DECLARED if not declared.public]


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder: Path = tmp_path_factory.mktemp("tenancy")
    store = SqlStore(f"sqlite:///{folder / 'control.db'}")
    store.create()
    made = make_web(store, folder / "home")
    for role in ROLES:
        made.join(role)
    made.join("victim user", "user")
    made.join("victim operator", "operator")
    made.join("victim regulator", "regulator")
    made.join("victim holder", "holder")
    yield made
    store.close()


@pytest.fixture(scope="module")
def foreign(web: Web) -> dict[str, str]:
    """Ids of things that belong to the victims, by the name of the path's parameter."""
    with web.house.store.write() as tx:
        return strangers(tx, *(web.ids[f"victim {role}"] for role in ("user", "operator", "regulator", "holder")))


def send(web: Web, declared: Endpoint, role: str, ids: dict[str, str]) -> tuple[int, str]:
    key = "" if role == "nobody" else None if role == "authoriser" else role
    body = None if declared.method == "GET" or declared.parts else body_for(declared.body)
    answer = web.call(declared.method, path_of(declared.path, ids), body, key)
    return answer.status_code, (answer.get_json(silent=True) or {}).get("code", "")


def label(declared: Endpoint) -> str:
    return f"{declared.method} {declared.path}"


@pytest.mark.parametrize("declared", CLOSED, ids=label)
def test_without_a_key_nothing_opens(web: Web, foreign: dict[str, str], declared: Endpoint) -> None:
    assert send(web, declared, "nobody", foreign) == (401, "key_missing")


@pytest.mark.parametrize("declared", [one for one in CLOSED if one.action], ids=label)
def test_a_wrong_role_is_refused_before_id_and_body(web: Web, foreign: dict[str, str], declared: Endpoint) -> None:
    for role in set(ROLES) - set(declared.roles):
        for ids in (foreign, unknown(foreign)):
            assert send(web, declared, role, ids) == (403, "role_not_allowed"), role


@pytest.mark.parametrize("declared", WITH_ID, ids=label)
def test_what_is_unknown_does_not_exist(web: Web, foreign: dict[str, str], declared: Endpoint) -> None:
    for role in declared.roles or ROLES:
        assert send(web, declared, role, unknown(foreign)) == (404, "not_found"), role


@pytest.mark.parametrize("declared", WITH_ID, ids=label)
def test_what_is_foreign_does_not_exist_either(web: Web, foreign: dict[str, str], declared: Endpoint) -> None:
    """The authoriser reaches what it authorises; overseers read, and change what is theirs to decide on."""
    if declared.path in OPEN or label(declared) in OPEN:
        return
    for role in set(declared.roles or ROLES) - {"authoriser"}:
        oversees = role in RULES.overseeing
        if oversees and (declared.method == "GET" or declared.action in DECIDED_BY_OVERSEERS):
            continue
        assert send(web, declared, role, foreign) == (404, "not_found"), role


def test_every_path_of_the_service_is_declared_or_a_public_page(web: Web) -> None:
    """A route that was added past the door, or an exception for one that is gone, is found here."""
    rules = {
        (method, rule.rule) for rule in web.client.application.url_map.iter_rules() for method in rule.methods or ()
    }
    rules = {(method, path) for method, path in rules if method not in ("HEAD", "OPTIONS")}
    declared = {(one.method, f"{PREFIX}{one.path}") for one in DECLARED}
    assert rules - declared == {("GET", path) for path in PAGES} | {("POST", path) for path in FORMS}
    known = {label(one) for one in DECLARED} | {one.path for one in DECLARED}
    assert set(OPEN) - known == set() and {one.action for one in DECLARED} >= DECIDED_BY_OVERSEERS


def test_a_foreign_resource_takes_no_data(web: Web, foreign: dict[str, str]) -> None:
    for one in [one for one in DECLARED if one.parts and "<" in one.path]:
        for ids in (foreign, unknown(foreign)):
            parts = {"people": (io.BytesIO(b"a\n1\n"), "people.csv", "text/csv")}
            answer = web.call(one.method, path_of(one.path, ids), key="holder", data=parts)
            assert (answer.status_code, answer.json["code"]) == (404, "not_found"), label(one)


def test_public_endpoints_are_these(web: Web) -> None:
    """What needs no key is decided here, one by one."""
    assert {label(one) for one in DECLARED if one.public} == PUBLIC


def test_another_regulators_trace_does_not_exist(web: Web, foreign: dict[str, str]) -> None:
    assert web.call("GET", f"/traces/{foreign['trace_id']}", key="regulator").status_code == 404
    assert web.call("GET", f"/traces/{foreign['trace_id']}", key="victim regulator").status_code == 200


def test_lists_hold_only_ones_own(web: Web, foreign: dict[str, str]) -> None:
    for path, owner in (
        ("/jobs", "user"),
        ("/subscriptions", "user"),
        ("/grants", "operator"),
        ("/products", "operator"),
    ):
        assert web.call("GET", path, key=owner).json["items"] == [], path
        assert len(web.call("GET", path, key=f"victim {owner}").json["items"]) == 1, path


def test_a_reading_key_changes_nothing(web: Web) -> None:
    made = web.call("POST", f"/parties/{web.ids['user']}/keys", {"scopes": ["read"]}, "user").json
    assert web.call("GET", "/jobs", key=made["api_key"]).status_code == 200
    refused = web.call("POST", "/subscriptions", {}, made["api_key"])
    assert (refused.status_code, refused.json["code"]) == (403, "scope_not_allowed")


def test_a_suspended_party_is_told_so(web: Web) -> None:
    party = web.join("late user", "user")
    web.call("POST", f"/parties/{party}/suspend", {})
    assert web.call("GET", "/jobs", key="late user").json["code"] == "party_suspended"
    web.call("POST", f"/parties/{party}/reinstate", {})
    assert web.call("GET", "/jobs", key="late user").status_code == 200
