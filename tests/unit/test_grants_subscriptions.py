"""Subscriptions: purpose, commitment, approval by the product's operator and nobody else."""

from __future__ import annotations

import pytest
from authority import World, refused
from offer import Offer

from policies.purposes import COMMITMENT_DIGEST
from sandbox.grants.documents import attach
from sandbox.grants.subscriptions import approve, cancel, found, listed, subscribe


@pytest.fixture
def offer(store):
    with store.write() as tx:
        yield Offer(World(tx), purposes=["industry", "public_welfare"])


def ask(offer, product=None, **other):
    body = {"product": (product or offer.product).id, "purpose": "industry", "commitment": {"accepted": True}}
    return subscribe(offer.tx, offer.journal, offer.user, body | other)


def test_A6_the_accepted_commitment_names_its_wording(offer):
    subscription = ask(offer)
    assert (subscription.status, subscription.commitment["text"]) == ("pending", COMMITMENT_DIGEST)


@pytest.mark.parametrize("commitment", [None, {}, {"accepted": False}, {"accepted": "yes"}, {"accepted": 1}])
def test_A6_without_commitment_no_subscription(offer, commitment):
    with refused("commitment_missing"):
        ask(offer, commitment=commitment)


def test_A2_a_purpose_outside_the_grant_is_refused(offer):
    with refused("purpose_not_allowed: the grant of this product allows industry, public_welfare only"):
        ask(offer, purpose="public_governance")
    with refused("field_invalid: purpose"):
        ask(offer, purpose="profit")


@pytest.mark.parametrize("field", [{"quota": 0}, {"quota": "many"}, {"surprise": 1}])
def test_a_wrong_field_is_named(offer, field):
    with refused(f"field_invalid: {next(iter(field))}"):
        ask(offer, **field)


def test_a_product_that_is_not_on_offer_does_not_exist(offer):
    for product in (offer.offered(status="submitted"), offer.offered(status="retired")):
        with refused("not_found: product"):
            ask(offer, product)


def test_A7_only_charged_use_is_approved_automatically(offer):
    product = offer.offered({"approval": "automatic"})
    assert ask(offer, product).status == "active"
    assert ask(offer, product, purpose="public_welfare").status == "pending"


def test_only_the_products_operator_approves(offer):
    pending, rival = ask(offer), offer.world.party("Rival", "operator")
    with refused("not_found"):
        approve(offer.tx, offer.journal, rival, pending.id)
    for principal in (offer.user, offer.world.authority):
        with refused("role_not_allowed"):
            approve(offer.tx, offer.journal, principal, pending.id)
    assert approve(offer.tx, offer.journal, offer.operator, pending.id).status == "active"
    with refused("state_conflict"):
        approve(offer.tx, offer.journal, offer.operator, pending.id)


def test_a_subscription_concerns_its_two_sides_and_overseers(offer):
    stranger, auditor = offer.world.party("Other", "user"), offer.world.party("Audit", "auditor")
    assert listed(offer.tx, stranger) == []
    for principal in (offer.user, offer.operator, auditor):
        assert [row.id for row in listed(offer.tx, principal)] == [offer.subscription.id]
        assert found(offer.tx, principal, offer.subscription.id) == offer.subscription
    with refused("not_found"):
        found(offer.tx, stranger, offer.subscription.id)
    with refused("not_found"):
        cancel(offer.tx, offer.journal, stranger, offer.subscription.id)
    assert cancel(offer.tx, offer.journal, offer.operator, offer.subscription.id).status == "ended"


def test_who_subscribes_is_committed_to_not_published(offer):
    ask(offer)
    assert offer.user.party.id not in str(offer.world.last())


def test_nobody_approves_its_own_use_of_anothers_product(offer):
    both = offer.world.party("Both", "user", "operator")
    body = {"product": offer.product.id, "purpose": "industry", "commitment": {"accepted": True}}
    pending = subscribe(offer.tx, offer.journal, both, body)
    with refused("not_found"):
        approve(offer.tx, offer.journal, both, pending.id)


def test_I5_important_data_never_goes_abroad_assessed_or_not(offer):
    """I5: HK, MO and TW count as outside; general data goes there once the authorising body attached an assessment."""
    pending = ask(offer, places=["HK", "CN"])
    approving = offer.tx, offer.journal, offer.operator, pending.id
    with refused("cross_border_refused: users outside the mainland"):
        approve(*approving)
    paper = (pending.id, "export_assessment", "export", "a" * 64, "")
    with refused("role_not_allowed"):
        attach(offer.tx, offer.journal, offer.operator, *paper)
    attach(offer.tx, offer.journal, offer.world.authority, *paper)
    offer.tx.change(offer.resource, grade="important")
    with refused("cross_border_refused: important data"):
        approve(*approving)
    offer.tx.change(offer.tx.get(type(offer.resource), offer.resource.id), grade="general")
    assert approve(*approving).status == "active"
