"""What a job is charged under each kind of price: allowance and tiers, once for a product, by month."""

from __future__ import annotations

import random
import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from authority import World, refused
from offer import Offer

from sandbox.billing.ceilings import check
from sandbox.billing.prices import price_at
from sandbox.billing.pricing import set_price
from sandbox.billing.reconcile import reconcile
from sandbox.billing.statement import statement
from sandbox.core.clock import now
from sandbox.grants.subscriptions import cancel
from sandbox.metering.charging import charge, charge_month, estimate, sweep
from sandbox.metering.records import Meter, UsageEvent
from sandbox.oversight.emergency import raise_stop

MONTH = f"{now():%Y-%m}"
WRONG = [
    ({"allowance": -1}, "allowance"),
    ({"allowance": True}, "allowance"),
    ({"tiers": [{"above": 3}]}, "tiers[0]: write above"),
    ({"tiers": [{"above": 0, "price": 1}]}, "tiers[0].above: write a whole number of units above 0"),
    ({"allowance": 5, "tiers": [{"above": 5, "price": 1}]}, "tiers[0].above"),
    ({"tiers": [{"above": 9, "price": 1}, {"above": 8, "price": 1}]}, "tiers[1].above"),
    ({"tiers": [{"above": 9, "price": "-1"}]}, "tiers[0].price"),
    ({"tiers": "no"}, "tiers: write a list"),
    ({"unit": "month", "allowance": 1}, "unit: a price per month has no allowance"),
    ({"unit": "product", "tiers": [{"above": 1, "price": 1}]}, "unit: a price per product"),
    ({"starts": "2020-01-01T00:00:00Z"}, "starts"),
    ({"starts": "2999-01-01T00:00:00Z"}, "starts"),
    ({"starts": "tomorrow"}, "starts"),
    ({"starts": "2027-01-01T00:00:00"}, "starts"),
]


@pytest.fixture
def offer(store):
    with store.write() as tx:
        yield Offer(World(tx), price={})


def price(offer, unit="call", yuan="1.20", **more):
    body = {"unit": unit, "price": yuan, "trial": True} | more
    return set_price(offer.tx, offer.journal, offer.operator, offer.product.id, body)


def bill(offer):
    found = statement(offer.tx, offer.user.party, MONTH)
    return [(line["unit"], line["price"], line["free"], line["quantity"], line["amount"]) for line in found["lines"]]


def test_P4_an_allowance_and_tiers(offer):
    listed = price(offer, allowance=2, tiers=[{"above": 4, "price": "1"}, {"above": 5, "price": "0.333335"}])
    fees = [charge(offer.tx, offer.job(), listed, 4).fee for _ in range(7)]
    assert list(map(float, fees)) == [0, 0, 1.2, 1.2, 1, 0.333335, 0.333335]
    charge(offer.tx, offer.job(free=True), listed, 4)
    charge(offer.tx, offer.job(purpose="public_welfare"), listed, 4)
    assert bill(offer) == [
        ("call", "0", "allowance", 2, "0.00"),
        ("call", "0.333335", None, 2, "0.67"),
        ("call", "1", None, 1, "1.00"),
        ("call", "1.20", None, 2, "2.40"),
        ("call", "1.20", "repeat", 1, "0.00"),
        ("call", "1.20", "purpose", 1, "0.00"),
    ]
    books = reconcile(offer.tx, MONTH)
    assert (books["wrong"], books["events"], books["lines"]) == (0, "4.066670", "4.07")
    event = offer.tx.find(UsageEvent, free=None)[2]
    offer.tx.change(event, fee=event.fee + 1)
    assert reconcile(offer.tx, MONTH)["wrong"] == 7  # right or wrong together: those that one count holds


def test_one_job_may_reach_over_several_tiers(offer):
    listed = price(offer, "cell", "1", allowance=5, tiers=[{"above": 10, "price": "0.1"}])
    assert charge(offer.tx, offer.job(), listed, 12).fee == Decimal("5.2")
    assert charge(offer.tx, offer.job(), listed, 3).fee == Decimal("0.3")
    assert reconcile(offer.tx, MONTH)["wrong"] == 0


def test_P4_a_product_is_paid_once_with_its_first_charged_answer(offer):
    listed = price(offer, "product", "8000", repeat_free=False)
    expected = lambda: estimate(offer.tx, offer.subscription, listed, repeat=False, cells=None)  # noqa: E731
    assert expected() == 8000
    charge(offer.tx, offer.job(purpose="public_welfare"), listed, 4)
    assert expected() == 8000
    first = charge(offer.tx, offer.job(), listed, 4)
    assert (first.unit, first.quantity, first.fee, first.free) == ("product", 1, 8000, None)
    assert expected() == 0
    second = charge(offer.tx, offer.job(), listed, 4)
    assert (second.unit, second.quantity, second.fee, second.free) == ("call", 1, 0, "included")
    assert ("product", "8000", None, 1, "8000.00") in bill(offer) and reconcile(offer.tx, MONTH)["wrong"] == 0


def test_P4_a_month_is_charged_once_by_the_sweep_or_the_first_question(offer, store):
    listed = price(offer, "month", "8000")
    first = charge(offer.tx, offer.job(), listed, 4)
    assert (first.unit, first.fee, first.free) == ("call", 0, "included")
    assert charge_month(offer.tx, offer.subscription, now()) is None
    charge(offer.tx, offer.job(), listed, 4)
    assert bill(offer) == [("call", "0", "included", 2, "0.00"), ("month", "8000", None, 1, "8000.00")]
    later = charge_month(offer.tx, offer.subscription, now() + timedelta(days=31))
    assert (later.job, later.fee, later.resource) == (None, 8000, offer.resource.id)
    assert reconcile(offer.tx, MONTH)["wrong"] == 0


def test_the_sweep_charges_who_is_subscribed_and_nobody_twice(store):
    with store.write() as tx:
        world = World(tx)
        offer = Offer(world, price={"unit": "month", "price": "30", "trial": True})
        free = offer.subscribed(world.party("School", "user"), "public_welfare")
        gone = offer.subscribed(world.party("Gone", "user"))
        cancel(tx, offer.journal, offer.operator, gone.id)
    assert [sweep(store), sweep(store)] == [2, 0]
    with store.read() as tx:
        events = {event.subscription: (event.fee, event.free) for event in tx.find(UsageEvent)}
    assert events == {offer.subscription.id: (30, None), free.id: (0, "purpose")}


def test_a_month_is_charged_when_it_can_be_served_and_never_afterwards(store, monkeypatch):
    with store.write() as tx:
        world = World(tx)
        offer = Offer(world, price={"unit": "month", "price": "30", "trial": True})
        stop = raise_stop(tx, offer.journal, world.authority, "product", offer.product.id, "test")
    assert sweep(store) == 0
    turns = [
        (stop, {"lifted_at": now()}, {"lifted_at": None}),
        (offer.grant, {"status": "active"}, {"status": "suspended"}),
        (offer.product, {"status": "approved"}, {"status": "paused"}),
        (offer.operator.party, {"status": "active"}, {"status": "suspended"}),
        (offer.subscription, {"status": "active"}, {"status": "suspended"}),
    ]
    for record, whole, broken in turns:
        for values in (broken, whole):
            with store.write() as tx:
                tx.change(tx.get(type(record), record.id), **values)
            assert values is whole or sweep(store) == 0, broken
    later = now() + timedelta(days=62)
    monkeypatch.setattr("sandbox.metering.charging.now", lambda: later)
    assert [sweep(store), sweep(store)] == [1, 0]
    with store.read() as tx:
        assert [event.month for event in tx.find(UsageEvent)] == [f"{later:%Y-%m}"]


def test_two_jobs_at_once_do_not_share_the_last_free_unit(store):
    with store.write() as tx:
        offer = Offer(World(tx), price={"unit": "call", "price": "1", "trial": True, "allowance": 3})
        jobs = [offer.job() for _ in range(8)]

    def work(job):
        with store.write() as tx:
            charge(tx, job, offer.price, 1)

    threads = [threading.Thread(target=work, args=(job,)) for job in jobs]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    with store.read() as tx:
        assert sorted(event.fee for event in tx.find(UsageEvent)) == [0] * 3 + [1] * 5
        assert [meter.quantity for meter in tx.find(Meter)] == [8]


def test_random_months_over_the_database_add_up(offer):
    chance = random.Random(8)
    for _ in range(4):
        tiers = [
            {"above": above, "price": f"{chance.random():.6f}"} for above in sorted(chance.sample(range(9, 60), 3))
        ]
        listed = price(offer, chance.choice(["call", "cell"]), f"{chance.random():.6f}", allowance=8, tiers=tiers)
        for _ in range(12):
            free = chance.random() < 0.2
            charge(offer.tx, offer.job(free=free), listed, chance.randrange(20))
    books = reconcile(offer.tx, MONTH)
    assert books["wrong"] == 0 and abs(Decimal(books["rounding"])) <= Decimal("0.005") * len(bill(offer))
    assert sum(Decimal(line[-1]) for line in bill(offer)) == Decimal(books["lines"])


def test_a_price_is_announced_and_replaced_by_a_newer_one(offer):
    present = price(offer)
    soon = now() + timedelta(days=10)
    announced = price(offer, yuan="2", starts=soon.isoformat())
    assert offer.world.last()["starts"].startswith(f"{soon:%Y-%m-%d}")
    assert price_at(offer.tx, offer.product.id, now()).id == present.id
    assert price_at(offer.tx, offer.product.id, soon).id == announced.id
    newer = price(offer, yuan="3")
    assert price_at(offer.tx, offer.product.id, soon + timedelta(days=1)).id == newer.id


def test_what_a_rate_card_may_not_say(offer):
    for body, said in WRONG:
        with refused(f"field_invalid: {said}"):
            price(offer, **{"unit": "call"} | body)


def test_P3_no_tier_is_above_the_ceiling(offer, monkeypatch):
    monkeypatch.setattr("sandbox.billing.ceilings.ceiling", lambda *_: Decimal("1.00"))
    with refused("price_above_ceiling: the ceiling of this product is 1.00 yuan per call; 1.01 is 0.01 above"):
        price(offer, yuan="0.90", trial=False, tiers=[{"above": 10, "price": "1.01"}])
    check(offer.tx, offer.product, "call", Decimal("1.00"), False)
