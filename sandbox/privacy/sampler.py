"""Discrete Gaussian samples by inverting a table of cumulative weights. Exact: nothing is cut off or rounded.

**Law.** Let U be uniform on [0, 1), its binary digits independent fair bits, and M = the number of m with G_m ≤ U,
where G_m = P(|X| ≤ m). Then P(M = m) = P(G_{m−1} ≤ U < G_m) = G_m − G_{m−1} = P(|X| = m). With a further fair bit for
the sign, P(±M = k) = P(|X| = |k|)/2 = P(X = k) for k ≠ 0, and ±0 = 0 has P(|X| = 0) = P(X = 0).

**Digits as needed.** Let u be the first b digits of U as a whole number, u ≤ U·2^b < u + 1, and T = `boundaries`, which
proves T_m ≤ G_m·2^b < T_m + 2. Let j be the number of T_m ≤ u. If u ≥ T_{j−1} + 2, M is known to be j:
- for m < j, G_m·2^b < T_m + 2 ≤ T_{j−1} + 2 ≤ u, so G_m ≤ U;
- for m ≥ j, G_m·2^b ≥ T_m ≥ u + 1 > U·2^b, so G_m > U. Weights behind the table are no exception: its last T is
  2^b − 1, here above u, and G_m grows.

Otherwise u is a *tie* – with one entry or with many that share all b digits, or all ones, where the tail lies. A tie
draws 64 more digits and asks the same of a table certified to as many, which also reaches further out. What is decided
holds for every U that begins with u, so M is that of the whole U: the law above, nothing left over. It ends: after b
digits a tie is left with probability at most (K + 2)·2^(1−b), and K grows like √b only. (Tables carry a 0 before T_0,
which saves a special case at j = 0 and makes ties of the words 0 and 1.)

**Work.** One word, one search and one sign bit a sample; at σ = 1000 one sample in 2⁴⁹ is a tie. Where samples are
many, their first 16 digits are drawn alone, for most of them say already what a search would find: no T begins so, nor
is one less than the first number that does. Only the others get the digits of a whole word. Words are the system's
random bits, with no generator in between: nothing to seed, to fork or to share among threads. Noise is drawn apart from
what it is added to, so time – further draws included – depends on σ, on the number of samples and on the random bits,
never on a value.

**Memory.** A table of σ ≤ `WIDEST` has at most 170,000 words (1.4 MB), and a guide 0.3 MB; the `TABLES` last used are
kept: 26 MB at most. Building one takes 20 MB for 0.1 s (σ = 1000: 1 MB, 7 ms). Threads share tables, which are never
written to; two that miss the same one build it twice. Samples are drawn `CHUNK` at a time, which takes 3 MB beside the
array returned.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from os import urandom

import numpy as np
from numpy.typing import NDArray

from sandbox.privacy.cumulative import WIDEST, boundaries

TABLES = 16
CHUNK = 1 << 16
GUIDED = 1 << 13
"""The samples from which on a guide is used; making it takes as long as searching for some 4,000."""
_WORD, _PREFIX = 64, 16
_OPEN = -1  # in a guide: the prefix does not say it
Bounds = Callable[[int], list[int]]
"""From a number of bits to T_0 ≤ T_1 ≤ …"""


@dataclass(frozen=True, eq=False)
class Table:
    """T of one word, with a 0 before them, never written to."""

    entries: NDArray[np.uint64]

    @cached_property
    def guide(self) -> NDArray[np.int32] | None:
        """Give for each prefix of a word the entry that the search finds, where that is so for every word that begins
        with it: no other entry begins so, and none is a tie. None where not even half of the prefixes are such."""
        shift, size = np.uint64(_WORD - _PREFIX), 1 << _PREFIX
        begun = np.bincount((self.entries >> shift).astype(np.int64), minlength=size)
        found = (np.cumsum(begun) - 1).astype(np.int32)
        found[begun > 0] = _OPEN
        behind = (self.entries + np.uint64(1)) >> shift  # all ones become 0, where the first entry begins
        found[behind.astype(np.int64)] = _OPEN
        found.setflags(write=False)
        return found if 2 * np.count_nonzero(found == _OPEN) <= size else None


def draw(count: int, sigma: int) -> NDArray[np.int64]:
    """Give `count` independent samples of P(k) ∝ exp(−k²/2σ²) with σ = sigma/1024 and 1 ≤ sigma ≤ `WIDEST`.

    Raises ValueError for another sigma, and whatever the system raises when it has no random bits.
    """
    if not 1 <= sigma <= WIDEST:
        raise ValueError("σ has no table")
    chunks = [_chunk(min(CHUNK, count - start), sigma) for start in range(0, count, CHUNK)]
    return np.concatenate(chunks) if chunks else np.zeros(0, np.int64)


def _chunk(count: int, sigma: int) -> NDArray[np.int64]:
    found = invert(count, _table(sigma), partial(boundaries, sigma))
    signs = np.unpackbits(_random(-(-count // 8)), count=count)
    return np.negative(found, out=found, where=signs.view(np.bool_))


@lru_cache(maxsize=TABLES)
def _table(sigma: int) -> Table:
    return tabulate(partial(boundaries, sigma))


def tabulate(bounds: Bounds) -> Table:
    """Give the table of one word, for any law whose `bounds` are certified as above."""
    entries = np.array([0, *bounds(_WORD)], np.uint64)
    entries.setflags(write=False)
    return Table(entries)


def invert(count: int, table: Table, bounds: Bounds) -> NDArray[np.int64]:
    """Give M for `count` independent U, by the table of `bounds` and, for ties, by `bounds` of more digits."""
    guide = table.guide if count >= GUIDED else None
    if guide is None:
        return _searched(words(count), table, bounds)
    prefixes = _random(_PREFIX // 8 * count).view(np.uint16)
    found = guide.take(prefixes).astype(np.int64)
    rest = np.flatnonzero(found == _OPEN)
    begun = prefixes[rest].astype(np.uint64) << np.uint64(_WORD - _PREFIX)
    found[rest] = _searched(begun | words(len(rest)) >> np.uint64(_PREFIX), table, bounds)
    return found


def _searched(words: NDArray[np.uint64], table: Table, bounds: Bounds) -> NDArray[np.int64]:
    found = np.searchsorted(table.entries, words, side="right") - 1
    for place in np.flatnonzero(words - table.entries[found] < 2):
        found[place] = _settle(int(words[place]), bounds)
    return found


def _settle(digits: int, bounds: Bounds) -> int:
    """Give M for a U that begins with a tie, by the same rule on longer prefixes."""
    bits = _WORD
    while True:
        bits += _WORD
        digits = digits << _WORD | int(words(1)[0])
        table = [0, *bounds(bits)]
        found = bisect_right(table, digits) - 1
        if digits - table[found] >= 2:
            return found


def words(count: int) -> NDArray[np.uint64]:
    """Give `count` words of the system's random bits."""
    return _random(8 * count).view(np.uint64)


def _random(size: int) -> NDArray[np.uint8]:
    return np.frombuffer(urandom(size), np.uint8, size)  # the size again: fewer bytes are an error, not zeros
