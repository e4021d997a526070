"""Parties: roles kept apart, first keys, and who may touch whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from authority import World, refused

from sandbox.core.clock import now
from sandbox.identity.keys import Principal, mint
from sandbox.identity.parties import bootstrap, create_key, create_party, enrol, recipient, revoke, suspend, view
from sandbox.identity.records import Enrolment, Party
from sandbox.transparency.records import LogEntry


def test_the_first_party_is_made_once_with_the_authoritys_roles(store):
    with store.write() as tx:
        world = World(tx)
        assert world.authority.party.roles == ["authoriser", "administration", "price_authority"]
        assert world.kinds() == ["party.created", "key.created"]
        with refused("state_conflict"):
            bootstrap(tx, world.journal)


@pytest.mark.parametrize("other", ["authoriser", "administration", "price_authority", "regulator", "auditor"])
def test_A3_managing_and_operating_are_not_one_party(store, other):
    with store.write() as tx:
        world = World(tx)
        with refused("separation_of_duties"):
            world.party("Both", "operator", other)
        assert len(tx.find(Party)) == 1


@pytest.mark.parametrize("role", ["regulator", "auditor", "authoriser"])
def test_who_must_not_be_impersonated_enrols_once(store, role):
    with store.write() as tx:
        world = World(tx)
        party, key, token = create_party(tx, world.journal, world.authority, "Watch", [role])
        assert key is None and token
        made, text = enrol(tx, world.journal, token)
        assert made.party == party.id and text.startswith("sbx_")
        with refused("key_invalid"):
            enrol(tx, world.journal, token)
        with refused("separation_of_duties"):
            create_key(tx, world.journal, world.authority, party.id)


def test_an_old_token_is_refused(store):
    with store.write() as tx:
        world = World(tx)
        _, _, token = create_party(tx, world.journal, world.authority, "Watch", ["regulator"])
        tx.change(tx.find(Enrolment)[0], expires_at=now() - timedelta(seconds=1))
        with refused("key_invalid"):
            enrol(tx, world.journal, token)
        with refused("key_invalid"):
            enrol(tx, world.journal, "enrol_guess")


@pytest.mark.parametrize(
    ("name", "roles", "code"),
    [
        ("", ["user"], None),
        ("Firm", [], None),
        ("Firm", ["king"], None),
        ("Firm", "user", None),
        ("Firm", ["user", "user"], None),
        ("Firm", ["user"], "9111"),
        ("Firm", ["user"], "91110000-234567890"),
    ],
)
def test_fields_are_checked(store, name, roles, code):
    with store.write() as tx:
        world = World(tx)
        with refused("field_invalid"):
            create_party(tx, world.journal, world.authority, name, roles, code)


def test_the_recipient_of_a_fingerprint_is_the_legal_entity(store):
    with store.write() as tx:
        world = World(tx)
        coded = world.party("Firm", "user", credit_code="91110000abcdef0123").party
        plain = world.party("Bureau", "user").party
        assert recipient(coded) == "91110000ABCDEF0123" and recipient(plain) == plain.id
        with refused("state_conflict"):
            world.party("Firm again", "user", credit_code="91110000ABCDEF0123")


def test_only_the_authoriser_makes_and_suspends_parties(store):
    with store.write() as tx:
        world = World(tx)
        user, other = world.party("Firm", "user"), world.party("Other", "user")
        with refused("role_not_allowed"):
            create_party(tx, world.journal, user, "Puppet", ["user"])
        with refused("role_not_allowed"):
            suspend(tx, world.journal, user, other.party.id)
        with refused("not_found"):
            revoke(tx, world.journal, user, other.key.id)
        with refused("not_found"):
            create_key(tx, world.journal, user, other.party.id)
        with refused("separation_of_duties"):
            suspend(tx, world.journal, world.authority, world.authority.party.id)


def test_a_key_that_expires_makes_no_key_that_outlives_it(store):
    with store.write() as tx:
        world = World(tx)
        lent = world.party("Firm", "user")
        hour = now() + timedelta(hours=1)
        brief = Principal(lent.party, mint(tx, lent.party.id, expires_at=hour)[0])
        for longer in (None, hour + timedelta(seconds=1)):
            with refused("scope_not_allowed"):
                create_key(tx, world.journal, brief, lent.party.id, expires_at=longer)
        assert create_key(tx, world.journal, brief, lent.party.id, expires_at=hour)[0].expires_at == hour


def test_I6_names_are_committed_to_not_published(store):
    with store.write() as tx:
        world = World(tx)
        world.party("Very Private Firm", "user", credit_code="91110000ABCDEF0123")
        leaves = b"".join(entry.leaf for entry in tx.find(LogEntry))
        assert b"Private Firm" not in leaves and b"ABCDEF0123" not in leaves


def test_a_key_is_shown_without_its_hash(store):
    with store.write() as tx:
        world = World(tx)
        assert "digest" not in view(world.authority.key)
        assert view(world.authority.party)["created_at"].endswith("Z")
