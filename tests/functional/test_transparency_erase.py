"""Erasing salts: the leaf stays provable, and nobody can tell any more what it committed to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from estate import Estate, estate

from sandbox.core.commitments import commitment
from sandbox.errors import Problem
from sandbox.service.erase import erase
from sandbox.transparency.receipt import verify_receipt
from sandbox.transparency.records import LogEntry, Opening


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Estate]:
    with estate(tmp_path / "home") as made:
        made.publish()
        yield made


def test_an_erased_salt_leaves_a_provable_leaf_that_tells_nothing(box: Estate) -> None:
    job = box.ask("SELECT town, COUNT(*) AS n FROM people GROUP BY town")
    box.finish()
    before = verify_receipt(box.web.call("GET", f"/jobs/{job}/receipt", key="firm").text, box.house.log_public_key)
    assert before.opened["party"].decode() == box.web.ids["firm"]
    with box.house.store.read() as tx:
        [entry] = tx.find(LogEntry, job=job, kind="job.released")
        held = {row.name for row in tx.find(Opening, entry=entry.id)}
    assert erase(box.settings, entry.id, ["party", "recipient"]) == ["party", "recipient"]
    after = verify_receipt(box.web.call("GET", f"/jobs/{job}/receipt", key="firm").text, box.house.log_public_key)
    assert after.leaf == before.leaf and after.index == before.index
    assert before.opened.keys() - after.opened.keys() == {"party", "recipient"}
    said = json.loads(entry.leaf)["commitments"]["party"]
    assert commitment("party", box.web.ids["firm"].encode(), b"\0" * 32) != said
    assert set(erase(box.settings, entry.id)) == held - {"party", "recipient"}
    with box.house.store.read() as tx:
        assert tx.find(Opening, entry=entry.id) == []
        erased = tx.find(LogEntry, kind="openings.erased")
    assert [json.loads(one.leaf)["public"]["count"] for one in erased] == [2, len(held) - 2]
    box.finish()


def test_there_must_be_something_to_erase(box: Estate) -> None:
    box.finish()
    with box.house.store.read() as tx:
        entry = tx.find(LogEntry, kind="party.created")[0].id
    with pytest.raises(Problem, match="no such entry"):
        erase(box.settings, "entry_1")
    with pytest.raises(Problem, match="opens no salary"):
        erase(box.settings, entry, ["salary"])
    erase(box.settings, entry)
    with pytest.raises(Problem, match="nothing any more"):
        erase(box.settings, entry)
