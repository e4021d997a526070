"""Prices: what may be set, which is in force when, and what a job costs by them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from authority import World, refused
from hypothesis import given
from hypothesis import strategies as st
from offer import Offer

from sandbox.billing.prices import etag, fee, history, most, price_at, view
from sandbox.billing.pricing import amount, set_price
from sandbox.billing.records import Price
from sandbox.core.clock import now

BODY = {"unit": "call", "price": "1.20", "trial": True}


@pytest.fixture
def offer(store):
    with store.write() as tx:
        yield Offer(World(tx), price={})


def price(unit="call", yuan="1.20", repeat_free=True):
    return Price("price_1", "product_1", 1, unit, Decimal(yuan), True, repeat_free, "party_1", now())


def put(offer, expected=None, **other):
    return set_price(offer.tx, offer.journal, offer.operator, offer.product.id, BODY | other, expected)


def test_P3_a_price_is_followed_never_changed(offer):
    first, second = put(offer), put(offer, price=2, repeat_free=False)
    assert [row.number for row in history(offer.tx, offer.product.id)] == [1, 2]
    assert view(first)["price"] == "1.20" and view(second)["price"] == "2"
    assert offer.world.last() == {
        "product": offer.product.id, "number": 2, "unit": "call", "price": "2", "kind": "trial", "repeats": "charged",
    }  # fmt: skip


def test_P3_a_call_is_charged_at_the_price_of_its_time(offer):
    first, second = put(offer), put(offer, price="3")
    offer.tx.change(first, starts=now() - timedelta(days=2))
    yesterday = now() - timedelta(days=1)
    assert price_at(offer.tx, offer.product.id, yesterday).number == 1
    assert price_at(offer.tx, offer.product.id, now()).number == second.number
    assert price_at(offer.tx, offer.product.id, now() - timedelta(days=3)) is None


def test_P3_without_ceilings_only_a_trial_price(offer):
    with refused("field_invalid: trial: no ceiling has been set"):
        put(offer, trial=False)


@pytest.mark.parametrize("trial", [None, "yes", 1])
def test_whether_a_price_is_on_trial_is_said_clearly(offer, trial):
    with refused("field_invalid: trial: write true or false"):
        put(offer, trial=trial)


@pytest.mark.parametrize("unit", ["day", "row", None, 1, ["call"]])
def test_P4_a_unit_that_is_not_computed_is_refused(offer, unit):
    with refused("field_invalid: unit"):
        put(offer, unit=unit)


@pytest.mark.parametrize(
    "bad", ["-0.01", "1.1234567", "abc", "NaN", "Infinity", "1e12", None, True, "", [1], "1e-99999"]
)
def test_a_price_has_at_most_six_decimals_and_is_not_negative(bad):
    with refused("field_invalid: price"):
        amount(bad, "price")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("1.20", "1.20"),
        (0, "0"),
        ("-0", "0"),
        (1.5, "1.5"),
        ("1E2", "100"),
        ("0.000001", "0.000001"),
        ("1.0000000", "1.000000"),
    ],
)
def test_a_price_is_kept_as_written(written, kept):
    assert format(amount(written, "price"), "f") == kept


def test_only_the_products_operator_sets_its_price(offer):
    rival = offer.world.party("Rival", "operator")
    with refused("not_found"):
        set_price(offer.tx, offer.journal, rival, offer.product.id, BODY)
    with refused("role_not_allowed"):
        set_price(offer.tx, offer.journal, offer.user, offer.product.id, BODY)
    with refused("field_invalid: surprise"):
        put(offer, surprise=1)


def test_a_price_decided_on_an_old_one_is_refused(offer):
    first = put(offer, expected=0)
    assert etag(first) == '"price-1"' and etag(None) == '"price-0"'
    with refused("version_conflict"):
        put(offer, expected=0)
    assert put(offer, expected=1).number == 2


@pytest.mark.parametrize("purpose", ["public_governance", "public_welfare"])
@pytest.mark.parametrize("listed", [None, price(), price("cell")])
def test_P1_governance_and_welfare_are_free(purpose, listed):
    assert fee(listed, purpose, False, 1000) == most(listed, purpose, False, None) == 0


def test_what_industry_pays():
    assert fee(price(), "industry", False, 1000) == Decimal("1.20")
    assert fee(price("cell", "0.000001"), "industry", False, 7) == Decimal("0.000007")
    with refused("state_conflict"):
        fee(None, "industry", False, 1)


def test_a_repeat_is_free_as_the_price_list_says():
    assert fee(price(), "industry", True, 3) == 0
    assert fee(price(repeat_free=False), "industry", True, 3) == Decimal("1.20")


def test_an_open_number_of_cells_needs_a_limit():
    assert most(price(), "industry", False, None) == Decimal("1.20")
    assert most(price("cell"), "industry", True, None) == 0
    with refused("bound_missing"):
        most(price("cell"), "industry", False, None)


@given(st.decimals(0, 10**6, places=6), st.integers(0, 10**6), st.integers(0, 10**6), st.booleans())
def test_P8_a_fee_never_exceeds_what_was_reserved(yuan, cells, more, repeat):
    listed = price("cell", str(yuan))
    assert 0 <= fee(listed, "industry", repeat, cells) <= most(listed, "industry", repeat, cells + more)
