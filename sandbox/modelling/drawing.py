"""Rows drawn from the model of a synthetic table: by a seed, in whole numbers, the same on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from numpy.typing import NDArray

from sandbox.modelling.network import WHOLE, Codes, Network, configuration
from sandbox.plan.drawn import Coded
from sandbox.plan.scalar import Value

Words = NDArray[np.uint64]
SEED_TAG = b"synthetic/rows/v1"


def seed_of(before: Sequence[int], marked: Sequence[int]) -> bytes:
    """Give the seed (32 bytes) of a recipient: which way its marks move each place of `SEED`."""
    moved = bytes(after > held for held, after in zip(before, marked, strict=True))
    return hashlib.sha256(SEED_TAG + moved).digest()


def draw(net: Network, count: int, seed: bytes) -> Codes:
    """Give `count` rows of codes, rows × columns, each drawn by itself from the model: of every row one word of 32 bits
    for each column, in the order of the tables."""
    words = _words(seed, count * len(net.sizes)).reshape(len(net.sizes), count)
    codes: dict[int, Codes] = {}
    for family, table, word in zip(net.families, net.tables, words, strict=True):
        ends = table.cumsum(axis=1).astype(np.uint64)[:, :-1]
        at = configuration(net, family, codes, count)
        drawn = np.zeros(count, np.int64)
        for begin in range(0, count, 4096):
            part = slice(begin, begin + 4096)
            drawn[part] = (ends[at[part]] <= word[part, None]).sum(axis=1)
        codes[family.column] = drawn
    return np.stack([codes[column] for column in range(len(net.sizes))], axis=1)


def shown(columns: Sequence[Coded], codes: Codes, seed: bytes) -> list[list[Value]]:
    """Give the columns as values: of a bin any step within it, alike probable and drawn by the seed; the answer's
    values of codes otherwise."""
    words = _words(hashlib.sha256(seed + b"within").digest(), codes.size).reshape(codes.shape[1], codes.shape[0])
    found: list[list[Value]] = []
    for place, column in enumerate(columns):
        mine = codes[:, place]
        if column.values:
            options = [*column.values, *([None] if column.nulls else [])]
            found.append([options[code] for code in mine.tolist()])
            continue
        low = np.array([*column.edges[:-1], 0], np.int64)
        wide = np.array([*(b - a for a, b in zip(column.edges, column.edges[1:], strict=False)), 1], np.uint64)
        steps = low[mine] + (words[place] * wide[mine] // np.uint64(WHOLE)).astype(np.int64)
        empty = mine == len(column.edges) - 1
        found.append([None if no else column.at(step) for step, no in zip(steps.tolist(), empty.tolist(), strict=True)])
    return found


def _words(seed: bytes, count: int) -> Words:
    """The first words of AES-256-CTR under the seed, 32 bits big-endian each; every seed serves one stream."""
    stream = Cipher(algorithms.AES256(seed), modes.CTR(bytes(16))).encryptor().update(bytes(4 * count))
    return np.frombuffer(stream, ">u4").astype(np.uint64)
