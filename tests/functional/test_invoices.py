"""Numbers of tax invoices (发票): checked, stored beside a settlement, shown on the statement, withdrawn on record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from authority import World
from offer import Offer
from webhouse import Web, make_house

from sandbox.metering.events import usage_event
from sandbox.stores.sql import SqlStore
from sandbox.web.app import create_app

MONTH, DIGITAL = "2026-03", "25952000000012345678"
WRONG = [
    ({"number": "123"}, "number: write the 20 digits"),
    ({"number": "12345678"}, "an older one has 8 beside a code"),
    ({"number": "２５９５２０００００００１２３４５６７８"}, "number: write the 20 digits"),
    ({"number": "12345678", "code": "12345678901"}, "code: write the 10 or 12 digits"),
    ({"number": DIGITAL, "code": "1234567890"}, "beside a code write the 8 digits"),
    ({"number": "1234567 ", "code": "1234567890"}, "beside a code write the 8 digits"),
]


@pytest.fixture
def trade(store: SqlStore, tmp_path: Path) -> Iterator[Web]:
    house = make_house(store, tmp_path / "home")
    with store.write() as tx:
        world = World(tx, journal=house.journal)
        offer = Offer(world)
        rival, other = world.party("Rival", "operator"), world.party("Other", "user")
        for party in (offer.user.party.id, other.party.id):
            event = usage_event(offer.job(party=party), offer.price, Decimal("1.20"), 4)
            tx.add(replace(event, month=MONTH))
    people = {"operator": offer.operator, "user": offer.user, "rival": rival, "other": other}
    keys = {name: world.keys[found.key.id] for name, found in people.items()}
    made = Web(house, create_app(house).test_client(), world.keys[world.authority.key.id], keys)
    assert made.call("POST", "/settlements", {"month": MONTH}, "operator").json["made"] == 2
    yield made


def test_an_invoice_is_stored_shown_and_withdrawn(trade: Web) -> None:
    [settled] = trade.call("GET", "/settlements", key="user").json["items"]
    path = f"/settlements/{settled['id']}/tax-invoices"
    for body, said in WRONG:
        refused = trade.call("POST", path, body, "operator")
        assert (refused.status_code, refused.json["code"]) == (422, "field_invalid") and said in refused.json["detail"]
    assert trade.call("POST", path, {"number": DIGITAL}, "user").json["code"] == "role_not_allowed"
    for stranger in ("rival", None):
        assert trade.call("POST", path, {"number": DIGITAL}, stranger).status_code == 404
    entered = trade.call("POST", path, {"number": DIGITAL}, "operator")
    assert (entered.status_code, entered.json["code"], entered.json["withdrawn_at"]) == (201, None, None)
    assert trade.call("POST", path, {"number": DIGITAL}, "operator").json["code"] == "state_conflict"
    older = trade.call("POST", path, {"number": "00012345", "code": "044001900111"}, "operator").json
    statement = trade.call("GET", f"/statements/{MONTH}", key="user").json
    assert [(one["code"], one["number"]) for one in statement["tax_invoices"]] == [
        (None, DIGITAL), ("044001900111", "00012345"),
    ]  # fmt: skip
    detail = trade.call("GET", f"/settlements/{settled['id']}", key="user").json
    assert (detail["tax_invoices"], detail["total"]) == (statement["tax_invoices"], "1.20")
    for page in (f"/statements/{MONTH}", f"/settlements/{settled['id']}"):
        shown = trade.client.get(page + "?lang=zh", headers={"Authorization": f"Bearer {trade.keys['user']}"})
        assert all(word in shown.text for word in ("发票号码", DIGITAL, "044001900111 00012345", "1.20"))

    gone = {"reason": "红冲"}
    assert trade.call("POST", f"/tax-invoices/{older['id']}/withdraw", gone, "rival").status_code == 404
    withdrawn = trade.call("POST", f"/tax-invoices/{older['id']}/withdraw", gone, "operator").json
    assert withdrawn["withdrawn_at"] and withdrawn["reason"] == "红冲"
    again = trade.call("POST", f"/tax-invoices/{older['id']}/withdraw", gone, "operator")
    assert again.json["code"] == "state_conflict"
    assert len(trade.call("GET", f"/statements/{MONTH}", key="user").json["tax_invoices"]) == 1
    assert [one["number"] for one in trade.call("GET", path, key="user").json["items"]] == [DIGITAL, "00012345"]
    assert trade.call("POST", path, {"number": "00012345", "code": "044001900111"}, "operator").status_code == 201


def test_an_invoice_stands_for_one_user_only_and_others_do_not_see_it(trade: Web) -> None:
    [mine] = trade.call("GET", "/settlements", key="user").json["items"]
    [others] = trade.call("GET", "/settlements", key="other").json["items"]
    assert (
        trade.call("POST", f"/settlements/{mine['id']}/tax-invoices", {"number": DIGITAL}, "operator").status_code
        == 201
    )
    refused = trade.call("POST", f"/settlements/{others['id']}/tax-invoices", {"number": DIGITAL}, "operator")
    assert refused.json["code"] == "state_conflict" and "another user" in refused.json["detail"]
    assert trade.call("GET", f"/settlements/{mine['id']}/tax-invoices", key="other").status_code == 404
    assert trade.call("GET", f"/statements/{MONTH}", key="other").json["tax_invoices"] == []
    assert "tax_invoices" not in trade.call("GET", f"/statements/{MONTH}", key="operator").json
