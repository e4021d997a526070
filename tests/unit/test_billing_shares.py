"""Shares of revenue: after the cost of obtaining data, by largest remainder, and nothing lost between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from authority import World, refused
from offer import Offer

from sandbox.billing.reconcile import reconcile
from sandbox.billing.records import Settlement, ShareAgreement
from sandbox.billing.settlements import credit, settle
from sandbox.billing.shares import agree, earned, in_force, listed, shared
from sandbox.catalogue.records import Resource
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.metering.events import usage_event

MONTH = "2026-03"
PARTS = [
    {"kind": "holder", "name": "Health Bureau", "share": "1/3"},
    {"kind": "operator", "name": "City Data", "share": "1/2"},
    {"kind": "region", "name": "East", "share": "0.1"},
    {"kind": "region", "name": "West", "share": "1/15"},
]


class Trade:
    """Two products of one operator, used in March by two users."""

    def __init__(self, store) -> None:
        self.store = store
        with store.write() as tx:
            self.world = World(tx)
            self.offer = Offer(self.world)
            self.body, self.journal = self.world.authority, self.offer.journal
            self.other = self.offer.offered(name="other")
            for product, yuan in ((self.offer.product, "10.01"), (self.other, "0.99")):
                for party in (self.offer.user.party.id, "party_b"):
                    job = self.offer.job(product=product.id, party=party)
                    price = replace(self.offer.price, price=Decimal(yuan))
                    event = usage_event(job, price, Decimal(yuan), 1)
                    tx.add(replace(event, month=MONTH, price_number=None))
        settle(store, self.journal, self.offer.operator, MONTH)

    def agreed(self, tx, parts=PARTS, data_cost="0", since="2026-01") -> ShareAgreement:
        """An agreement as if it had been made in time."""
        made = agree(tx, self.journal, self.body, self.offer.product.id, parts, Decimal(data_cost), "contract 7")
        return tx.change(made, since=since)


@pytest.fixture
def trade(store):
    return Trade(store)


def test_P7_cents_add_up_after_the_cost_of_obtaining_data(trade):
    with trade.store.write() as tx:
        trade.agreed(tx, data_cost="0.01")
        assert earned(tx, MONTH) == {trade.offer.product.id: Decimal("20.02"), trade.other.id: Decimal("1.98")}
        mine, other = sorted(shared(tx, MONTH), key=lambda one: one["parts"] is None)
        assert (mine["earned"], mine["data_cost"], other["parts"]) == ("20.02", "0.01", None)
        assert [part["amount"] for part in mine["parts"]] == ["6.67", "10.01", "2.00", "1.33"]
        books = reconcile(tx, MONTH)
    assert books["holds"] and [books[name] for name in ("shared", "data_cost", "unshared", "undivided")] == [
        "20.01", "0.01", "1.98", "0.00",
    ]  # fmt: skip


def test_a_credit_note_is_taken_from_its_products_in_proportion(trade):
    with trade.store.write() as tx:
        trade.agreed(tx)
        settled = tx.find(Settlement, party="party_b")[0]
        credit(tx, trade.journal, trade.offer.operator, settled.id, Decimal("1.00"), "half")
        assert earned(tx, MONTH) == {trade.offer.product.id: Decimal("19.11"), trade.other.id: Decimal("1.89")}
        books = reconcile(tx, MONTH)
        assert (books["credited"], books["undivided"], books["holds"]) == ("-1.00", "0.00", True)
        credit(tx, trade.journal, trade.offer.operator, settled.id, Decimal("10.00"), "the rest")
        assert sum(earned(tx, MONTH).values()) == Decimal("11.00") and reconcile(tx, MONTH)["holds"]


def test_a_data_cost_beyond_the_revenue_leaves_nothing_to_share(trade):
    with trade.store.write() as tx:
        trade.agreed(tx, data_cost="1000.00")
        [mine] = [one for one in shared(tx, MONTH) if one["parts"]]
        assert mine["data_cost"] == "20.02" and {part["amount"] for part in mine["parts"]} == {"0.00"}


def test_P7_a_product_of_several_resources_earns_as_one(trade):
    """Its holders share by their weights to the cent; one that the agreement does not name is named instead."""
    third = [{"kind": "holder", "name": name, "share": "1/3"} for name in ("Health Bureau", "Transport", "Schools")]
    with trade.store.write() as tx:
        first = tx.get(Resource, trade.offer.resource.id)
        tx.change(first, holder="Health Bureau")
        more = [replace(first, id=new_id("res"), name=name, holder=name) for name in ("Transport", "Schools")]
        tx.add_all(more)
        tx.change(trade.offer.product, resources=[first.id, *(one.id for one in more)])
        trade.agreed(tx, third)
        [mine] = [one for one in shared(tx, MONTH) if one["parts"]]
        assert sorted(part["amount"] for part in mine["parts"]) == ["6.67", "6.67", "6.68"]
        assert mine["earned"] == "20.02" and mine["unnamed_holders"] == []
        trade.agreed(tx, [{**third[0], "share": "1/2"}, {**third[1], "share": "1/2"}])
        [mine] = [one for one in shared(tx, MONTH) if one["parts"]]
        assert mine["unnamed_holders"] == ["Schools"]


def test_a_later_agreement_leaves_earlier_months_alone(trade):
    with trade.store.write() as tx:
        first = trade.agreed(tx)
        trade.agreed(tx, [{"kind": "operator", "name": "City Data", "share": "1"}], since=f"{now():%Y-%m}")
        assert in_force(tx, trade.offer.product.id, MONTH).id == first.id
        assert in_force(tx, trade.offer.product.id, f"{now():%Y-%m}").number == 2
        assert in_force(tx, trade.offer.product.id, "2025-12") is None
        assert len(listed(tx, trade.offer.operator, trade.offer.product.id)) == 2


def test_what_an_agreement_may_not_say(trade):
    with trade.store.write() as tx:
        say = lambda parts, who=trade.body, **more: agree(  # noqa: E731
            tx, trade.journal, who, trade.offer.product.id, parts, Decimal(0), "basis", **more
        )
        with refused("field_invalid: parts: write shares that sum to 1"):
            say([{"kind": "holder", "name": "A", "share": "0.333"}, {"kind": "region", "name": "B", "share": "2/3"}])
        for wrong in ("1/0", "2", "x", "1/2/3"):
            with refused("field_invalid: parts[0].share"):
                say([{"kind": "holder", "name": "A", "share": wrong}])
        with refused("field_invalid: parts[0].kind"):
            say([{"kind": "friend", "name": "A", "share": "1"}])
        with refused("field_invalid: parts: one stands there twice"):
            say([{"kind": "holder", "name": "A", "share": "1/2"}] * 2)
        with refused("field_invalid: parts[0].party"):
            say([{"kind": "holder", "name": "A", "share": "1", "party": new_id("party")}])
        with refused("field_invalid: since"):
            say(PARTS, since=f"{now() - timedelta(days=40):%Y-%m}")
        with refused("role_not_allowed"):
            say(PARTS, who=trade.offer.operator)
        with refused("not_found"):
            listed(tx, trade.offer.user, trade.offer.product.id)
