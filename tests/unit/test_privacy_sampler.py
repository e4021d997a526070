"""The sampler decides every prefix as the definition does: whole trees of bits at a tiny word, and each boundary, tie
and tail at the real one."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from gaussian_reference import Script, cumulative, shares

from sandbox.privacy import mechanisms, rejection, sampler
from sandbox.privacy.cumulative import WIDEST

ONES = 2**64 - 1
TINY = 3  # bits of a word


class RanOut(Exception):
    """The scripted bits are used up: the prefix does not decide."""


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampler, "_WORD", TINY)
    monkeypatch.setattr(sampler, "_table", sampler._table.__wrapped__)


def law(sigma: int, depth: int, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[int, Fraction], Fraction]:
    """Walk the whole tree of words down to `depth`: the probability that each sample is decided, and of none."""
    decided: dict[int, Fraction] = defaultdict(Fraction)
    open_, waiting = Fraction(0), [((), sign) for sign in (0, 1)]
    while waiting:
        prefix, sign = waiting.pop()
        script = list(prefix)

        def words(count: int, script: list[int] = script) -> np.ndarray:
            if not script:
                raise RanOut
            return np.array([script.pop(0)], np.uint64)

        monkeypatch.setattr(sampler, "words", words)
        monkeypatch.setattr(sampler, "urandom", lambda size, sign=sign: bytes([sign << 7]) * size)
        share = Fraction(1, 2 ** (1 + TINY * len(prefix)))
        try:
            (sample,) = sampler.draw(1, sigma).tolist()
        except RanOut:
            if len(prefix) < depth:
                waiting += [((*prefix, word), sign) for word in range(2**TINY)]
            else:
                open_ += share
            continue
        assert not script, "more bits were drawn than needed to decide"
        decided[sample] += share
    return decided, open_


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("sigma", [1, 200, 512, 1024, 2000, 3 * 1024])
def test_the_tree_of_bits_has_exactly_the_law(sigma: int, monkeypatch: pytest.MonkeyPatch) -> None:
    depth = 7
    decided, open_ = law(sigma, depth, monkeypatch)
    assert sum(decided.values()) + open_ == 1
    assert open_ <= Fraction(2 * 10 * (sigma // 1024 + 2), 2 ** (TINY * depth))
    truth = shares(sigma)
    for k in range(-len(truth), len(truth) + 1):
        share = truth[abs(k)] if abs(k) < len(truth) else Decimal(0)
        probability = Fraction(share) / (2 if k else 1)
        error = Fraction(1, 10**200)
        assert decided[k] - error <= probability <= decided[k] + open_ + error
        assert decided[k] == decided[-k], "symmetric to the last bit"
    assert max(decided) > (1 if sigma > 500 else -1)


def expected(sigma: int, *words: int) -> int:
    """M for a U that begins with these words, from 200 digits."""
    digits = sum(word << 64 * place for place, word in enumerate(reversed(words)))
    return bisect_right(cumulative(sigma, 64 * len(words)), digits)


SIGMAS = [1, 100, 512, 1024, 3000, 50 * 1024]


def near_every_boundary(sigma: int) -> list[int]:
    edges = [0, *(int(truth) for truth in cumulative(sigma, 64)), ONES]
    edges += [prefix << 48 for prefix in range(0, 1 << 16, 97)]
    return sorted({word for edge in edges for word in range(edge - 4, edge + 5) if 0 <= word <= ONES} - {0, ONES})


@pytest.mark.parametrize("sigma", SIGMAS)
@pytest.mark.parametrize("last", [0, ONES])
def test_words_at_every_boundary(sigma: int, last: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampler, "GUIDED", 1 << 20)
    words = near_every_boundary(sigma)
    bits = Script(words, last=last)
    monkeypatch.setattr(sampler, "urandom", bits)
    assert sampler.draw(len(words), sigma).tolist() == [expected(sigma, word, last, last, last) for word in words]
    assert 0 < bits.asked.count(8) <= len(words), "a tie draws one word, others none"
    assert bits.asked[0] == 8 * len(words)


def guided(words: list[int], table: sampler.Table, last: int) -> Script:
    """Serves the first 16 digits of all words, then the other 48 of those that the table's guide leaves open."""
    assert table.guide is not None
    rest = [(word << 16) & ONES for word in words if table.guide[word >> 48] < 0]
    bits = Script(rest, last=last)
    bits.words.insert(0, np.array([word >> 48 for word in words], np.uint16).tobytes())
    return bits


@pytest.mark.parametrize("sigma", SIGMAS)
@pytest.mark.parametrize("last", [0, ONES])
def test_a_guide_knows_what_every_word_would_find(sigma: int, last: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of every prefix, at both of its ends; only words that it leaves open are drawn to their end."""
    monkeypatch.setattr(sampler, "GUIDED", 0)
    table, words = sampler._table(sigma), near_every_boundary(sigma)
    assert table.guide is not None and (table.guide < 0).sum() <= 2 * len(table.entries)
    bits = guided(words, table, last)
    monkeypatch.setattr(sampler, "urandom", bits)
    assert sampler.draw(len(words), sigma).tolist() == [expected(sigma, word, last, last, last) for word in words]
    assert bits.asked[0] == 2 * len(words) and not bits.words


@pytest.mark.parametrize(("edge", "ties"), [((5 << 48) - 1, 1), ((5 << 48) - 2, 0), (5 << 48, 1)])
def test_a_guide_knows_the_ties_on_both_sides_of_a_prefix(
    edge: int, ties: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The word 5·2⁴⁸ is a tie with an entry that is the last of the prefix before, and with itself."""

    def bounds(bits: int) -> list[int]:
        return [edge << bits - 64, (1 << bits) - 1]

    monkeypatch.setattr(sampler, "GUIDED", 0)
    table = sampler.tabulate(bounds)
    bits = guided([5 << 48], table, 2**63)
    monkeypatch.setattr(sampler, "urandom", bits)
    assert sampler.invert(1, table, bounds).tolist() == [1]
    assert bits.asked[0] == 2 and bits.asked.count(8) == 2 * ties, "what it leaves open is drawn whole, and settled"


def test_a_wide_law_has_no_guide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where most prefixes hold several entries, words are drawn whole at once."""

    def bounds(bits: int) -> list[int]:
        return [*((step << bits - 17) + 5 for step in range(1 << 17)), (1 << bits) - 1]

    monkeypatch.setattr(sampler, "GUIDED", 0)
    table = sampler.tabulate(bounds)
    assert table.guide is None
    bits = Script([5 << 48], last=2**63)
    monkeypatch.setattr(sampler, "urandom", bits)
    assert sampler.invert(1, table, bounds).tolist() == [10] and bits.asked[0] == 8


@pytest.mark.parametrize("sigma", [512, 1024, 3000, 12 * 1024])
@pytest.mark.parametrize("aside", [-1, 1])
def test_ties_that_last_four_words(sigma: int, aside: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """U is at G_m but for 1 in its 256th digit: below it the sample is m or less, above it more."""
    reference = [int(truth) for truth in cumulative(sigma, 256)]
    deep = 0
    for m, near in enumerate(reference[: 12 * sigma // 1024]):
        digits = near + aside
        words = [digits >> 64 * place & ONES for place in (3, 2, 1, 0)]
        bits = Script(words[:1], words[1:], last=2**63)
        monkeypatch.setattr(sampler, "urandom", bits)
        assert sampler.draw(1, sigma).tolist() == [m if aside < 0 else m + 1] == [expected(sigma, *words, 2**63)]
        deep += bits.asked.count(8) >= 4
    assert deep >= 6 * sigma // 1024


@pytest.mark.parametrize("sigma", [1, 300, 1024, 7 * 1024])
def test_the_tail_goes_on_behind_the_table(sigma: int, monkeypatch: pytest.MonkeyPatch) -> None:
    behind = len(sampler._table(sigma).entries) - 1
    for more, last in ((1, 0), (1, 2**63), (2, 12345), (6, 1)):
        monkeypatch.setattr(sampler, "urandom", Script([ONES], [ONES] * more, last, sign=1))
        (sample,) = sampler.draw(1, sigma).tolist()
        assert -sample == expected(sigma, *[ONES] * (more + 1), last, last)
        assert sigma < 1024 or -sample > behind


def test_the_lowest_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """All zeros are never decided by luck of the sentinel: U < G_0 whatever follows, also where G_0 is tiny."""
    for sigma in (1, 1024, 1000 * 1024):
        for word in (0, 1, 2):
            monkeypatch.setattr(sampler, "urandom", Script([word], [ONES], sign=1))
            assert sampler.draw(1, sigma).tolist() == [0]


def test_signs_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    words = [int(truth) - 9 for truth in cumulative(3000, 64)[:20]]
    drawn = []
    for sign in (0, 1):
        monkeypatch.setattr(sampler, "urandom", Script(words, sign=sign))
        drawn.append(sampler.draw(20, 3000).tolist())
    assert drawn[0] == list(range(20))
    assert drawn[1] == [-k for k in range(20)]


def test_chunks_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampler, "CHUNK", 100)
    for count in (0, 1, 99, 100, 101, 1234):
        drawn = sampler.draw(count, 1024)
        assert len(drawn) == count
        assert drawn.dtype == np.int64


@pytest.mark.parametrize("sigma", [0, -5, WIDEST + 1])
def test_no_table_beyond_the_widest(sigma: int) -> None:
    with pytest.raises(ValueError, match="no table"):
        sampler.draw(10, sigma)


def test_memory_is_bounded_and_shared_tables_are_read_only() -> None:
    for sigma in range(1, 3 * sampler.TABLES):
        sampler.draw(1, sigma)
    assert sampler._table.cache_info().currsize == sampler.TABLES
    widest, usual = sampler._table(WIDEST), sampler._table(1000 * 1024)
    assert usual.guide is not None
    assert (widest.entries.nbytes + usual.guide.nbytes) * sampler.TABLES < 26_500_000
    for shared in (widest.entries, usual.guide):
        with pytest.raises(ValueError, match="read-only"):
            shared[0] = 1


def test_threads_share_a_table() -> None:
    sampler._table.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(lambda _: sampler.draw(2000, 300 * 1024), range(8)))
    assert len({tuple(samples) for samples in drawn}) == 8
    assert all(270 < np.std(samples) < 330 for samples in drawn)


@pytest.mark.parametrize(
    ("count", "sigma", "ours"),
    [
        *((1, 1, True), (1, 1023, True), (31, 1024, False), (32, 1024, True), (1, 2048, False)),
        *((31_999, 1000 * 1024, False), (32_000, 1000 * 1024, True)),
        *((10**6, WIDEST, True), (10**6, WIDEST + 1, False), (10**6, 1 << 30, False)),
    ],
)
def test_who_draws_depends_on_sigma_and_count_alone(
    count: int, sigma: int, ours: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampler, "draw", lambda count, sigma: [1])
    monkeypatch.setattr(rejection, "draw", lambda count, sigma: [2])
    assert list(mechanisms.gaussian(count, sigma)) == [1 if ours else 2]
