"""Usage events: public quantities only, once per job, seen by those they concern."""

from __future__ import annotations

from decimal import Decimal

import pytest
from authority import World, refused
from offer import Offer

from sandbox.core.store import Duplicate
from sandbox.metering.cloudevents import view
from sandbox.metering.events import usage, usage_event
from sandbox.metering.records import UsageEvent


@pytest.fixture
def offer(store):
    with store.write() as tx:
        yield Offer(World(tx))


def test_a_job_is_billed_once(offer):
    job = offer.job()
    offer.tx.add(usage_event(job, offer.price, Decimal("1.20"), 4))
    with pytest.raises(Duplicate):
        offer.tx.add(usage_event(job, offer.price, Decimal("1.20"), 4))
    assert len(offer.tx.find(UsageEvent)) == 1


@pytest.mark.parametrize(
    ("purpose", "free", "said"),
    [("industry", False, None), ("industry", True, "repeat"), ("public_welfare", True, "purpose")],
)
def test_P1_free_use_is_metered_and_says_why(offer, purpose, free, said):
    event = usage_event(offer.job(purpose=purpose, free=free), offer.price, Decimal(0), 4)
    assert (event.unit, event.quantity, event.price, event.free) == ("call", 1, Decimal("1.20"), said)


def test_P8_an_event_knows_no_more_than_the_job_and_its_cells(offer):
    event = view(usage_event(offer.job(), offer.price, Decimal("1.20"), 4))
    assert (event["specversion"], event["source"], event["type"], event["subject"]) == (
        "1.0",
        f"urn:data-product-sandbox:{offer.operator.party.id}",
        "sandbox.usage.job.v1",
        offer.user.party.id,
    )
    assert event.keys() == {"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data"}
    assert event["data"].keys() == {
        "job", "operator", "product", "resource", "subscription", "purpose", "unit", "quantity", "price", "fee", "free",
        "price_number", "month", "day",
    }  # fmt: skip
    assert (event["data"]["fee"], event["data"]["price"]) == ("1.20", "1.20")


def test_usage_is_seen_by_those_it_concerns(offer):
    offer.tx.add(usage_event(offer.job(), offer.price, Decimal("1.20"), 4))
    world, tx = offer.world, offer.tx
    auditor, stranger, rival = (
        world.party("Audit", "auditor"),
        world.party("Other", "user"),
        world.party("R", "operator"),
    )
    assert [len(usage(tx, who)) for who in (offer.user, offer.operator, auditor, stranger, rival)] == [1, 1, 1, 0, 0]
    with refused("role_not_allowed"):
        usage(tx, world.party("Bureau", "holder"))


def test_pages_of_usage_do_not_overlap(offer):
    both = offer.world.party("Both", "user", "operator")
    for party, operator in ((both.party.id, "x"), ("y", both.party.id), (both.party.id, both.party.id)):
        offer.tx.add(usage_event(offer.job(party=party, operator=operator), offer.price, Decimal(1), 1))
    first = usage(offer.tx, both, limit=2)
    rest = usage(offer.tx, both, limit=2, after=first[-1].id)
    assert len({event.id for event in first + rest}) == len(first + rest) == 3
