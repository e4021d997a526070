"""The vectors that fix keys, cells, chips, design and copy for ever: stored marks must stay traceable.

`vectors/marks.json` holds what the first version gave. Keys, cells and chips are also made again here straight from
their definition, without the package."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from watermarking import chips
from watermarking.base import Base, Primitive, Value
from watermarking.cells import canonical, cell_hash, ranks
from watermarking.design import Design
from watermarking.embed import embed
from watermarking.keys import base_key, user_key

FILE = Path(__file__).parent / "vectors" / "marks.json"
MASTER, ID, RECIPIENT = bytes(range(32)), b"base_0001", "91110000MA01234567"
DAY = date(2024, 2, 29)
VALUES: list[Value] = [None, True, -0, 12, Decimal("-0.50"), Decimal("1E+3"), DAY, "  Mu\u0308ller ", "１２", "007"]


def small() -> Base:
    groups: tuple[tuple[Value, ...], ...] = tuple((age, dept) for age in range(20, 30) for dept in ("内科", None))
    primitives = (Primitive("rows", Fraction(5, 2), True), Primitive("sum", Fraction(7001, 1024), False))
    return Base(ID, ("age", "dept"), groups, primitives, tuple((i, 100 * i - 900) for i in range(20)))


def large() -> Base:
    groups: tuple[tuple[Value, ...], ...] = tuple((n,) for n in range(400))
    return Base(ID, ("n",), groups, (Primitive("rows", Fraction(50), True),), tuple((n,) for n in range(400)))


def now() -> dict[str, Any]:
    """What the code gives."""
    k_base, k_user = base_key(MASTER, ID), user_key(MASTER, RECIPIENT, ID)
    return {
        "k_base": k_base.hex(),
        "k_user": k_user.hex(),
        "canonical": [canonical(value) for value in VALUES],
        "cell": cell_hash(("b", "a"), (Decimal("1.50"), "x"), "rows").hex(),
        "words": chips.words(k_user, 4).tolist(),
        "positions": chips.positions(k_base, 4).tolist(),
        "thresholds": chips.thresholds(k_base, 4, arcsine=True).tolist(),
        "levels": hashlib.sha256(chips._levels().astype(">u4").tobytes()).hexdigest(),
        "small": {
            "ranks": [[None if rank < 0 else rank for rank in row] for row in ranks(small()).reshape(-1, 2).tolist()],
            "design": Design.of(small()).to_json(),
            "copy": [list(row) for row in embed(small(), Design.of(small()), k_base, k_user)],
        },
        "large": {
            "design": Design.of(large()).to_json(),
            "copy": [row[0] for row in embed(large(), Design.of(large()), k_base, k_user)],
        },
    }


def test_the_vectors_hold() -> None:
    assert now() == json.loads(FILE.read_text("utf-8"))


def test_keys_and_cells_by_definition() -> None:
    vectors = json.loads(FILE.read_text("utf-8"))

    def framed(*parts: bytes) -> bytes:
        return b"".join(len(part).to_bytes(8, "big") + part for part in parts)

    def keyed(*parts: bytes) -> str:
        return hmac.new(MASTER, framed(*parts), hashlib.sha256).hexdigest()

    assert vectors["k_base"] == keyed(b"watermarking/base/v1", ID)
    assert vectors["k_user"] == keyed(b"watermarking/user/v1", RECIPIENT.encode(), ID)
    cell = framed(b"watermarking/cell/v1", framed(b"a", b"x", b"b", b"1.5"), b"rows")
    assert vectors["cell"] == hashlib.sha256(cell).hexdigest()


def test_chips_by_definition() -> None:
    vectors = json.loads(FILE.read_text("utf-8"))
    key = bytes.fromhex(vectors["k_user"])
    stream = Cipher(algorithms.AES256(key), modes.CTR(bytes(16))).encryptor().update(bytes(16))
    assert vectors["words"] == [int.from_bytes(stream[i : i + 4], "big") for i in range(0, 16, 4)]
    base, copy = small(), vectors["small"]["copy"]
    rank, delta = vectors["small"]["ranks"], vectors["small"]["design"]["marks"][1]["delta"]
    words = chips.words(key, base.cells)
    for row, (places, (_, total)) in enumerate(zip(rank, copy, strict=True)):
        assert total - base.values[row][1] == (delta if words[places[1]] < 2**31 else -delta)


def test_no_level_depends_on_the_last_bit_of_a_sine() -> None:
    start = np.arcsin(np.sqrt(np.longdouble("0.01")))
    angle = start + (np.pi / 2 - 2 * start) * (np.arange(1024) + np.longdouble(0.5)) / 1024
    exact = np.sin(angle) ** 2 * 2**32
    assert np.abs(exact - np.rint(exact)).min() > 1e-6
    assert (np.floor(exact).astype(np.uint32) == chips._levels()).all()
