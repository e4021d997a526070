"""Keys: shown once, stored as a hash, checked offline and in the store."""

from __future__ import annotations

from datetime import timedelta

import pytest
from authority import World, refused
from hypothesis import given
from hypothesis import strategies as st

from sandbox.core.clock import now
from sandbox.identity.keys import ALPHABET, authenticate, mint, well_formed
from sandbox.identity.parties import create_key, revoke, suspend
from sandbox.identity.records import ApiKey


def test_a_key_has_the_contracts_form_and_only_its_hash_is_stored(store):
    with store.write() as tx:
        world = World(tx)
        key, text = mint(tx, world.authority.party.id)
        prefix, keyid, secret, check = text.split("_")
        assert (prefix, key.id, len(secret), len(check)) == ("sbx", f"key_{keyid}", 43, 6)
        assert secret not in repr(tx.find(ApiKey)) and len(key.digest) == 64
        assert authenticate(tx, f"Bearer {text}").party == world.authority.party


@pytest.mark.parametrize("header", [None, ""])
def test_no_header_is_key_missing(store, header):
    with store.read() as tx, refused("key_missing"):
        authenticate(tx, header)


@pytest.mark.parametrize("header", ["Bearer none", "Bearer sbx_x_y_z", "Basic abc", "Bearer", "Bearer sbx_ä_y_z"])
def test_what_is_no_key_is_key_invalid(store, header):
    with store.read() as tx, refused("key_invalid"):
        authenticate(tx, header)


def test_another_secret_with_a_right_check_is_refused(store):
    from sandbox.identity import keys

    with store.write() as tx:
        text = World(tx).keys.popitem()[1]
        head = "_".join([*text.split("_")[:2], "0" * 43])
        with refused("key_invalid"):
            authenticate(tx, f"Bearer {head}_{keys._check(head)}")


def test_expired_and_revoked_keys_stop(store):
    with store.write() as tx:
        world = World(tx)
        key, text = create_key(tx, world.journal, world.authority, world.authority.party.id)
        authenticate(tx, f"Bearer {text}")
        revoke(tx, world.journal, world.authority, key.id)
        with refused("key_invalid"):
            authenticate(tx, f"Bearer {text}")
        with refused("state_conflict"):
            revoke(tx, world.journal, world.authority, key.id)
        key, text = mint(tx, world.authority.party.id, expires_at=now() + timedelta(hours=1))
        tx.change(key, expires_at=now() - timedelta(seconds=1))
        with refused("key_invalid"):
            authenticate(tx, f"Bearer {text}")
        with refused("field_invalid"):
            mint(tx, world.authority.party.id, expires_at=now())


def test_a_suspended_party_is_told_so(store):
    with store.write() as tx:
        world = World(tx)
        user = world.party("Firm", "user")
        suspend(tx, world.journal, world.authority, user.party.id)
        with refused("party_suspended"):
            world.again(user)


def test_a_reading_key_cannot_write_nor_make_one_that_can(store):
    with store.write() as tx:
        world = World(tx)
        user = world.party("Firm", "user")
        _, text = create_key(tx, world.journal, user, user.party.id, ["read"])
        reader = authenticate(tx, f"Bearer {text}")
        reader.require_scope("read")
        with refused("scope_not_allowed"):
            reader.require_scope("write")
        with refused("scope_not_allowed"):
            create_key(tx, world.journal, reader, user.party.id, ["write"])


def test_a_key_for_one_area_reaches_its_actions_only_and_makes_no_other(store):
    with store.write() as tx:
        world = World(tx)
        user = world.party("Firm", "user")
        _, text = create_key(tx, world.journal, user, user.party.id, ["jobs"])
        asker = authenticate(tx, f"Bearer {text}")
        for scope, action in (("write", "job.submit"), ("read", "job.read"), ("write", "verification.ask")):
            asker.require_scope(scope, action)
        for scope, action in (("read", "statement.read"), ("write", "key.create"), ("read", None), ("write", None)):
            with refused("scope_not_allowed"):
                asker.require_scope(scope, action)
        for more in (["jobs", "money"], ["read"], ["write"]):
            with refused("scope_not_allowed"):
                create_key(tx, world.journal, asker, user.party.id, more)
        _, reading = create_key(tx, world.journal, user, user.party.id, ["read"])
        with refused("scope_not_allowed"):  # who only reads hands on no area, which changes things
            create_key(tx, world.journal, authenticate(tx, f"Bearer {reading}"), user.party.id, ["jobs"])


@given(st.integers(0, 89), st.sampled_from(ALPHABET))
def test_a_mistyped_digit_is_found_offline(position, digit):
    text = "sbx_0192f0c1a2b3c4d5e6f708192a3b4c5d_8mJ2yQ0WcV5dZr7KpTn1xLbHs4GfEuAo9iMk6RtYqBw_"
    from sandbox.identity import keys

    text += keys._check(text[:-1])
    position = min(position, len(text) - 1)
    assert well_formed(text)
    if position > 3 and text[position] not in ("_", digit):
        assert not well_formed(text[:position] + digit + text[position + 1 :])
