"""A leak of one of several recipients, traced among several bases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partialmethod
from pathlib import Path

import pytest
from traced import RESULT_OF, SIGNER, Box, damaged, question

from sandbox.core.clock import now
from sandbox.core.sealing import Sealer
from sandbox.core.store import Store
from sandbox.errors import Problem
from sandbox.jobs.records import Base
from sandbox.oversight.bundle import unpacked
from sandbox.oversight.candidates import TraceKeys, keep_sketches
from sandbox.oversight.evidence import verify_bundle
from sandbox.oversight.records import Sketch, Trace
from sandbox.oversight.screen import Screen
from sandbox.oversight.trace import run_trace
from sandbox.stores.sql import SqlStore


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    store = SqlStore(f"sqlite:///{tmp_path / 'control.db'}")
    store.create()
    yield Box(store, tmp_path / "log")
    store.close()


def test_the_leaker_alone_is_named(store: Store, tmp_path: Path) -> None:
    box = Box(store, tmp_path / "log")
    base, other = box.base(), box.base(seed=1)
    copies = {name: box.release(base, name) for name in ("alpha", "beta", "gamma")}
    box.release(other, "alpha")
    prepared, outcome = box.trace(damaged(copies["beta"]))
    said = outcome.to_json()
    assert said["verdict"] == "traced"
    [finding] = said["findings"]
    shown = {"release", "party", "log10_p", "cells", "deliveries", "publications", "beside", "verdict"}
    assert set(finding) == shown
    assert (finding["party"], finding["verdict"]) == ("party-beta", "traced")
    assert finding["log10_p"] < -20
    assert finding["cells"] > 100
    assert said["pairs"] == prepared.pairs == 3
    assert said["below_bar"] == 2
    assert "alpha" not in str(said)
    assert "10^" in said["statement"]["en"]
    assert "10^" in said["statement"]["zh"]
    assert (said["file"]["groups_missing"], said["file"]["columns_renamed"], said["file"]["reordered"]) == (14, 4, True)


def test_several_releases_of_one_party_are_one_finding(box: Box) -> None:
    base = box.base()
    leak = box.release(base, "alpha")
    box.release(base, "alpha", question(n="count", mean="average"))
    box.release(base, "beta")
    _, outcome = box.trace(leak)
    [finding] = outcome.findings
    assert len(finding.deliveries) == 2
    assert outcome.pairs == 2
    assert outcome.file is not None
    assert outcome.file["columns_renamed"] == 0


def test_hints_narrow_the_search(box: Box) -> None:
    leak = box.release(box.base(), "alpha", product="prod")
    box.release(box.base(seed=1, resource="r2"), "alpha", product="other")
    assert [box.trace(leak, resource=r)[1].verdict for r in ("r1", "r2")] == ["traced", "not_ours"]
    assert [box.trace(leak, product=p)[1].verdict for p in ("prod", "other", "none")] == [
        "traced",
        "not_ours",
        "not_ours",
    ]


def test_too_little_names_nobody(box: Box) -> None:
    base = box.base()
    copies = [box.release(base, name) for name in ("alpha", "beta")]
    few = b"\n".join(copies[0].splitlines()[:6])
    _, outcome = box.trace(few)
    assert (outcome.verdict, outcome.findings, outcome.below_bar) == ("insufficient_evidence", (), 2)
    assert outcome.file is None
    said = outcome.to_json()
    assert said["too_few"] == 1
    assert "Of 1 of the answers" in said["statement"]["en"] and "receipts and deliveries" in said["statement"]["en"]
    assert "有 1 个" in said["statement"]["zh"] and "存证回执和交付记录" in said["statement"]["zh"]
    more = b"\n".join(copies[0].splitlines()[:41])
    assert box.trace(more)[1].too_few == 0


def test_what_was_set_aside_is_said(box: Box) -> None:
    """Bases of which nothing turns up are not opened; the outcome and the log say how many, and by what."""
    copy = box.release(box.base(), "alpha")
    for shift in (1_000, 2_000):
        box.release(box.base(seed=shift, shift=shift), "alpha")
    prepared, outcome = box.trace(copy)
    assert (outcome.verdict, outcome.set_aside, outcome.set_aside_by) == ("traced", 2, "keys")
    assert "set aside" not in outcome.to_json()["statement"]["en"]
    core, trace = box.core(prepared, outcome)
    box.seal()
    bundle = box.attached(core, trace)
    assert json.loads(unpacked(bundle)["data.json"])["set_aside"] == 2
    assert verify_bundle(bundle, SIGNER.verifier_key, RESULT_OF)["verdict"] == "traced"
    keyless = "\n".join(line.split(",")[1] for line in copy.decode().splitlines()[:20])  # one column
    prepared, outcome = box.trace(keyless.encode())
    said = outcome.to_json()
    assert (said["verdict"], said["set_aside"], said["set_aside_by"]) == ("not_ours", 2, "numbers")
    assert " 2 bases were set aside" in said["statement"]["en"] and "另有 2 个" in said["statement"]["zh"]
    told = prepared.announcement()["public"]
    assert (told["set_aside"], told["set_aside_by"]) == (2, "numbers")


def test_marks_that_are_nobodys_name_nobody(box: Box) -> None:
    base = box.base()
    for name in ("alpha", "beta"):
        box.release(base, name)
    forged = Box(box.store, box.folder, master=b"z" * 32).release(base, "alpha")
    assert box.trace(forged)[1].verdict == "insufficient_evidence"


def test_foreign_tables_are_not_ours(box: Box) -> None:
    box.release(box.base(), "alpha")
    assert box.trace(b"colour,size\nred,1\nblue,2\n")[1].verdict == "not_ours"


def test_what_was_not_looked_at_is_said(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of too many bases that a file resembles the likeliest are looked at: then it cannot be said to be nobody's."""
    copies = [box.release(box.base(seed=seed), "alpha") for seed in range(3)]
    few = partialmethod(Screen.likely, most=1)
    with monkeypatch.context() as patch:
        patch.setattr(Screen, "likely", few)
        prepared, outcome = box.trace(copies[2])
        assert (outcome.verdict, outcome.left_out) == ("traced", 2)
        assert prepared.announcement()["public"]["left_out"] == 2
        core, trace = box.core(prepared, outcome)
        box.seal()
        checked = verify_bundle(box.attached(core, trace), SIGNER.verifier_key, RESULT_OF)
        assert "2 more bases" in checked["sentence"] and "另有 2 个" in checked["sentence_zh"]
        patch.setattr(Screen, "likely", partialmethod(few.func, most=0))
        said = box.trace(copies[2])[1].to_json()
    assert (said["verdict"], said["left_out"], said["pairs"]) == ("insufficient_evidence", 3, 0)
    assert "3 more bases" in said["statement"]["en"]
    assert box.trace(copies[2])[1].left_out == 0


def test_no_table_is_malformed(box: Box) -> None:
    with pytest.raises(Problem) as refused:
        box.trace(b'a,b\n1,"x\n')
    assert refused.value.code == "table_malformed"


def test_the_run_is_announced_before_keys_are_read(box: Box) -> None:
    leak = box.release(box.base(), "alpha")
    told = []

    class Masters(dict[str, bytes]):
        def __getitem__(self, epoch: str) -> bytes:
            assert told, "a key was read before the run was announced"
            return super().__getitem__(epoch)

    with box.store.read() as tx:
        keys = TraceKeys(box.vault, Masters({"1": box.master}))
        _, outcome = run_trace(tx, keys, leak, {}, lambda prepared: told.append(prepared.announcement()))
    assert outcome.verdict == "traced"
    said = {"detector": "4", "pairs": 1, "bases": 1, "left_out": 0, "set_aside": 0, "set_aside_by": "keys"}
    assert told[0]["public"] == said


def test_a_closed_base_gives_no_new_findings(box: Box) -> None:
    """Whoever holds revealed keys can forge copies: only files that were traced before count."""
    base = box.base()
    leak, later = box.release(base, "alpha"), damaged(box.release(base, "beta"))
    before = box.trace(leak)[0].file_digest
    with box.store.write() as tx:
        tx.add(Trace("t1", "reg", before, {}, "", "done", None, None, None, now(), None))
        row = tx.get(Base, base)
        assert row is not None
        tx.change(row, closed_at=now())
    assert box.trace(leak)[1].verdict == "traced"
    _, outcome = box.trace(later)
    assert (outcome.verdict, outcome.findings, outcome.closed) == ("insufficient_evidence", (), 1)


def test_bases_without_a_value_of_the_file_are_not_opened(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    base = box.base()
    leak = box.release(base, "alpha")
    others = [box.base(seed=seed, shift=1_000 * seed) for seed in range(1, 6)]
    for other in others:
        box.release(other, "beta")
    assert keep_sketches(box.store, box.vault) == 6
    assert keep_sketches(box.store, box.vault) == 0
    opened: list[str] = []
    real = Sealer.open

    def watched(sealer: Sealer, sealed: bytes, context: str) -> bytes:
        opened.append(context)
        return real(sealer, sealed, context)

    monkeypatch.setattr(Sealer, "open", watched)
    _, outcome = box.trace(leak)
    assert [finding.base for finding in outcome.findings] == [base]
    assert [context for context in opened if context.startswith("base:")] == [f"base:{base}"]


def test_a_sketch_that_is_lost_is_made_again(box: Box) -> None:
    base = box.base()
    leak = box.release(base, "alpha")
    keep_sketches(box.store, box.vault)
    with box.store.write() as tx:
        for row in tx.find(Sketch):
            tx.remove(row)
    assert box.trace(leak)[1].findings[0].base == base
    with box.store.read() as tx:
        assert tx.find(Sketch) == []
    assert keep_sketches(box.store, box.vault) == 1
