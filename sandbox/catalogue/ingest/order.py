"""The keyed order of a unit's rows: a pseudorandom function of a row's content and of its number among equal rows.

It depends on the unit's own rows and a secret key only – never on the file, nor on other units – so every reload keeps
the same rows of a unit. The content is written as 16-byte blocks, as many for every row of a table: which cells are
NULL, then each number, date or truth value as 64 bits and each text as 128 bits of its SHA-256. CBC-MAC with AES-256
over messages of one length is a pseudorandom function (Bellare, Kilian and Rogaway 2000), here one ECB call of the
library for each block of a million rows. Further copies of equal rows are enciphered once more, with their number,
under a key of their own. Tags are never shown, and with 128 bits no two different rows will have the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

from sandbox.catalogue.entry import TableEntry
from sandbox.core.keys import derive

Words = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
DIGEST = 32  # hexadecimal digits of a text's SHA-256 that stand for it


@dataclass(frozen=True)
class Order:
    """Where the rows of a chunk stand: `places` are their positions, unit by unit in keyed order; `place` is each one's
    0-based place within its unit; `content` a number that rows of a unit share when they are equal."""

    places: Places
    place: Places
    content: Places


class RowOrder:
    """Orders the rows of one table."""

    def __init__(self, table: TableEntry, prf_key: bytes) -> None:
        label = f"{table.name}({','.join(f'{column.name} {column.type}' for column in table.columns)})"
        self._content = _cipher(derive(prf_key, f"row content {label}"))
        self._copies = _cipher(derive(prf_key, f"row copies {label}"))

    def order(self, unit: npt.NDArray[np.int64], words: Sequence[Words]) -> Order:
        """Order rows given by their unit codes, ascending, and their contents as columns of words."""
        tags = self._tags(len(unit), words)
        places = _sorted(unit, tags)
        content = _contents(unit[places], tags[places])
        copy = within(content)
        if copy.any():
            again, by_row = places[copy > 0], np.empty(len(unit), np.int64)
            numbered, by_row[places] = tags[again], content
            numbered[:, 0] ^= copy[copy > 0].astype(np.uint64)
            tags[again] = _encipher(self._copies, numbered)
            places = _sorted(unit, tags)
            content = by_row[places]
        return Order(places, within(unit), content)

    def _tags(self, rows: int, words: Sequence[Words]) -> Words:
        state = np.zeros((rows, 2), np.uint64)
        for number, word in enumerate(words):
            state[:, number % 2] ^= word
            if number % 2 or number == len(words) - 1:
                state = _encipher(self._content, state)
        return state


def null_words(valid: Sequence[npt.NDArray[np.bool_] | None], rows: int) -> list[Words]:
    """Give which cells of each row are NULL, 64 columns a word."""
    found = [np.zeros(rows, np.uint64) for _ in range(-(-len(valid) // 64))]
    for number, one in enumerate(valid):
        if one is not None:
            found[number // 64] |= (~one).astype(np.uint64) << np.uint64(number % 64)
    return found


def text_words(texts: Sequence[str]) -> Words:
    """Give the words of each text, and a last row of zeros, for NULL."""
    digests = b"".join(hashlib.sha256(text.encode()).hexdigest()[:DIGEST].encode() for text in texts)
    return np.frombuffer(digests + bytes(DIGEST), np.uint64).reshape(len(texts) + 1, DIGEST // 8)


def within(ascending: npt.NDArray[np.int64]) -> Places:
    """Give each position's 0-based place in its run of equal values."""
    starts = np.flatnonzero(starting(ascending))
    return np.arange(len(ascending)) - np.repeat(starts, np.diff(np.append(starts, len(ascending))))


def starting(ascending: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Say of each position whether a run of equal values begins there."""
    starts = np.ones(len(ascending), np.bool_)
    np.not_equal(ascending[1:], ascending[:-1], out=starts[1:])
    return starts


def _sorted(unit: npt.NDArray[np.int64], tags: Words) -> Places:
    """Give the positions in order of (unit, tag). Units ascend and have few rows each, so that one stable sort of unit
    and half a tag does nearly everything; only where that ties are whole tags compared."""
    number = np.cumsum(starting(unit)) - 1
    spare = int(number[-1]).bit_length() if len(number) else 0
    short = (number.astype(np.uint64) << np.uint64(64 - spare)) if spare else np.zeros(len(unit), np.uint64)
    short |= tags[:, 0] >> np.uint64(spare)
    places = np.argsort(short, kind="stable")
    ordered = short[places]
    ties = np.zeros(len(unit), np.bool_)
    np.equal(ordered[1:], ordered[:-1], out=ties[1:])
    ties[:-1] |= ties[1:]
    if ties.any():
        tied = places[ties]
        places[ties] = tied[np.lexsort((tags[tied, 1], tags[tied, 0], number[tied]))]
    return places


def _contents(unit: npt.NDArray[np.int64], tags: Words) -> Places:
    """Number the runs of equal rows, rows being in order."""
    new = starting(unit)
    new[1:] |= (tags[1:] != tags[:-1]).any(axis=1)
    return np.cumsum(new)


def _cipher(key: bytes) -> CipherContext:
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 – blocks of a MAC, not a mode for texts


def _encipher(cipher: CipherContext, blocks: Words) -> Words:
    out = bytearray(blocks.nbytes + 15)
    cipher.update_into(blocks.tobytes(), out)
    return np.frombuffer(out, np.uint64, blocks.size).reshape(blocks.shape)
