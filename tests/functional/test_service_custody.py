"""Keys in files and in a PKCS#11 token, their epochs, rotation and compromise: old receipts hold, and
what a stolen key makes proves nothing."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import pytest
from estate import Estate
from keyrings import MODULE, again, ask, epoch_of, still, token

from sandbox.bootstrap import keyring
from sandbox.core.hsm import TokenKeys
from sandbox.core.keys import NAMES, FileKeys
from sandbox.errors import Problem
from sandbox.jobs.records import Base
from sandbox.service.custody import compromised, listed, rotated
from sandbox.service.doctor import examine
from sandbox.settings import load
from sandbox.transparency.epochs import FORMER, follow
from sandbox.transparency.fsck import fsck
from sandbox.transparency.notes import NoteInvalid, Signer, open_checkpoint
from sandbox.transparency.receipt import verify_receipt
from sandbox.transparency.records import LogEntry


def test_rotated_keys_lose_nothing(tmp_path: Path) -> None:
    with ExitStack() as stack:
        box = Estate(tmp_path / "home", stack)
        box.publish()
        first = ask(box, 1)
        old_pub = (box.settings.home / "log.pub").read_text()
        receipt = box.web.call("GET", f"/jobs/{first}/receipt", key="firm").text
        with pytest.raises(Problem, match="service runs"):
            rotated(box.settings, "master")
        still(box)
        assert rotated(box.settings, "master") == 2 and rotated(box.settings, "log") == 2
        box = again(box, stack)
        second, repeated = ask(box, 2), ask(box, 1)
        assert (epoch_of(box, first), epoch_of(box, second), epoch_of(box, repeated)) == ("1", "2", "1")
        answers = [box.web.call("GET", f"/jobs/{job}/result", key="firm").json["rows"] for job in (first, repeated)]
        assert answers[0] == answers[1], "an old base keeps the marks of its epoch"
        new_pub = (box.settings.home / "log.pub").read_text()
        assert len(new_pub.split()) == 2 and old_pub.strip() in new_pub
        assert verify_receipt(receipt, new_pub), "old receipts hold under the new file"
        later = box.web.call("GET", f"/jobs/{second}/receipt", key="firm").text
        assert verify_receipt(later, new_pub)
        with pytest.raises(Problem, match="not signed by"):
            verify_receipt(later, old_pub)
        said = box.ok("GET", "/log/keys", key="")
        assert said["keys"] == new_pub.split()
        assert follow(old_pub, said["statements"]) == new_pub
        assert verify_receipt(later, follow(old_pub, said["statements"]))
        with box.house.store.read() as tx:
            assert fsck(tx, box.house.log_folder, new_pub).checkpoints > 1
        found = listed(box.settings)["epochs"]
        assert [(one["key"], one["epoch"], one["status"]) for one in found] == [
            ("master", 1, "retired"),
            ("master", 2, "active"),
            ("log", 1, "retired"),
            ("log", 2, "active"),
        ]


def test_what_a_stolen_key_makes_proves_nothing(tmp_path: Path) -> None:
    with ExitStack() as stack:
        box = Estate(tmp_path / "home", stack)
        box.publish()
        old = ask(box, 1)
        still(box)
        with pytest.raises(Problem, match="rotate it first"):
            compromised(box.settings, "master", 1)
        with pytest.raises(Problem, match="has epochs 1"):
            compromised(box.settings, "master", 7)
        rotated(box.settings, "master")
        rotated(box.settings, "log")
        assert compromised(box.settings, "master", 1) == 1
        with pytest.raises(Problem, match="already"):
            compromised(box.settings, "master", 1)
        old_key = (box.settings.home / "log.pub").read_text().split()[1]
        compromised(box.settings, "log", 1)
        lines = (box.settings.home / "log.pub").read_text().split("\n")
        assert lines[1] == FORMER + old_key
        box = again(box, stack)  # the public checkpoint is still one of the old key
        new = ask(box, 2)
        with box.house.store.read() as tx:
            closed = {base.epoch: base.closed_at for base in tx.find(Base)}
            assert closed["1"] is not None and closed["2"] is None
            kinds = [entry.kind for entry in tx.find(LogEntry)]
            assert kinds.count("key.compromised") == 2 and kinds.count("key.rotated") == 2
            assert fsck(tx, box.house.log_folder, box.house.log_public_key).checkpoints > 1
        pub = (box.settings.home / "log.pub").read_text()
        for job in (old, new):
            assert verify_receipt(box.web.call("GET", f"/jobs/{job}/receipt", key="firm").text, pub)
        keys = FileKeys(box.settings.key_folder)
        forged = Signer(box.settings.name, keys.signing_key("log")).sign(f"{box.settings.name}\n9\n{'A' * 43}=\n")
        with pytest.raises(NoteInvalid, match="not signed by"):
            open_checkpoint(forged, pub)
        assert box.ok("GET", "/log/keys", key="")["keys"] == pub.split("\n")[:1]


def test_a_statement_must_be_signed_by_both(tmp_path: Path) -> None:
    keys = FileKeys(tmp_path)
    keys.create(("log", "log-2", "log-3"))
    one, two, three = (Signer("box", keys.signing_key(name)) for name in ("log", "log-2", "log-3"))
    from sandbox.transparency.epochs import STATEMENT, statement

    good = [statement(one, two), statement(two, three)]
    assert follow(one.verifier_key, good).split() == [key.verifier_key for key in (three, two, one)]
    assert follow(two.verifier_key, good).split() == [three.verifier_key, two.verifier_key]
    text = f"{STATEMENT}\n{one.verifier_key}\n{two.verifier_key}\n"
    for bad in (one.sign(text), two.sign(text), three.sign(text)):
        with pytest.raises(NoteInvalid, match="not signed by"):
            follow(one.verifier_key, [bad])
    with pytest.raises(NoteInvalid):
        follow(one.verifier_key, ["something else\n\n— a AAAA\n"])


def test_a_rotation_that_breaks_off_is_finished_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sandbox.service import custody

    with ExitStack() as stack:
        box = Estate(tmp_path / "home", stack)
        box.finish()
        still(box)

        def broken(*_: object) -> int:
            raise RuntimeError("cut off")

        for name in ("_publish_key", "rotate"):
            with monkeypatch.context() as patched:
                patched.setattr(custody, name, broken)
                with pytest.raises(RuntimeError):
                    rotated(box.settings, "log")
            started = again(box, stack)
            started.web.join(f"{name.strip('_')}-user", "user")
            started.finish()
            started.scribe.close()
            still(box)
        assert rotated(box.settings, "log") == 2
        pub = (box.settings.home / "log.pub").read_text()
        assert len(pub.split()) == 2
        started = again(box, stack)
        started.finish()
        note = started.web.call("GET", "/log/checkpoint", key="").text
        assert open_checkpoint(note, pub.split()[0]).size > 0


def test_keys_in_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole instance with its keys in SoftHSM: made, asked, rotated, never in files."""
    token(tmp_path, monkeypatch)
    settings = {"key_store": "pkcs11", "pkcs11_module": MODULE, "pkcs11_token": "box"}
    for name, value in settings.items():
        monkeypatch.setenv(f"SANDBOX_{name.upper()}", value)
    folder = tmp_path / "home.keys"
    with pytest.raises(Problem, match="PIN into"):
        keyring(load(home=tmp_path / "home")).create()
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "pkcs11.pin").write_text("1234\n")
    with ExitStack() as stack:
        box = Estate(tmp_path / "home", stack)
        box.publish()
        first = ask(box, 1)
        assert verify_receipt(box.web.call("GET", f"/jobs/{first}/receipt", key="firm").text, box.house.log_public_key)
        assert sorted(file.name for file in folder.iterdir()) == [
            "pkcs11.pin",
            "release.wrapped",
            "spool.wrapped",
            "vault.wrapped",
        ]
        assert "token box" in listed(box.settings)["custody"]
        assert {check["name"]: check["ok"] for check in examine(box.settings)["checks"]}["keys"]
        still(box)
        assert rotated(box.settings, "master") == 2 and rotated(box.settings, "log") == 2
        box = again(box, stack)
        assert epoch_of(box, ask(box, 2)) == "2" and epoch_of(box, ask(box, 1)) == "1"
    keys = keyring(load(home=tmp_path / "home"))
    assert isinstance(keys, TokenKeys)
    held = keys._key("master-1", "secret_key")
    import pkcs11

    with pytest.raises(pkcs11.exceptions.PKCS11Error):
        held[pkcs11.Attribute.VALUE]
    with pytest.raises(Problem, match="has no key master-9"):
        keys.mac("master-9")
    wrapped = folder / "vault.wrapped"
    wrapped.write_bytes((folder / "spool.wrapped").read_bytes())
    with pytest.raises(Problem, match="does not open the key vault"):
        keys.secret("vault")
    wrapped.unlink()
    with pytest.raises(Problem, match="cannot be read"):
        keys.secret("vault")


def test_a_token_that_does_not_open_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pkcs11")
    (tmp_path / "pkcs11.pin").write_text("0000")
    (tmp_path / "vault.wrapped").write_bytes(b"x")
    with pytest.raises(Problem, match="SANDBOX_PKCS11_MODULE"):
        TokenKeys(tmp_path, "/nowhere.so", "box").secret("vault")
    with pytest.raises(Problem, match="need SANDBOX_PKCS11_MODULE"):
        keyring(load(home=tmp_path / "home", key_store="pkcs11"))


def test_files_keep_what_they_promise(tmp_path: Path) -> None:
    keys = FileKeys(tmp_path / "keys")
    keys.create()
    assert "5 keys" in keys.check(NAMES)
    os.chmod(tmp_path / "keys" / "vault.key", 0o644)
    with pytest.raises(Problem, match="can be read by others"):
        keys.check(NAMES)
    assert keys.mac("master-1")(b"x") != keys.mac("log")(b"x")
