"""What every place for keys must do: files, a token, a key management service."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from keyrings import STORES, made

from sandbox.bootstrap import keyring
from sandbox.core import hsm, keys, kms
from sandbox.core.keys import NAMES, SECRETS, Keyring
from sandbox.errors import Problem
from sandbox.settings import load


@pytest.fixture(params=STORES)
def custody(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keyring]:
    found, services = made(request.param, tmp_path, monkeypatch)
    yield found
    for one in services:
        one.stop()


def known(custody: Keyring) -> list[bytes]:
    """What the five keys give."""
    log = custody.signing_key("log").public_key().public_bytes_raw()
    return [*(custody.secret(name) for name in SECRETS), custody.mac("master-1")(b"said"), log]


def test_keys_are_made_once_and_stay(custody: Keyring, tmp_path: Path) -> None:
    custody.create()
    found = known(custody)
    custody.create()
    again = keyring(load(home=tmp_path / "home"))  # another process
    assert known(again) == known(custody) == found
    assert len(set(found)) == len(NAMES)
    assert {len(one) for one in found} == {32}


def test_a_master_key_is_a_function_of_what_is_said(custody: Keyring) -> None:
    custody.create(("master-1", "master-2"))
    macs = [custody.mac(name) for name in ("master-1", "master-2")]
    said = [b"\x00", b"a", b"\xff" * 1000]
    given = [mac(message) for mac in macs for message in said]
    assert len(set(given)) == len(given)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(macs[0], said * 8)) == given[: len(said)] * 8


def test_a_log_key_signs(custody: Keyring) -> None:
    custody.create(("log", "log-2"))
    first, second = custody.signing_key("log"), custody.signing_key("log-2")
    signature = first.sign(b"checkpoint")
    first.public_key().verify(signature, b"checkpoint")
    for other, message in ((second, b"checkpoint"), (first, b"another")):
        with pytest.raises(InvalidSignature):
            other.public_key().verify(signature, message)


def test_what_is_missing_is_told(custody: Keyring) -> None:
    custody.create()
    assert "keys" in custody.check(NAMES)
    for ask in (
        lambda: custody.secret("nothing"),
        lambda: custody.mac("master-9"),
        lambda: custody.signing_key("log-9"),
        lambda: custody.check(("master-9",)),
        lambda: custody.check(("log-9",)),
    ):
        with pytest.raises(Problem, match=r"has no key|cannot be read") as told:
            ask()
        assert told.value.code == "not_ready"


def test_what_is_cut_off_is_made_whole(custody: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    write, written = keys.write_private, []

    def broken(path: Path, data: bytes) -> None:
        if len(written) == 2:
            raise OSError("the disk is full")
        written.append(path)
        write(path, data)

    with monkeypatch.context() as cut:
        for module in (keys, hsm, kms):
            cut.setattr(module, "write_private", broken)
        with pytest.raises(OSError, match="disk is full"):
            custody.create()
    early = [path.read_bytes() for path in written]
    custody.create()
    assert [path.read_bytes() for path in written] == early
    assert len(set(known(custody))) == len(NAMES)


@pytest.mark.parametrize("custody", ["pkcs11", "kms"], indirect=True)
def test_a_secret_opens_under_its_own_name_only(custody: Keyring, tmp_path: Path) -> None:
    custody.create()
    vault = tmp_path / "home.keys" / "vault.wrapped"
    vault.write_bytes((tmp_path / "home.keys" / "spool.wrapped").read_bytes())
    for ask in (lambda: custody.secret("vault"), lambda: custody.check(NAMES)):
        with pytest.raises(Problem, match=r"the key vault") as told:
            ask()
        assert told.value.code == "not_ready"
