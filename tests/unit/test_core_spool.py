"""Uploads in the spool: whole, secret, bound to their name, and never half there."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sandbox.core.sealing import SealBroken, Sealer
from sandbox.core.spool import CHUNK, Spool
from sandbox.errors import Problem

SECRET = b"person 4711 earns 99999"


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    (tmp_path / "spool").mkdir()
    key = X25519PrivateKey.generate()
    return Spool(tmp_path / "spool", key.public_key(), key)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, 2 * CHUNK + 7])
def test_what_goes_in_comes_out(spool: Spool, tmp_path: Path, size: int) -> None:
    data = (SECRET * (size // len(SECRET) + 1))[:size]
    ref = spool.write(io.BytesIO(data), limit=size)
    assert (ref.size, ref.digest) == (size, hashlib.sha256(data).hexdigest())
    assert SECRET not in (spool.folder / ref.name).read_bytes()
    with spool.opened(ref.name, tmp_path) as plain:
        assert plain.read_bytes() == data
        assert plain.stat().st_mode & 0o077 == 0
    assert not plain.exists()


def test_too_large_leaves_nothing(spool: Spool) -> None:
    with pytest.raises(Problem) as refusal:
        spool.write(io.BytesIO(b"x" * 101), limit=100)
    assert refusal.value.code == "upload_too_large"
    assert list(spool.folder.iterdir()) == []


def test_a_broken_stream_leaves_nothing(spool: Spool) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("connection lost")

    with pytest.raises(OSError, match="lost"):
        spool.write(Broken(), limit=100)
    assert list(spool.folder.iterdir()) == []


def test_altered_cut_or_moved_spools_do_not_open(spool: Spool, tmp_path: Path) -> None:
    ref = spool.write(io.BytesIO(SECRET), limit=100)
    whole = (spool.folder / ref.name).read_bytes()
    flipped = whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:]
    for name, damaged in ((ref.name, flipped), (ref.name, whole[:-1]), ("moved", whole)):
        (spool.folder / name).write_bytes(damaged)
        with pytest.raises(SealBroken), spool.opened(name, tmp_path):
            pytest.fail("opened")


def test_a_seal_is_bound_to_key_and_context() -> None:
    sealed = Sealer(b"k" * 32).seal(SECRET, "here")
    assert Sealer(b"k" * 32).open(sealed, "here") == SECRET
    for key, context in ((b"k" * 32, "there"), (b"l" * 32, "here")):
        with pytest.raises(SealBroken):
            Sealer(key).open(sealed, context)
