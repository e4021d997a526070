"""A month closed, read, disputed and corrected over HTTP, each by whom it concerns."""

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


@pytest.fixture
def trade(tmp_path: Path) -> Iterator[Web]:
    store = SqlStore(f"sqlite:///{tmp_path / 'control.db'}")
    store.create()
    house = make_house(store, tmp_path / "home")
    with store.write() as tx:
        world = World(tx, journal=house.journal)
        offer = Offer(world)
        rival, stranger = world.party("Rival", "operator"), world.party("Stranger", "user")
        for _ in range(3):
            tx.add(replace(usage_event(offer.job(), offer.price, Decimal("1.20"), 4), month="2026-03"))
    people = {"operator": offer.operator, "user": offer.user, "rival": rival, "stranger": stranger}
    keys = {name: world.keys[found.key.id] for name, found in people.items()}
    yield Web(house, create_app(house).test_client(), world.keys[world.authority.key.id], keys)
    store.close()


def test_P9_from_the_end_of_a_month_to_a_credit_note(trade: Web) -> None:
    early = trade.call("POST", "/settlements", {"month": "2199-01"}, "operator")
    assert early.status_code == 422
    assert trade.call("POST", "/settlements", {"month": "2026-03"}, "user").json["code"] == "role_not_allowed"
    run = trade.call("POST", "/settlements", {"month": "2026-03"}, "operator")
    assert run.json | {"status": run.status_code} == {
        "month": "2026-03", "made": 1, "kept": 0, "total": "3.60", "status": 200,
    }  # fmt: skip
    [settled] = trade.call("GET", "/settlements?month=2026-03", key="user").json["items"]
    assert (settled["number"], settled["total"], settled["lines"][0]["jobs"]) == (1, "3.60", 3)
    path = f"/settlements/{settled['id']}"
    assert trade.call("GET", path, key="operator").json == settled | {"tax_invoices": []}
    for other in ("rival", "stranger"):
        assert trade.call("GET", path, key=other).status_code == 404
        assert trade.call("GET", "/settlements", key=other).json["items"] == []
    file = trade.call("GET", f"{path}?format=csv", key="user")
    assert file.headers["Content-Disposition"] == 'attachment; filename="2026-03-1.csv"'
    assert file.data.decode("utf-8-sig").splitlines()[-1].endswith(",3.60")

    asked = {"settlement": settled["id"], "reason": "one call failed"}
    assert trade.call("POST", "/disputes", asked, "stranger").status_code == 404
    opened = trade.call("POST", "/disputes", asked, "user")
    assert (opened.status_code, opened.json["status"]) == (201, "open")
    dispute = f"/disputes/{opened.json['id']}"
    assert trade.call("GET", dispute, key="stranger").status_code == 404
    answer = {"accepted": True, "answer": "you are right", "amount": "1.20"}
    assert trade.call("POST", f"{dispute}/answer", answer, "rival").status_code == 404
    done = trade.call("POST", f"{dispute}/answer", answer, "operator").json
    note = trade.call("GET", f"/settlements/{done['credit']}", key="user").json
    assert (note["kind"], note["number"], note["total"], note["corrects"]) == ("credit_note", 2, "-1.20", settled["id"])
    assert trade.call("GET", "/disputes", key="user").json["items"][0]["status"] == "accepted"

    checked = trade.call("GET", "/reconciliation?month=2026-03", key="operator").json
    assert (checked["holds"], checked["credited"], checked["events"]) == (True, "-1.20", "3.60")
    assert trade.call("GET", "/reconciliation?month=2026-03", key="rival").json["events"] == "0"
