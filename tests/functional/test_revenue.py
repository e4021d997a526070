"""From costs to a formal price over HTTP, and on the command line against the same service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from authority import World
from offer import Offer
from webhouse import Web, make_house

from sandbox.products.records import Product
from sandbox.stores.sql import SqlStore
from sandbox.web.app import create_app

SURVEY = {
    "year": 2024,
    "costs": [{"category": "platform", "amount": "4000000.00"}],
    "subsidies": "500000",
    "taxes": 210000,
    "bond_yield": "0.0221",
    "margin": "0.06",
}


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Web, str, Product]]:
    folder: Path = tmp_path_factory.mktemp("revenue")
    store = SqlStore(f"sqlite:///{folder / 'control.db'}")
    store.create()
    house = make_house(store, folder / "home")
    with store.write() as tx:
        world = World(tx, journal=house.journal)
        offer = Offer(world, price={})
        names = {"bureau": "price_authority", "office": "administration", "body": "authoriser"}
        parties = {name: world.party(name, role) for name, role in names.items()}
    keys = {name: world.keys[found.key.id] for name, found in parties.items()}
    keys |= {"operator": world.keys[offer.operator.key.id], "user": world.keys[offer.user.key.id]}
    yield (
        Web(house, create_app(house).test_client(), world.keys[world.authority.key.id], keys),
        offer.operator.party.id,
        offer.product,
    )
    store.close()


def test_P3_from_costs_to_a_formal_price(market: tuple[Web, str, Product]) -> None:
    web, operator, product = market
    price = {"unit": "call", "price": "0.80"}
    assert (
        "no ceiling has been set" in web.call("POST", f"/products/{product.id}/price", price, "operator").json["detail"]
    )
    filed = web.call("POST", f"/operators/{operator}/cost-surveys", SURVEY, "operator")
    assert (filed.status_code, filed.json["permitted"]["revenue"]) == (201, "3997350.00")
    survey = f"/cost-surveys/{filed.json['id']}"
    assert web.call("GET", f"/operators/{operator}/permitted-revenue", key="operator").status_code == 404
    assert web.call("POST", f"{survey}/apply", {"basis": "a full year"}, "body").json["status"] == "applied"
    assert web.call("POST", f"{survey}/verify", {"assessment": "right"}, "bureau").json["status"] == "applied"
    assert web.call("POST", f"{survey}/verify", {"assessment": "right"}, "office").json["status"] == "verified"
    revenue = web.call("GET", f"/operators/{operator}/permitted-revenue?year=2024", key="office").json
    assert (revenue["survey"], revenue["permitted"]["profit"]) == (filed.json["id"], "287350.00")

    row = {"product": product.id, "unit": "call", "ceiling": "0.80", "forecast": 5_000_000}
    over = web.call("POST", f"/operators/{operator}/ceilings", {"year": 2026, "ceilings": [row]}, "body")
    assert (over.status_code, over.json["code"], over.json["excess"]) == (422, "ceilings_exceed_revenue", "2650.00")
    row["forecast"] = 4_000_000
    made = web.call("POST", f"/operators/{operator}/ceilings", {"year": 2026, "ceilings": [row]}, "body")
    assert (made.status_code, made.json["total"], made.json["lowered"]) == (201, "3200000.00", [])
    set_to = web.call("POST", f"/products/{product.id}/price", price, "operator")
    assert (set_to.status_code, set_to.json["trial"]) == (201, False)
    above = web.call("POST", f"/products/{product.id}/price", {**price, "price": "0.81"}, "operator")
    assert (above.status_code, above.json["code"], above.json["excess"]) == (422, "price_above_ceiling", "0.01")
    shown = web.call("GET", "/disclosure", key="").json["ceilings"]
    assert [one["ceilings"] for one in shown] == [[{**row, "ceiling": "0.80"}]]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"year": 2999}, "year"),
        ({"margin": "0.061"}, "margin"),
        ({"costs": []}, "costs"),
        ({"costs": [{"category": "staff", "amount": "-1"}]}, "amount"),
        ({"costs": [{"category": "staff", "amount": "1", "charged": "1.5"}]}, "charged"),
        ({"costs": [{"category": "staff", "amount": "1.001"}]}, "amount"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_wrong_survey_is_refused_by_its_field(
    market: tuple[Web, str, Product], changed: dict[str, object], field: str
) -> None:
    web, operator, _ = market
    answer = web.call("POST", f"/operators/{operator}/cost-surveys", SURVEY | {"year": 2023} | changed, "operator")
    assert (answer.status_code, answer.json["code"]) == (422, "field_invalid")
    assert field in json.dumps(answer.json)
    years = [
        one["year"] for one in web.call("GET", f"/operators/{operator}/cost-surveys", key="operator").json["items"]
    ]
    assert 2023 not in years


def test_a_survey_is_its_operators_and_the_overseers(market: tuple[Web, str, Product]) -> None:
    web, operator, _ = market
    made = web.call("POST", f"/operators/{operator}/cost-surveys", SURVEY | {"year": 2022}, "operator").json
    assert web.call("GET", f"/cost-surveys/{made['id']}", key="operator").status_code == 200
    assert web.call("GET", f"/cost-surveys/{made['id']}", key="bureau").status_code == 200
    assert web.call("GET", f"/cost-surveys/{made['id']}", key="user").status_code == 403
    back = web.call("POST", f"/cost-surveys/{made['id']}/return", {"reason": "no vouchers"}, "bureau").json
    assert (back["status"], back["reason"]) == ("returned", "no vouchers")
