"""Leaves and their openings."""

from __future__ import annotations

import json

import pytest

from sandbox.core.canonical import canonical_bytes
from sandbox.core.commitments import opens
from sandbox.core.sealing import Sealer
from sandbox.core.store import Store
from sandbox.transparency.journal import EVIDENCE, RECIPIENT, Journal
from sandbox.transparency.merkle import leaf_hash
from sandbox.transparency.records import LogEntry, Opening
from sandbox.transparency.search import search

RELEASE, VAULT = Sealer(b"r" * 32), Sealer(b"v" * 32)


def test_a_leaf_shows_the_public_part_and_commits_to_the_rest(store: Store) -> None:
    with store.write() as tx:
        written = Journal(RELEASE, VAULT).write(
            tx,
            "job.released",
            public={"policy": "release/2", "cells": 3, "price": None},
            committed={"recipient": "91110000", "result": b"\x00\x01"},
            evidence={"k_base": b"key"},
            job="job_1",
            party="party_1",
        )
    with store.read() as tx:
        entry = tx.get(LogEntry, written.id)
    assert entry == written
    assert entry.index is None
    assert entry.leaf_hash == leaf_hash(entry.leaf).hex()
    said = json.loads(entry.leaf)
    assert canonical_bytes(said) == entry.leaf
    assert said["v"] == 1
    assert said["entry"] == entry.id
    assert said["kind"] == "job.released"
    assert said["public"] == {"policy": "release/2", "cells": 3, "price": None}
    assert said["commitments"].keys() == {"recipient", "result", "k_base"}
    for hidden in (b"91110000", b"job_1", b"party_1"):
        assert hidden not in entry.leaf


def test_openings_go_to_their_audience(store: Store) -> None:
    journal = Journal(RELEASE, VAULT)
    with store.write() as tx:
        entry = journal.write(tx, "k", public={}, committed={"who": "甲"}, evidence={"key": b"\xff"})
        commitments = json.loads(entry.leaf)["commitments"]
        opened = journal.openings(tx, entry, RECIPIENT) | journal.openings(tx, entry, EVIDENCE)
        assert {name: o.value for name, o in opened.items()} == {"who": "甲".encode(), "key": b"\xff"}
        assert all(opens(commitments[name], o) for name, o in opened.items())
        web = Journal(RELEASE)
        assert web.openings(tx, entry, RECIPIENT).keys() == {"who"}
        with pytest.raises(ValueError, match="no key"):
            web.openings(tx, entry, EVIDENCE)
        with pytest.raises(ValueError, match="no key"):
            web.write(tx, "k", public={}, evidence={"key": b""})


def test_the_same_value_is_committed_to_differently_each_time(store: Store) -> None:
    with store.write() as tx:
        first, second = (Journal(RELEASE).write(tx, "k", public={}, committed={"n": "1"}) for _ in range(2))
    assert json.loads(first.leaf)["commitments"] != json.loads(second.leaf)["commitments"]


def test_an_erased_opening_leaves_the_leaf_provable(store: Store) -> None:
    journal = Journal(RELEASE)
    with store.write() as tx:
        entry = journal.write(tx, "k", public={}, committed={"kept": "1", "erased": "2"})
        row = tx.get(Opening, f"{entry.id}:erased")
        assert row is not None
        tx.remove(row)
    with store.read() as tx:
        assert journal.openings(tx, entry, RECIPIENT).keys() == {"kept"}
        assert tx.get(LogEntry, entry.id) == entry


def test_what_does_not_fit_is_refused(store: Store) -> None:
    with store.write() as tx:
        with pytest.raises(ValueError, match="65535"):
            Journal(RELEASE).write(tx, "k", public={"text": "x" * 65_500})
        with pytest.raises(ValueError, match="twice"):
            Journal(RELEASE, VAULT).write(tx, "k", public={}, committed={"a": "1"}, evidence={"a": b"1"})
        with pytest.raises(TypeError):
            Journal(RELEASE).write(tx, "k", public={"epsilon": 0.5})  # type: ignore[dict-item]
        assert tx.find(LogEntry) == []


def test_a_refused_transaction_leaves_no_entry(store: Store) -> None:
    with pytest.raises(RuntimeError), store.write() as tx:
        Journal(RELEASE).write(tx, "k", public={}, committed={"a": "1"})
        raise RuntimeError
    with store.read() as tx:
        assert tx.find(LogEntry) == []
        assert tx.find(Opening) == []


def test_search_combines_and_pages(store: Store) -> None:
    journal = Journal(RELEASE)
    with store.write() as tx:
        made = [
            journal.write(tx, "k", public={}, party=party, resource=resource)
            for party, resource in (("a", "x"), ("a", "y"), ("b", "x"))
        ]
        by_id = sorted(entry.id for entry in made)
        assert [entry.id for entry in search(tx)] == by_id
        assert {entry.id for entry in search(tx, party="a")} == {made[0].id, made[1].id}
        assert search(tx, party="a", resource="y") == [made[1]]
        assert search(tx, product="none") == []
        assert [entry.id for entry in search(tx, limit=1, after=by_id[0])] == [by_id[1]]
