"""Grants: what may be given to whom, their life, and who sees them."""

from __future__ import annotations

import pytest
from authority import World, refused
from offer import Offer, day

from sandbox.grants.change import found, listed, renew, suspend, view
from sandbox.grants.give import covers, give


@pytest.fixture
def offer(store):
    with store.write() as tx:
        yield Offer(World(tx))


def given(offer, **other):
    return give(offer.tx, offer.journal, offer.world.authority, offer.asking(**other))


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("mode", {"mode": "all"}),
        ("starts", {"starts": "soon"}),
        ("ends", {"ends": "2026-01-01"}),
        ("purposes", {"purposes": []}),
        ("purposes", {"purposes": ["profit"]}),
        ("purposes", {"purposes": ["industry", "industry"]}),
        ("security_contact", {"security_contact": ""}),
        ("domain", {"mode": "domain"}),
        ("domain", {"domain": "health"}),
        ("scenario", {"mode": "scenario"}),
        ("resources", {"mode": "scenario", "scenario": "credit", "resources": []}),
        ("resources", {"mode": "domain", "domain": "traffic"}),
        ("surprise", {"surprise": 1}),
    ],
)
def test_A1_a_wrong_field_is_named(offer, field, other):
    with refused(f"field_invalid: {field}"):
        given(offer, **other)


def test_A1_operator_and_resources_must_exist(offer):
    with refused("not_found: operator"):
        given(offer, operator="party_unknown")
    with refused("field_invalid: operator"):
        given(offer, operator=offer.user.party.id)
    with refused("not_found: resources"):
        given(offer, resources=["resource_unknown"])


def test_A3_who_registered_the_data_gets_no_grant_for_it(offer):
    offer.tx.change(offer.resource, registrar=offer.operator.party.id)
    with refused("separation_of_duties"):
        given(offer)


def test_A1_three_modes_cover_what_they_say(offer):
    health, traffic = offer.resource, offer.world.resource("roads", "traffic")
    whole, domain = given(offer, resources=[]), given(offer, mode="domain", domain="health", resources=[])
    scenario = given(offer, mode="scenario", scenario="credit")
    assert [covers(grant, health) for grant in (whole, domain, scenario)] == [True, True, True]
    assert [covers(grant, traffic) for grant in (whole, domain, scenario)] == [True, False, False]


def test_A1_a_renewal_only_extends(offer):
    with refused("field_invalid: ends"):
        renew(offer.tx, offer.journal, offer.world.authority, offer.grant.id, day("2030-01-01").date())
    renewed = renew(offer.tx, offer.journal, offer.world.authority, offer.grant.id, day("2040-01-01").date())
    assert view(offer.tx, renewed)["ends"] == "2040-01-01"
    assert offer.world.last()["ends"] == "2040-01-01"


def test_only_the_authoriser_gives_and_suspends(offer):
    for principal in (offer.operator, offer.user):
        with refused("role_not_allowed"):
            give(offer.tx, offer.journal, principal, {})
        with refused("role_not_allowed"):
            suspend(offer.tx, offer.journal, principal, offer.grant.id)


def test_a_grant_is_seen_by_its_operator_and_overseers(offer):
    other = offer.world.party("Rival", "operator")
    regulator = offer.world.party("Watch", "regulator")
    assert [grant.id for grant in listed(offer.tx, offer.operator)] == [offer.grant.id]
    assert listed(offer.tx, other) == [] and len(listed(offer.tx, regulator)) == 1
    for principal in (other, offer.user):
        with refused("not_found"):
            found(offer.tx, principal, offer.grant.id)


def test_T3_each_step_of_a_grant_is_a_leaf(offer):
    suspend(offer.tx, offer.journal, offer.world.authority, offer.grant.id)
    kinds = offer.world.kinds()
    assert "grant.given" in kinds and kinds[-1] == "grant.suspended"
    assert offer.world.last()["status"] == "suspended"
