"""Every endpoint × every role: a wrong role is refused before any id is looked up; what is foreign does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from webhouse import ROLES, Web, make_web

from policies.roles import RULES
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.grants.records import Grant, Subscription
from sandbox.identity.records import ApiKey
from sandbox.jobs.records import Job
from sandbox.oversight.records import Trace
from sandbox.persons.records import Consent
from sandbox.privacy.accounts import account_id, open_accounts
from sandbox.products.records import Product
from sandbox.stores.sql import SqlStore
from sandbox.web.endpoint import DECLARED, Endpoint

WITH_ID = [declared for declared in DECLARED if "<" in declared.path and not declared.public]
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
    yield made
    store.close()


@pytest.fixture(scope="module")
def foreign(web: Web) -> dict[str, str]:
    """Ids of things that belong to the victims, by the name of the path's parameter."""
    user, operator, regulator = (web.ids[f"victim {role}"] for role in ("user", "operator", "regulator"))
    ids = {name: new_id(name) for name in ("grant", "product", "subscription", "job", "trace", "consent")}
    moment, money = now(), Decimal(0)
    grant = Grant(
        ids["grant"], operator, "whole", None, None, [], ["industry"], date(2026, 1, 1), date(2036, 1, 1), "none", "x",
        "active", "party_authority", moment,
    )  # fmt: skip
    product = Product(ids["product"], grant.id, operator, "query", "p", ["resource_x"], {}, "d", "draft", None, moment)
    subscription = Subscription(
        ids["subscription"], product.id, user, "industry", None, {}, None, "pending", None, moment
    )
    job = Job(
        ids["job"], user, subscription.id, product.id, grant.id, operator, "resource_x", "p", "v", "query", "industry",
        b"", {}, "k", "done", money, money, False, money, None, {}, 0, None, None, moment, moment, moment,
    )  # fmt: skip
    trace = Trace(ids["trace"], regulator, "d", {}, "spool", "done", None, None, None, moment, moment)
    consent = Consent(
        ids["consent"], "s", user, "industry", None, False, None, "p", None, user, moment, None, None, "e", moment
    )
    with web.house.store.write() as tx:
        open_accounts(tx, "victim", Decimal(8), Decimal("1e-6"), (Decimal(4), Decimal("1e-7")))
        for record in (grant, product, subscription, job, trace, consent):
            tx.add(record)
        key = tx.find(ApiKey, party=user)[0].id
    named = {f"{name}_id": made for name, made in ids.items()}
    others = {"party_id": user, "key_id": key, "account_id": account_id("victim", None), "operator_id": operator}
    made_up = {f"{name}_id": new_id(name) for name in ("resource", "stop", "survey", "settlement", "dispute", "limit")}
    made_up |= {f"{name}_id": new_id(name) for name in ("credit", "policies", "demand")}
    return {**named, **others, **made_up}


def send(web: Web, declared: Endpoint, role: str, ids: dict[str, str]) -> tuple[int, str]:
    path = re.sub(r"<(\w+)>", lambda found: ids[found[1]], declared.path)
    body = {"ends": "2040-01-01"} if "renew" in path else {} if declared.method == "POST" else None
    answer = web.call(declared.method, path, body, "" if role == "nobody" else role)
    return answer.status_code, (answer.get_json(silent=True) or {}).get("code", "")


def label(declared: Endpoint) -> str:
    return f"{declared.method} {declared.path}"


@pytest.mark.parametrize("declared", CLOSED, ids=label)
def test_without_a_key_nothing_opens(web: Web, foreign: dict[str, str], declared: Endpoint) -> None:
    assert send(web, declared, "nobody", foreign) == (401, "key_missing")


@pytest.mark.parametrize("declared", [one for one in CLOSED if one.action], ids=label)
def test_a_wrong_role_is_refused_before_id_and_body(web: Web, foreign: dict[str, str], declared: Endpoint) -> None:
    unknown = {name: new_id("nothing") for name in foreign}
    for role in set(ROLES) - set(declared.roles):
        for ids in (foreign, unknown):
            assert send(web, declared, role, ids) == (403, "role_not_allowed"), role


@pytest.mark.parametrize("declared", WITH_ID, ids=label)
def test_unknown_and_foreign_look_the_same(web: Web, foreign: dict[str, str], declared: Endpoint) -> None:
    unknown = {name: new_id("nothing") for name in foreign}
    for role in declared.roles or ROLES:
        if role == "authoriser":
            continue  # its own party is the bootstrap one; it may reach what it authorises
        if declared.body and declared.body.model_json_schema().get("required") and "renew" not in declared.path:
            continue  # an empty body is refused before the id is looked up
        if not declared.parts:
            assert send(web, declared, role, unknown) == (404, "not_found"), role
        if not (role in RULES.overseeing and declared.method == "GET") and not declared.parts:
            assert send(web, declared, role, foreign) == (404, "not_found"), role


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
