"""A month worked out by hand: what the statement must say to the cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from authority import World, refused
from offer import Offer

from sandbox.billing.prices import fee
from sandbox.billing.statement import revenue, statement
from sandbox.metering.events import usage_event

MONTH = datetime(2026, 3, 1, tzinfo=UTC)
MIDDLE = datetime(2026, 3, 17, tzinfo=UTC)
# price 0.333335 yuan per cell, jobs of 1, 2 and 4 cells: 7 × 0.333335 = 2.333345 → 2.33
# price 1.205 yuan per call, 5 calls: 6.025 → 6.03, half up (half even would say 6.02, call by call 6.05)
# a repeat: 0; public welfare, 2 calls: 0. Total 2.33 + 6.03 = 8.36
EXPECTED = [
    ("industry", "call", "1.205", None, 5, 5, "6.03"),
    ("industry", "call", "1.205", "repeat", 1, 1, "0.00"),
    ("public_welfare", "call", "1.205", "purpose", 2, 2, "0.00"),
    ("industry", "cell", "0.333335", None, 3, 7, "2.33"),
]


@pytest.fixture
def month(store):
    with store.write() as tx:
        offer = Offer(World(tx), price={"unit": "call", "price": "1.205", "trial": True})
        for _ in range(4):
            charge(offer, offer.price, cells=5)
        charge(offer, offer.price, cells=5, at=MONTH)  # the first moment counts
        charge(offer, offer.price, cells=5, free=True)
        for _ in range(2):
            charge(offer, offer.price, cells=50, purpose="public_welfare")
        charge(offer, offer.price, cells=5, at=datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC))
        charge(offer, offer.price, cells=5, at=datetime(2026, 4, 1, tzinfo=UTC))
        by_cell = offer.tx.change(offer.price, unit="cell", price=Decimal("0.333335"))
        for cells in (1, 2, 4):
            charge(offer, by_cell, cells)
        yield offer


def charge(offer, price, cells, at=MIDDLE, **changed):
    """Store the event of a finished job as step 9 does, at another time."""
    job = offer.job(**changed)
    cost = fee(price, job.purpose, job.free, cells)
    stamp = f"usage_{int(at.timestamp() * 1000):012x}{job.id[-20:]}"
    offer.tx.add(replace(usage_event(job, price, cost, cells), id=stamp, at=at, month=f"{at:%Y-%m}"))


def test_P1_P4_the_worked_month_comes_out_to_the_cent(month):
    sheet = statement(month.tx, month.user.party, "2026-03")
    shown = [
        (line["purpose"], line["unit"], line["price"], line["free"], line["jobs"], line["quantity"], line["amount"])
        for line in sheet["lines"]
    ]
    assert sorted(shown, key=str) == sorted(EXPECTED, key=str)
    assert (sheet["total"], sheet["currency"], sheet["party"]) == ("8.36", "CNY", month.user.party.id)


def test_the_operator_sees_the_same_amounts_as_revenue(month):
    sheet = revenue(month.tx, month.operator.party, "2026-03")
    assert (sheet["total"], len(sheet["lines"])) == ("8.36", 4)
    assert statement(month.tx, month.operator.party, "2026-03")["lines"] == []


def test_a_month_without_use_is_zero(month):
    assert statement(month.tx, month.user.party, "2027-12") | {"id": ""} == {
        "id": "", "kind": "statement", "party": month.user.party.id, "month": "2027-12", "currency": "CNY",
        "lines": [], "total": "0.00", "tax_invoices": [],
    }  # fmt: skip
    assert statement(month.tx, month.user.party, "2026-02")["total"] == "1.21"


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "March", "", "1999-01"])
def test_a_month_has_one_spelling(month, text):
    with refused("field_invalid: month"):
        statement(month.tx, month.user.party, text)
