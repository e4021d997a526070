"""Ways to tamper with evidence that a careful forger tries – the host among them, who may commit to what it likes in
its own log: each is refused, with a reason."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from traced import RESULT_OF, SIGNER, Box, damaged

from sandbox.core.canonical import canonical_bytes
from sandbox.core.clock import now
from sandbox.errors import Problem
from sandbox.oversight import evidence, logged, timestamps
from sandbox.oversight.bundle import contents, packed, unpacked
from sandbox.oversight.evidence import verify_bundle
from sandbox.oversight.records import Trace
from sandbox.oversight.statements import LANGUAGES, report
from sandbox.stores.sql import SqlStore
from sandbox.transparency.cosign import Cosigner
from sandbox.transparency.notes import Signer
from sandbox.transparency.seal import Scribe
from sandbox.transparency.serve import read_checkpoint

Files = dict[str, bytes]
WITNESS = Cosigner("witness.example", Ed25519PrivateKey.from_private_bytes(b"w" * 32))


@dataclass(frozen=True)
class Forger:
    """A host with its box: it takes part of what an honest vault made and commits to what it makes of it."""

    box: Box
    scribe: Scribe
    core: bytes
    trace: Trace

    def bundle(self, change: Callable[[Files], None] = lambda files: None) -> bytes:
        files = unpacked(self.core)
        change(files)
        core = packed(files)
        with self.box.store.write() as tx:
            said = {"outcome": "{}", "bundle": contents(core)}
            entry = self.box.journal.write(tx, "trace.finished", public={"trace": self.trace.id}, committed=said)
        self.scribe.step()
        return self.box.attached(core, replace(self.trace, entry=entry.id))


@pytest.fixture(scope="module")
def forger(tmp_path_factory: pytest.TempPathFactory) -> Forger:
    folder: Path = tmp_path_factory.mktemp("forger")
    store = SqlStore(f"sqlite:///{folder / 'control.db'}")
    store.create()
    box = Box(store, folder / "log")
    base = box.base()
    box.release(base, "alpha")
    box.release(box.base(seed=1), "beta")
    core, trace = box.core(*box.trace(damaged(box.release(base, "beta"))))
    return Forger(box, Scribe(store, box.folder, SIGNER, "box.example/log"), core, trace)


def refused(data: bytes, said: str, *witnesses: str, roots: bytes | None = None) -> None:
    with pytest.raises(Problem, match=said):
        verify_bundle(data, SIGNER.verifier_key, RESULT_OF, witnesses, roots)


def test_what_the_forger_leaves_alone_holds(forger: Forger) -> None:
    assert verify_bundle(forger.bundle(), SIGNER.verifier_key, RESULT_OF)["verdict"] == "traced"


def rewritten(bundle: bytes, write: Callable[[zipfile.ZipFile, Files], None], **more: Any) -> bytes:
    """The bundle's files in another zip."""
    with zipfile.ZipFile(out := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names given twice
        files = unpacked(bundle)
        for name, data in files.items():
            archive.writestr(name, data)
        write(archive, files)
    return out.getvalue()


ZIPS: dict[str, tuple[Callable[[zipfile.ZipFile, Files], None], str]] = {
    "a name twice": (lambda z, files: z.writestr("data.json", files["data.json"]), "names a file twice"),
    "out of its folder": (lambda z, files: z.writestr("log/../../leak", b"x"), "no bundle has"),
    "from the root": (lambda z, files: z.writestr("/etc/passwd", b"x"), "no bundle has"),
    "in full width": (lambda z, files: z.writestr("ｄata.json", files["data.json"]), "no bundle has"),
    "digits of another script": (lambda z, files: z.writestr("finding-١/leaf", files["leak"]), "no bundle has"),
    "slipped into the log": (lambda z, files: z.writestr("log/note.md", b"alpha did it"), "no bundle has"),
    "a bundle in a bundle": (lambda z, files: z.writestr("bundle.zip", packed(files)), "no bundle has"),
    "a bomb": (lambda z, files: z.writestr("log/timestamp", bytes(100 << 20)), "too large"),
    "very many": (lambda z, files: [z.writestr(f"finding-{n}/leaf", b"") for n in range(1_001)] and None, "too large"),
}  # type: ignore[dict-item]


@pytest.mark.parametrize("name", ZIPS)
def test_zips_are_read_strictly(forger: Forger, name: str) -> None:
    write, said = ZIPS[name]
    refused(rewritten(forger.bundle(), write), said)


def test_a_size_that_lies_is_refused(forger: Forger) -> None:
    """The zip says that a file is shorter than it is."""
    bundle = bytearray(forger.bundle())
    with zipfile.ZipFile(io.BytesIO(bytes(bundle))) as archive:
        size = archive.getinfo("leak").file_size
    lie, truth = (size - 10).to_bytes(4, "little"), size.to_bytes(4, "little")
    refused(bytes(bundle.replace(truth, lie)), "can be read")


def said_with(change: Callable[[dict[str, Any]], None]) -> Callable[[Files], None]:
    """Change what the data say, and the words with it."""

    def forge(files: Files) -> None:
        data = json.loads(files["data.json"])
        change(data)
        files["data.json"] = canonical_bytes(data)
        files |= {f"statement.{language}.md": report(language, data).encode() for language in LANGUAGES}

    return forge


DATA: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "a score that is no number": (lambda data: data["findings"][0].update(ln_e="nan"), "another score"),
    "a bound that is no number": (lambda data: data["findings"][0].update(log10_p="nan"), "another score"),
    "a bound without an end": (lambda data: data["findings"][0].update(log10_p="-inf"), "another score"),
    "a bound above one": (lambda data: data["findings"][0].update(log10_p="3"), "another score"),
    "cells below none": (lambda data: data["findings"][0].update(cells=-1), "no whole number, or below 0"),
    "runs below none": (lambda data: data.update(runs=-3), "no whole number, or below 0"),
    "true instead of one": (lambda data: data.update(below_bar=True), "no whole number, or below 0"),
    "too few below none": (lambda data: data.update(too_few=-1), "no whole number, or below 0"),
    "more set aside": (lambda data: data.update(set_aside=7), "the log announced set_aside 0"),
    "set aside by something else": (lambda data: data.update(set_aside_by="numbers"), "announced set_aside_by keys"),
    "nothing of what was set aside": (lambda data: data.pop("set_aside_by"), "the log announced set_aside_by keys"),
    "fewer scored than named": (lambda data: data.update(below_bar=0), "do not add up"),
    "the same twice": (lambda data: data["findings"].append(data["findings"][0]), "do not add up"),
}


@pytest.mark.parametrize("name", DATA)
def test_numbers_are_read_strictly(forger: Forger, name: str) -> None:
    change, said = DATA[name]
    refused(forger.bundle(said_with(change)), said)


def test_data_are_spelled_in_one_way(forger: Forger) -> None:
    def twice(files: Files) -> None:
        files["data.json"] = files["data.json"].replace(b'"pairs":', b'"pairs":1,"pairs":', 1)

    def infinite(files: Files) -> None:
        files["data.json"] = files["data.json"].replace(b'"runs":', b'"runs":Infinity,"x":', 1)

    refused(forger.bundle(twice), "canonical form")
    refused(forger.bundle(infinite), "not whole")


def test_the_base_of_another_release_cannot_be_swapped_in(forger: Forger) -> None:
    def swap(files: Files) -> None:
        text = files["finding-1/base.json"]
        files["finding-1/base.json"] = text.replace(b'"groups":[[20]', b'"groups":[[21]', 1)
        assert files["finding-1/base.json"] != text

    refused(forger.bundle(swap), "not the committed one")


def test_the_checkpoint_of_another_log_of_that_name_is_refused(forger: Forger, tmp_path: Path) -> None:
    stranger = Signer("box.example/log", Ed25519PrivateKey.from_private_bytes(b"x" * 32))
    for number, signer, said in ((1, stranger, "signed log"), (2, SIGNER, "not in the signed tree")):
        store = SqlStore(f"sqlite:///{tmp_path / f'{number}.db'}")
        store.create()
        other = Box(store, tmp_path / f"log {number}")
        other.release(other.base(), "beta")
        Scribe(store, other.folder, signer, "box.example/log").step()
        note = str(read_checkpoint(other.folder))
        refused(packed(unpacked(forger.bundle()) | {"log/checkpoint": note.encode()}), said)
        store.close()


def test_a_cosignature_of_an_older_checkpoint_is_refused(forger: Forger) -> None:
    old = str(read_checkpoint(forger.box.folder))
    files = unpacked(forger.bundle())
    line = WITNESS.line(old)
    changed = files | {"log/checkpoint": files["log/checkpoint"] + line.encode() + b"\n" * (not line.endswith("\n"))}
    refused(packed(changed), "cosignature by witness.example does not verify", WITNESS.verifier_key)


def test_a_cosignature_before_its_leaves_is_refused(forger: Forger) -> None:
    files = unpacked(forger.bundle())
    line = WITNESS.line(files["log/checkpoint"].decode(), int(now().timestamp()) - 3_600)
    changed = files | {"log/checkpoint": files["log/checkpoint"] + line.encode() + b"\n" * (not line.endswith("\n"))}
    refused(packed(changed), "cosigned before a leaf was written", WITNESS.verifier_key)


def test_a_timestamp_before_its_leaves_is_refused(forger: Forger, monkeypatch: pytest.MonkeyPatch) -> None:
    files = unpacked(forger.bundle()) | {"log/timestamp": b"answer"}
    for minutes, held in ((2, True), (60, False)):
        moment = now() - minutes * (logged.SKEW / 5)
        monkeypatch.setattr(timestamps, "verify", lambda answer, note, roots, moment=moment: moment)
        if held:
            assert verify_bundle(packed(files), SIGNER.verifier_key, RESULT_OF, (), b"roots")["timestamp"]
        else:
            refused(packed(files), "older than a leaf", roots=b"roots")


def test_every_reason_names_what_is_not_shown(forger: Forger) -> None:
    """The sentence says which check failed and that the bundle is not to be relied on."""
    with pytest.raises(Problem) as problem:
        verify_bundle(forger.bundle(said_with(DATA["runs below none"][0])), SIGNER.verifier_key, RESULT_OF)
    assert evidence.CHECKS["statement"][0] in problem.value.detail and "Do not rely" in problem.value.detail
