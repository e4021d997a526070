"""Spending limits that a user sets for itself: what counts, what is refused, what a failed job gives back."""

from __future__ import annotations

import random
import threading
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from authority import World, refused
from offer import Offer

from sandbox.billing.pricing import set_price
from sandbox.billing.records import SpendingLimit
from sandbox.core.clock import now
from sandbox.errors import Problem
from sandbox.metering.charging import charge, charge_month, estimate, reserve
from sandbox.metering.limits import remove, set_limit, view


@pytest.fixture
def offer(store):
    with store.write() as tx:
        yield Offer(World(tx))


def limit(offer, yuan, subscription=None):
    return set_limit(offer.tx, offer.journal, offer.user, Decimal(yuan), subscription)


def ask(offer, subscription=None):
    """Reserve as step 4 does, and queue the job."""
    subscription = subscription or offer.subscription
    price = offer.price
    fee, units = reserve(offer.tx, subscription, price, repeat=False, cells=4)
    said = {"subscription": subscription.id, "purpose": subscription.purpose, "price": price.id}
    return offer.job(status="queued", fee=fee, units=units, **said)


def end(offer, job, cells=4):
    """Finish a job as steps 8 and 9 do; give what it costs."""
    event = charge(offer.tx, job, offer.price, cells)
    offer.tx.change(job, status="sealing", fee=event.fee)
    return event.fee


def priced(offer, unit="call", yuan="1", **more):
    body = {"unit": unit, "price": yuan, "trial": True} | more
    offer.price = set_price(offer.tx, offer.journal, offer.operator, offer.product.id, body)
    return offer.price


def test_a_limit_counts_what_is_metered_and_what_is_on_its_way(offer):
    held = limit(offer, "3.00")
    first, second = ask(offer), ask(offer)
    with pytest.raises(
        Problem, match=r"^spending_limit_reached: it may cost 1\.20 yuan, and 0\.60 yuan are left"
    ) as no:
        ask(offer)
    assert no.value.fields == {"left": "0.60", "limit": held.id}
    charge(offer.tx, offer.tx.change(first, status="sealing"), offer.price, 4)
    said = view(offer.tx, held)
    assert (said["spent"], said["held"], said["left"]) == ("1.20", "1.20", "0.60")
    offer.tx.change(second, status="failed", fee=Decimal(0))
    assert view(offer.tx, held)["left"] == "1.80"
    ask(offer)


def test_a_limit_of_one_subscription_leaves_the_others_alone(offer):
    other = offer.subscribed(offer.user)
    limit(offer, "1.20", other.id)
    ask(offer, other)
    with refused("spending_limit_reached"):
        ask(offer, other)
    ask(offer)
    limit(offer, "2.40")
    with refused("spending_limit_reached"):
        ask(offer)


def test_free_questions_are_never_refused_and_months_never_stopped(offer):
    limit(offer, "0")
    welfare = offer.subscribed(offer.user, "public_welfare")
    ask(offer, welfare)
    offer.price = offer.tx.change(offer.price, unit="month")
    assert charge_month(offer.tx, offer.subscription, now()).fee == Decimal("1.20")
    with refused("spending_limit_reached"):
        offer.price = offer.tx.change(offer.price, unit="call")
        ask(offer)


def test_a_limit_is_replaced_and_taken_away_by_its_own_party_only(offer):
    first = limit(offer, "1")
    assert limit(offer, "5").id == first.id
    assert [(one.id, one.yuan) for one in offer.tx.find(SpendingLimit)] == [(first.id, 5)]
    assert offer.world.last() == {"limit": first.id}  # how much it is, is nobody else's business
    rival = offer.world.party("Rival", "user")
    with refused("not_found"):
        remove(offer.tx, offer.journal, rival, first.id)
    with refused("not_found"):
        set_limit(offer.tx, offer.journal, rival, Decimal(1), offer.subscription.id)
    with refused("role_not_allowed"):
        set_limit(offer.tx, offer.journal, offer.operator, Decimal(1))
    remove(offer.tx, offer.journal, offer.user, first.id)
    [ask(offer) for _ in range(9)]


def test_two_questions_at_once_cannot_both_take_the_rest(store):
    with store.write() as tx:
        offer = Offer(World(tx))
        limit(offer, "3.00")
    outcomes = []

    def work():
        try:
            with store.write() as tx:
                fee, units = reserve(tx, offer.subscription, offer.price, repeat=False, cells=4)
                job = Offer.job.__get__(type("At", (), {**vars(offer), "tx": tx})())
                job(status="queued", fee=fee, units=units, price=offer.price.id)
            outcomes.append("held")
        except Problem as problem:
            outcomes.append(problem.code)

    threads = [threading.Thread(target=work) for _ in range(5)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(outcomes) == ["held"] * 2 + ["spending_limit_reached"] * 3


def test_a_limit_of_nothing_lets_through_what_is_known_to_be_free(offer):
    limit(offer, "0")
    priced(offer, allowance=2, tiers=[{"above": 4, "price": "0"}])
    ask(offer), ask(offer)
    with refused("spending_limit_reached: it may cost 1 yuan"):
        ask(offer)
    held = limit(offer, "2")
    on_their_way = [ask(offer) for _ in range(4)]  # whatever their order, two of six cost
    assert view(offer.tx, held)["held"] == "2"
    assert [end(offer, job) for job in reversed(on_their_way)] == [0, 0, 1, 1]
    assert [view(offer.tx, held)[name] for name in ("spent", "held", "left")] == ["2", "0", "0"]
    assert estimate(offer.tx, offer.subscription, offer.price, repeat=False, cells=4) == 0
    limit(offer, "0")
    ask(offer)


def test_a_product_that_is_paid_once_is_held_once(offer):
    priced(offer, "product", "8000")
    held = limit(offer, "8000")
    [ask(offer) for _ in range(3)]
    assert view(offer.tx, held)["held"] == "8000"
    with refused("spending_limit_reached"):
        ask(offer, offer.subscribed(offer.user))


def test_two_subscriptions_of_one_count_do_not_push_each_other_over_a_limit(offer):
    other = offer.subscribed(offer.user)
    priced(offer, allowance=1)
    limit(offer, "0", offer.subscription.id)
    with refused("spending_limit_reached"):
        ask(offer)  # the other one may take the free unit while it is on its way
    ask(offer, other)


def test_at_the_end_of_a_month_both_counts_are_reckoned_with(offer, monkeypatch):
    priced(offer, tiers=[{"above": 1, "price": "0"}])
    eve = datetime(2027, 3, 31, 23, 30, tzinfo=UTC)
    for module in ("limits", "charging"):
        monkeypatch.setattr(f"sandbox.metering.{module}.now", lambda: eve)
    limit(offer, "1")
    assert end(offer, ask(offer)) == 1
    limit(offer, "0")
    with refused("spending_limit_reached: it may cost 1 yuan"):
        ask(offer)  # at midnight the count begins anew
    monkeypatch.setattr("sandbox.metering.charging.now", lambda: eve.replace(hour=12))
    monkeypatch.setattr("sandbox.metering.limits.now", lambda: eve.replace(hour=12))
    ask(offer)


@pytest.mark.parametrize("seed", range(6))
def test_no_order_of_ends_and_failures_exceeds_a_limit(offer, seed):
    """Random prices, limits and orders, over two subscriptions: what was spent stays within the limit."""
    chance = random.Random(seed)
    tiers = [{"above": above, "price": str(chance.randrange(4))} for above in sorted(chance.sample(range(9, 60), 3))]
    priced(offer, chance.choice(["call", "cell"]), str(chance.randrange(3)), allowance=chance.randrange(9), tiers=tiers)
    most = chance.randrange(1, 90)
    held, whose = limit(offer, str(most)), [offer.subscription, offer.subscribed(offer.user)]
    own = limit(offer, str(chance.randrange(most)), whose[1].id)
    running, asked = [], 0
    for _ in range(120):
        if chance.random() < 0.5:
            try:
                running.append(ask(offer, chance.choice(whose)))
                asked += 1
            except Problem as problem:
                assert problem.code == "spending_limit_reached"
        elif running:
            job = running.pop(chance.randrange(len(running)))
            if chance.random() < 0.2:
                offer.tx.change(job, status="failed", fee=Decimal(0))
            else:
                end(offer, job, chance.randrange(5))
        for one in (held, own):
            said = view(offer.tx, one)
            assert Decimal(said["spent"]) + Decimal(said["held"]) <= one.yuan
    assert asked > 9
