"""Disclosure: what the public reads, and what it does not."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal

from authority import World
from offer import Offer

from sandbox.metering.events import usage_event
from sandbox.oversight.disclosure import disclosure
from sandbox.oversight.emergency import raise_stop
from sandbox.privacy import accountant
from sandbox.privacy.accounts import open_accounts


def test_S2_the_public_reads_grants_prices_use_and_privacy(store):
    with store.write() as tx:
        offer = Offer(World(tx))
        offer.offered(status="draft", name="unborn")
        open_accounts(tx, "clinic", Decimal(8), Decimal("1e-6"), (Decimal(4), Decimal("1e-7")))
        for _ in range(3):
            event = usage_event(offer.job(), offer.price, Decimal("1.20"), 4)
            tx.add(event)
        raise_stop(tx, offer.journal, offer.world.authority, "resource", offer.resource.id, "Firm leaked")
        page = disclosure(tx)
        year = str(event.at.year)
        assert page["test_instance"] is False and disclosure(tx, True)["test_instance"] is True
        assert [(grant["id"], grant["operator_name"]) for grant in page["grants"]] == [(offer.grant.id, "Operator")]
        [product] = page["products"]
        assert product["jobs"] == {year: 3} and [price["price"] for price in product["prices"]] == ["1.20"]
        assert page["resources"][0]["jobs"] == {year: 3}
        assert [account["population"] for account in page["privacy"]] == ["clinic"]
        assert page["stops"][0]["target"] == offer.resource.id
        text = json.dumps(page)
        for hidden in (offer.user.party.id, "sec@example.org", "leaked", "unborn", 'spec"'):
            assert hidden not in text


def test_the_public_cannot_tell_whether_a_question_was_asked_before(store):
    """Asked anew, a question costs its population; asked again by another user, it does not: neither shows."""
    shown = []
    for asked_before in (False, True):
        with suppress(Undone), store.write() as tx:
            offer = Offer(World(tx))
            open_accounts(tx, "clinic", Decimal(8), Decimal("1e-6"), (Decimal(4), Decimal("1e-7")))
            spend(tx, offer.user.party.id, "earlier", population_pays=True)
            spend(tx, "another", "question", population_pays=not asked_before)
            shown.append(disclosure(tx)["privacy"])
            raise Undone
    assert shown[0] == shown[1]
    assert shown[0][0]["spent_at_most"] == {"epsilon": "0.8"} and shown[0][0]["total"]["epsilon"] == "8"


class Undone(Exception):
    """Rolls a world back."""


def spend(tx, party: str, job: str, population_pays: bool) -> None:
    accountant.hold(
        tx, job=job, party=party, population="clinic", base_key=job, rho=Decimal("0.001"), delta=Decimal(0),
        population_pays=population_pays,
    )  # fmt: skip
    assert accountant.start(tx, job, joins=not population_pays)
