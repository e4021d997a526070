"""Spending limits that a user sets for itself: what counts, what is refused, what a failed job gives back."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from authority import World, refused
from offer import Offer

from sandbox.billing.records import SpendingLimit
from sandbox.core.clock import now
from sandbox.errors import Problem
from sandbox.metering.charging import charge, charge_month, reserve
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
    fee = reserve(offer.tx, subscription, offer.price, repeat=False, cells=4)
    return offer.job(status="queued", fee=fee, subscription=subscription.id)


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
                fee = reserve(tx, offer.subscription, offer.price, repeat=False, cells=4)
                job = Offer.job.__get__(type("At", (), {**vars(offer), "tx": tx})())
                job(status="queued", fee=fee)
            outcomes.append("held")
        except Problem as problem:
            outcomes.append(problem.code)

    threads = [threading.Thread(target=work) for _ in range(5)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(outcomes) == ["held"] * 2 + ["spending_limit_reached"] * 3
