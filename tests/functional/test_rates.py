"""Rate cards, the public price list, spending limits and usage added up, over HTTP; months that close by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from authority import World
from offer import Offer
from webhouse import Web, make_house

from sandbox.billing.records import Settlement, ShareAgreement
from sandbox.core.clock import now
from sandbox.metering.charging import charge
from sandbox.metering.events import usage_event
from sandbox.metering.records import UsageEvent
from sandbox.service import months
from sandbox.stores.sql import SqlStore
from sandbox.web.app import create_app


@pytest.fixture
def trade(tmp_path: Path) -> Iterator[Web]:
    store = SqlStore(f"sqlite:///{tmp_path / 'control.db'}")
    store.create()
    house = make_house(store, tmp_path / "home", settle_day=1)
    with store.write() as tx:
        world = World(tx, journal=house.journal)
        offer = Offer(world)
        stranger = world.party("Stranger", "user")
        bureau, office = world.party("Bureau", "holder"), world.party("Office", "holder")
    people = {"operator": offer.operator, "user": offer.user, "stranger": stranger, "bureau": bureau, "office": office}
    keys = {name: world.keys[found.key.id] for name, found in people.items()}
    made = Web(house, create_app(house).test_client(), world.keys[world.authority.key.id], keys)
    made.offer = offer  # type: ignore[attr-defined]
    made.ids["bureau"] = bureau.party.id
    yield made
    store.close()


def test_P4_a_rate_card_is_set_listed_and_charged(trade: Web) -> None:
    offer: Offer = trade.offer  # type: ignore[attr-defined]
    path = f"/products/{offer.product.id}/price"
    card = {"unit": "cell", "price": "1.20", "trial": True, "allowance": 2, "tiers": [{"above": 4, "price": "0.5"}]}
    made = trade.call("POST", path, card, "operator")
    assert (made.status_code, made.json["allowance"], made.json["tiers"]) == (201, 2, [{"above": 4, "price": "0.5"}])
    soon = (now() + timedelta(days=3)).isoformat()
    assert trade.call("POST", path, card | {"starts": soon, "price": "2"}, "operator").status_code == 201
    [listed] = trade.call("GET", "/prices", key="").json["items"]
    prices = {one["purpose"]: one["price"] for one in listed["scenarios"]}
    assert prices["public_welfare"] is prices["public_governance"] is None
    assert (prices["industry"]["price"], prices["industry"]["allowance"]) == ("1.20", 2)
    assert [one["price"] for one in listed["announced"]] == ["2"]
    shown = {lang: trade.client.get(f"/prices?lang={lang}").text for lang in ("zh", "en")}
    assert all(
        said in shown["en"] for said in ("1.20 / cell", "the first 2 a month are free", "0.5 above 4", "2 / cell")
    )
    assert all(
        said in shown["zh"] for said in ("公益事业", "免费", "每月前 2", "超过 4 后 0.5", "（试行）", listed["name"])
    )
    wrong = trade.call("POST", path, card | {"tiers": [{"above": 2, "price": "1"}]}, "operator")
    assert (wrong.status_code, wrong.json["code"]) == (422, "field_invalid")
    with trade.house.store.write() as tx:
        offer.tx, price = tx, tx.get(type(offer.price), made.json["id"])
        assert charge(tx, offer.job(), price, 5).fee == Decimal("2.90")
    month = f"{now():%Y-%m}"
    [sheet] = trade.call("GET", f"/statements?month={month}", key="user").json["items"]
    assert [line["amount"] for line in sheet["lines"]] == ["0.00", "0.50", "2.40"]
    [added] = trade.call("GET", f"/usage/summary?month={month}&by=day,purpose", key="operator").json["items"]
    assert added == {
        "day": f"{now():%Y-%m-%d}", "purpose": "industry", "unit": "cell", "events": 1, "quantity": 5, "fee": "2.90",
    }  # fmt: skip
    assert trade.call("GET", f"/usage/summary?month={month}", key="stranger").json["items"] == []
    assert trade.call("GET", f"/usage/summary?month={month}&by=colour", key="user").json["code"] == "field_invalid"


def test_a_user_limits_its_own_spending(trade: Web) -> None:
    offer: Offer = trade.offer  # type: ignore[attr-defined]
    made = trade.call("POST", "/spending-limits", {"yuan": "2.40", "subscription": offer.subscription.id}, "user")
    assert (made.status_code, made.json["left"]) == (201, "2.40")
    assert trade.call("POST", "/spending-limits", {"yuan": "-1"}, "user").status_code == 422
    assert trade.call("POST", "/spending-limits", {"yuan": "1"}, "operator").json["code"] == "role_not_allowed"
    with trade.house.store.write() as tx:
        offer.tx = tx
        charge(tx, offer.job(), offer.price, 4)
    [shown] = trade.call("GET", "/spending-limits", key="user").json["items"]
    assert (shown["spent"], shown["held"], shown["left"]) == ("1.20", "0", "1.20")
    assert trade.call("GET", "/spending-limits", key="stranger").json["items"] == []
    gone = f"/spending-limits/{shown['id']}"
    assert trade.call("DELETE", gone, key="stranger").status_code == 404
    assert trade.call("DELETE", gone, key="user").status_code == 200
    assert trade.call("GET", "/spending-limits", key="user").json["items"] == []


def test_last_month_is_closed_from_the_day_that_was_set(trade: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    offer: Offer = trade.offer  # type: ignore[attr-defined]
    last = now().replace(day=1) - timedelta(days=1)
    with trade.house.store.write() as tx:
        offer.tx = tx
        tx.add(replace(usage_event(offer.job(), offer.price, Decimal("1.20"), 4), month=f"{last:%Y-%m}"))
        tx.change(offer.product, kind="query")
    at = lambda *moment: monkeypatch.setattr(months, "now", lambda: datetime(*moment, tzinfo=now().tzinfo))  # noqa: E731
    first = now().replace(day=1)
    house = replace(trade.house, settings=trade.house.settings.model_copy(update={"settle_day": 2}))

    def settled() -> list[Settlement]:
        with house.store.read() as tx:
            return tx.find(Settlement)

    at(first.year, first.month, 1, 23)
    months.Months(house).look()
    assert settled() == []
    at(first.year, first.month, 2, 0)
    watch = months.Months(house)
    watch.look()
    [done] = settled()
    assert (done.month, done.total) == (f"{last:%Y-%m}", Decimal("1.20"))
    watch.look()
    months.Months(house).look()
    assert settled() == [done]
    with house.store.read() as tx:
        assert len(tx.find(UsageEvent)) == 1


def test_P7_shares_are_agreed_and_shown(trade: Web) -> None:
    offer: Offer = trade.offer  # type: ignore[attr-defined]
    path = f"/products/{offer.product.id}/shares"
    parts = [{"kind": "holder", "name": "Bureau", "share": "1/3", "party": trade.ids["bureau"]}]
    parts += [{"kind": "region", "name": "East", "share": "2/3"}]
    said = {"parts": parts, "data_cost": "0.10", "basis": "contract 7"}
    assert trade.call("POST", path, said, "operator").json["code"] == "role_not_allowed"
    assert trade.call("POST", path, said | {"parts": parts[:1]}).json["code"] == "field_invalid"
    made = trade.call("POST", path, said)
    assert (made.status_code, made.json["number"]) == (201, 1)
    assert [one["id"] for one in trade.call("GET", path, key="operator").json["items"]] == [made.json["id"]]
    assert trade.call("GET", path, key="user").json["code"] == "role_not_allowed"
    with trade.house.store.write() as tx:
        tx.change(tx.get(ShareAgreement, made.json["id"]), since="2026-01")
        offer.tx = tx
        tx.add(replace(usage_event(offer.job(), offer.price, Decimal("1.20"), 4), month="2026-03"))
    assert trade.call("POST", "/settlements", {"month": "2026-03"}, "operator").json["total"] == "1.20"
    [shown] = trade.call("GET", "/revenue-shares?month=2026-03", key="operator").json["items"]
    assert (shown["data_cost"], [part["amount"] for part in shown["parts"]]) == ("0.10", ["0.37", "0.73"])
    [own] = trade.call("GET", "/revenue-shares?month=2026-03", key="bureau").json["items"]
    assert [(part["name"], part["amount"]) for part in own["parts"]] == [("Bureau", "0.37")]
    assert trade.call("GET", "/revenue-shares?month=2026-03", key="office").json["items"] == []
