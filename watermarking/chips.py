"""Chips: one keyed bit per cell and recipient, and the bias it is drawn with.

Key streams are AES-256-CTR with a zero first block (every key serves one stream only); word i, 32 bits big-endian,
belongs to the cell of rank i. A chip is 1 when its word is below the cell's threshold ⌊p·2³²⌋.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from functools import cache

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from numpy.typing import NDArray

from watermarking.keys import framed

POSITIONS_TAG = b"watermarking/positions/v1"
ONE = 2**32
CUTOFF = 0.01  # Tardos' cut-off: no bias closer to 0 or 1
BIAS_BITS = 10  # biases come from 1,024 equally likely levels

Words = NDArray[np.uint32]


def words(key: bytes, count: int) -> Words:
    """Give the first `count` words of the stream of `key` (32 bytes)."""
    stream = Cipher(algorithms.AES256(key), modes.CTR(bytes(16))).encryptor().update(bytes(4 * count))
    return np.frombuffer(stream, ">u4").astype(np.uint32)


def thresholds(k_base: bytes, count: int, arcsine: bool) -> Words:
    """Give ⌊p·2³²⌋ for each rank: p = ½, or arcsine-distributed in [0.01, 0.99] (Tardos, J. ACM 2008)."""
    if not arcsine:
        return np.full(count, ONE // 2, np.uint32)
    levels: Words = _levels()[words(k_base, count) >> (32 - BIAS_BITS)]
    return levels


def positions(k_base: bytes, count: int) -> Words:
    """Give the words by which K_base chooses which cells of a sparse primitive are marked, for all recipients alike."""
    return words(hmac.digest(k_base, framed(POSITIONS_TAG), hashlib.sha256), count)


def chips(k_user: bytes, limits: Words) -> NDArray[np.bool_]:
    """Give the recipient's chips, one per rank, for the thresholds `limits` of all ranks."""
    return words(k_user, len(limits)) < limits


def chips_at(k_user: bytes, rank: NDArray[np.int64], limit: Words) -> NDArray[np.bool_]:
    """Give the recipient's chips of the ranks `rank` (ascending) alone, for their thresholds `limit`."""
    if not len(rank):
        return np.zeros(0, bool)
    count = int(rank[-1]) + 1
    if 8 * len(rank) >= count:
        stream = words(k_user, count)
        return (stream if len(rank) == count else stream[rank]) < limit
    # Counter mode by hand: block j of the stream is the cipher of j, so a few cells of many need a few blocks.
    counters = np.zeros((len(rank), 2), ">u8")
    counters[:, 1] = rank // 4
    cipher = Cipher(algorithms.AES256(k_user), modes.ECB()).encryptor()  # noqa: S305 - each block differs
    blocks = np.frombuffer(cipher.update(counters.tobytes()), ">u4").reshape(-1, 4)
    return np.asarray(blocks[np.arange(len(rank)), rank % 4].astype(np.uint32) < limit, bool)


@cache
def _levels() -> Words:
    """sin² at the middle of 1,024 equal steps of the angle. No level lies within 10⁻⁶ of an integer times 2⁻³²
    (tested), so that every correct `sin` gives the same table."""
    start = math.asin(math.sqrt(CUTOFF))
    width = math.pi / 2 - 2 * start
    steps = 2**BIAS_BITS
    return np.array([int(math.sin(start + width * (k + 0.5) / steps) ** 2 * ONE) for k in range(steps)], np.uint32)
