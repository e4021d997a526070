"""Every index owns exactly its share: all places of a small table are tried, and all bits that follow them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import product

import numpy as np
import pytest
from gaussian_reference import wide

from sandbox.privacy import exponential
from sandbox.privacy.exponential import choose, quantile
from sandbox.privacy.histogram import Histogram

BITS = 3  # of a further word
WORDS = 2


class RanOut(Exception):
    """The scripted bits are used up: R and the weight have not been told apart."""


class Again(Exception):
    """The first attempt was in vain."""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(exponential, "_PLACES", 3)
    monkeypatch.setattr(exponential, "_WORD", BITS)
    exponential._kept.cache_clear()
    yield
    exponential._kept.cache_clear()


def owned(draw: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> tuple[Counter[int], int]:
    """Give how many of the 2^(BITS·WORDS) parts of a place each index owns for certain, and the size of the table."""
    parts: Counter[int] = Counter()
    sizes: list[int] = []

    def attempt(place: int, words: Sequence[int]) -> int:
        script, places = list(words), [place]

        def below(limit: int) -> int:
            sizes.append(limit)
            if not places:
                raise Again
            return places.pop()

        def bits(count: int) -> int:
            assert count == BITS
            if not script:
                raise RanOut
            return script.pop(0)

        monkeypatch.setattr(exponential, "randbelow", below)
        monkeypatch.setattr(exponential, "randbits", bits)
        drawn = draw()
        assert not script, "more bits were drawn than needed to decide"
        return drawn

    def follow(place: int, words: tuple[int, ...]) -> None:
        try:
            parts[attempt(place, words)] += 2 ** (BITS * (WORDS - len(words)))
        except Again:
            pass
        except RanOut:
            for word in range(2**BITS) if len(words) < WORDS else ():
                follow(place, (*words, word))

    follow(0, ())
    for place in range(1, sizes[0]):
        follow(place, ())
    assert set(sizes) == {sizes[0]}
    return parts, sizes[0]


def shares(scores: Sequence[int], sigma: int, places: int) -> dict[int, int]:
    """⌊w·2^places⌋ of each index, where that is not 0, from 200 digits."""
    context, least = wide(), min(scores)
    weights = [context.exp(context.divide((least - score) * 1024, sigma)) for score in scores]
    whole = [int(context.multiply(weight, 2**places)) for weight in weights]
    return {place: share for place, share in enumerate(whole) if share}


SCORES = [
    [0],
    [5, 5, 5],
    [0, 1, 2, 3, 50, 1, 0],
    [100, 90, 95, 1000, 10**6],
    [2**80, 2**80 + 1, 2**80 + 3, 2**200],
    [7 * 10**6, 7 * 10**6 + 400_000, 8 * 10**6, 2**62 - 1],
]


@pytest.mark.parametrize("scores", SCORES)
@pytest.mark.parametrize("sigma", [1, 700, 1024, 5 * 1024, 300 * 1024, 10**9, 2**70])
def test_every_index_owns_its_weight(scores: list[int], sigma: int, monkeypatch: pytest.MonkeyPatch) -> None:
    places = max(3, len(scores).bit_length() + 2)
    found, size = owned(lambda: choose(scores, sigma), monkeypatch)
    assert found == shares(scores, sigma, places + BITS * WORDS)
    enough = sum(shares(scores, sigma, 64).values()) / 2.0 ** (64 - places) * 1.02 + len(scores)
    assert size <= enough, "little of the table is in vain"


def by_definition(bins: dict[int, int], size: int, rank: tuple[int, int]) -> list[int]:
    a, b = rank
    target = a * sum(bins.values())
    below = [sum(n for bin_, n in bins.items() if bin_ < place) for place in range(size + 1)]
    return [max(b * below[place] - target, target - b * below[place + 1], 0) for place in range(size)]


HISTOGRAMS = [
    ({}, 1),
    ({}, 6),
    ({0: 3}, 1),
    ({4: 2}, 9),
    ({0: 1, 1: 1, 2: 1, 3: 1, 4: 1}, 5),
    ({0: 4, 3: 0, 7: 2, 8: 5, 11: 1}, 12),
    ({2: 1, 3: 40, 9: 2}, 14),
    ({1: 10**25, 5: 3, 6: 10**25 + 1}, 8),
    ({0: 1000, 5: 1, 6: 1000}, 7),
    ({0: 2**61, 3: 2**61 + 2, 5: 2**62}, 7),
]


@pytest.mark.parametrize(("bins", "size"), HISTOGRAMS)
@pytest.mark.parametrize("rank", [(1, 2), (1, 10), (9, 10), (0, 1), (1, 1), (3, 7)])
@pytest.mark.parametrize("sigma", [300, 2048, 50 * 1024])
def test_every_bin_owns_its_weight(
    bins: dict[int, int], size: int, rank: tuple[int, int], sigma: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = max(3, size.bit_length() + 2)
    found, _ = owned(lambda: quantile(list(bins.items()), size, rank, sigma), monkeypatch)
    assert found == shares(by_definition(bins, size, rank), sigma, places + BITS * WORDS)


def test_an_array_of_bins_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    bins = [(3, 5), (4, 1), (9, 6)]
    draws = [lambda: quantile(bins, 12, (1, 2), 4096), lambda: quantile(np.array(bins), 12, (1, 2), 4096)]
    assert owned(draws[0], monkeypatch) == owned(draws[1], monkeypatch)


def test_a_table_never_lies_below_a_weight() -> None:
    for sigma, places in product((1, 900, 1024, 64 * 1024, 10**6, 2**40 + 12345), (3, 32, 40, 70)):
        weights = exponential.Weights(sigma, places)
        assert weights.bounds[-1] == 1 and len(weights.bounds) < 90 * places + 2
        for step in range(0, len(weights.bounds), 1 + len(weights.bounds) // 50):
            truth = wide().exp(wide().divide(-(step << weights.shift) * 1024, sigma)) * 2**places
            assert truth <= int(weights.bounds[step]) <= truth + 1 + Decimal(2) ** (places - 31)
        assert weights.reach == len(weights.bounds) - 1 << weights.shift


def test_more_bins_than_a_word_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """2⁴⁵ bins in the order of runs – gap, gap, bin 77 – of 2⁴⁸ places each: none of these sums fits 64 bits."""
    size = 1 << 45
    for place, expected in ((0, 0), (76, 76), (77, 78), (size - 2, size - 1), (size - 1, 77)):
        monkeypatch.setattr(exponential, "randbelow", lambda limit, place=place: limit // size * place)
        assert quantile([(77, 1)], size, (1, 2), 1 << 40) == expected


@pytest.mark.parametrize("reach", [0, 1, 4, 100])
def test_an_even_split_is_both_heaps_and_the_empty_middle(reach: int) -> None:
    """Two equal heaps: they and all that lies between have score 0; the ends are far."""
    histogram = Histogram(np.array([10, 20]), np.array([50, 50]), 40, (1, 2))
    starts, lengths, distances = histogram.near(reach)
    assert sum(lengths) == 40
    assert (11, 9, 0) in set(zip(starts.tolist(), lengths.tolist(), distances.tolist(), strict=True))
    assert [histogram.distance(number) for number in (0, 10, 11, 20, 39)] == [100, 0, 0, 0, 100]


@pytest.mark.parametrize(
    "call",
    [
        lambda: choose([], 1024),
        lambda: choose([1, -1], 1024),
        lambda: choose([1, 2], 0),
        lambda: quantile([(1, 1)], 2, (1, 2), 0),
        lambda: quantile([(1, 1)], 1, (1, 2), 9),
        lambda: quantile([(-1, 1)], 2, (1, 2), 9),
        lambda: quantile([(1, 1), (1, 2)], 2, (1, 2), 9),
        lambda: quantile([(1, 1), (0, 2)], 2, (1, 2), 9),
        lambda: quantile([(0, -1)], 2, (1, 2), 9),
        lambda: quantile([(0, 1)], 2, (3, 2), 9),
        lambda: quantile([(0, 1)], 2, (0, 0), 9),
        lambda: quantile([], 0, (1, 2), 9),
    ],
)
def test_nonsense_is_refused(call: Callable[[], int]) -> None:
    with pytest.raises(ValueError):
        call()


def test_fractions_are_no_scores() -> None:
    with pytest.raises(TypeError):
        choose([1, 2.5], 1024)  # type: ignore[list-item]
