"""Money from the command line: from costs to ceilings and letters, from a month to invoice and dispute."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from authority import World
from offer import Offer
from shell import Shell, shell
from webhouse import Web, make_house

from sandbox.billing.records import ShareAgreement
from sandbox.metering.events import usage_event
from sandbox.stores.sql import SqlStore
from sandbox.web.app import create_app

MONTH, DIGITAL = "2026-03", "25952000000012345678"
COSTS = [
    {"category": "platform", "amount": "1200000.00"},
    {"category": "staff", "amount": "1500000.00", "charged": "0.8", "key": "{hours}"},
]


@pytest.fixture
def trade(tmp_path: Path) -> Iterator[Shell]:
    store = SqlStore(f"sqlite:///{tmp_path / 'control.db'}")
    store.create()
    house = make_house(store, tmp_path / "home")
    with store.write() as tx:
        world = World(tx, journal=house.journal)
        offer = Offer(world)
        people = {"operator": offer.operator, "user": offer.user}
        people |= {name: world.party(name, role) for name, role in
                   (("bureau", "price_authority"), ("office", "administration"), ("holder", "holder"))}  # fmt: skip
        tx.add(replace(usage_event(offer.job(), offer.price, Decimal("3.60"), 4), month=MONTH, price=Decimal("3.60")))
    keys = {name: world.keys[found.key.id] for name, found in people.items()}
    web = Web(house, create_app(house).test_client(), world.keys[world.authority.key.id], keys)
    web.ids = {name: found.party.id for name, found in people.items()} | {"product": offer.product.id}
    with shell(web) as run:
        yield run
    store.close()


def written(folder: Path, name: str, content: object) -> str:
    (folder / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return str(folder / name)


def test_from_costs_to_ceilings_and_their_letter(trade: Shell, tmp_path: Path) -> None:
    ids = trade.web.ids
    survey = {"year": 2025, "costs": COSTS, "subsidies": "500000.00", "taxes": "210000.00"}
    file = written(tmp_path, "survey.json", survey | {"bond_yield": "0.0221", "margin": "0.06"})
    made = trade.run("revenue", "file", ids["operator"], file, "--get", "id", key="operator").strip()
    assert made in "".join(trade.run("revenue", "surveys", ids["operator"], "--json", key="bureau").split())
    shown = trade.run("revenue", "survey", made, key="bureau")
    assert "staff: 1500000.00 yuan, charged products carry 0.8 by {hours}" in shown
    assert "= permitted: 2265990.00 yuan" in shown
    trade.run("revenue", "apply", made, "--basis", "a full year")
    for department in ("bureau", "office"):
        trade.run("revenue", "verify", made, "--assessment", "right", key=department)
    assert "= permitted: 2265990.00 yuan" in trade.run("revenue", "show", ids["operator"], key="operator")
    assert "No ceilings yet." in trade.run("revenue", "ceilings", ids["operator"], key="operator")
    row = {"product": ids["product"], "unit": "call", "ceiling": "1.50", "forecast": 1_000_000}
    file = written(tmp_path, "ceilings.json", {"year": 2026, "ceilings": [row]})
    letter = trade.ask("revenue", "ceilings", ids["operator"], file)["letter"]
    assert trade.ask("revenue", "ceilings", ids["operator"], key="operator")[0]["letter"] == letter
    assert [one["id"] for one in trade.ask("revenue", "letters", key="office")] == [letter]
    trade.run("revenue", "letter", letter, "--output", str(tmp_path / "letter.pdf"), "--lang", "en", key="bureau")
    assert (tmp_path / "letter.pdf").read_bytes().startswith(b"%PDF")
    trade.run("revenue", "cycle", ids["operator"], "2026", "2028")
    assert [one["last"] for one in trade.ask("revenue", "cycles", ids["operator"], key="operator")] == [2028]
    trade.run("revenue", "report", ids["operator"], "2025", "--public")
    assert [one["published"] for one in trade.ask("revenue", "reports", key="bureau")] == [True]


def test_from_a_month_to_settlement_shares_invoice_and_dispute(trade: Shell) -> None:
    ids = trade.web.ids
    parts = [f"holder:Bureau: East@{ids['holder']}:1/3", "operator:City Data:2/3"]
    options = [word for part in parts for word in ("--part", part)]
    trade.run("shares", "agree", ids["product"], *options, "--basis", "contract 7")
    [agreed] = trade.ask("shares", "list", ids["product"], key="operator")
    assert [part["name"] for part in agreed["parts"]] == ["Bureau: East", "City Data"]
    with trade.web.house.store.write() as tx:
        tx.change(tx.get(ShareAgreement, agreed["id"]), since="2026-01")
    assert "1 settlements made" in trade.run("settle", MONTH, key="operator")
    own = trade.run("shares", "show", MONTH, key="holder")
    assert "1.20" in own and "2.40" not in own
    [settled] = trade.ask("settlements", key="user")
    assert "write the 20 digits" in trade.run("invoices", "enter", settled["id"], "123", key="operator", code=1)
    entered = trade.run("invoices", "enter", settled["id"], DIGITAL, "--get", "id", key="operator").strip()
    assert f"Tax invoice (发票): {DIGITAL}" in trade.run("statement", MONTH, key="user")
    trade.run("invoices", "withdraw", entered, "--reason", "红冲", key="operator")
    assert [one["reason"] for one in trade.ask("invoices", "list", settled["id"], key="user")] == ["红冲"]
    assert DIGITAL not in trade.run("statement", MONTH, key="user")
    assert "No dispute." in trade.run("disputes", key="user")
    raised = trade.run("dispute", "too dear", "--settlement", settled["id"], "--get", "id", key="user").strip()
    answered = ["--accept", "--answer", "you are right", "--amount", "1.20"]
    trade.run("answer-dispute", raised, *answered, key="operator")
    assert [(one["id"], one["status"]) for one in trade.ask("disputes", key="operator")] == [(raised, "accepted")]
