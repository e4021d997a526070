"""The model of a synthetic table: whole tables, rows by a seed, probabilities, and the e-value of drawn rows."""

from __future__ import annotations

import hashlib
import itertools
import math

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from sandbox.modelling.drawing import draw, seed_of, shown
from sandbox.modelling.network import WHOLE, Network, network, probabilities, weights
from sandbox.plan.drawn import SEED, Coded
from sandbox.plan.families import Family, families
from sandbox.plan.scalar import BOOLEAN, INTEGER, STRING, Type
from watermarking.drawn import SHARES, log_e, most

SIZES = (3, 4, 2, 5, 3)
CLIQUES = ((0,), (1,), (2,), (3,), (4,), (0, 1), (1, 2), (0, 3), (1, 3))


def model(seed: int = 1) -> Network:
    """A network with random tables, of which some configurations are impossible."""
    draws = np.random.default_rng(seed)
    made = []
    for family in families(SIZES, CLIQUES):
        shape = [SIZES[column] for column in family.columns]
        made.append(weights(SIZES, family, draws.random(shape) ** 3))
    return network(SIZES, CLIQUES, [int(one) for table in made for one in table.ravel()])


def every(columns: tuple[int, ...]) -> np.ndarray:
    return np.array(list(itertools.product(*(range(SIZES[one]) for one in columns))), np.int64)


def test_columns_of_a_clique_depend_on_each_other_and_parents_are_drawn_first() -> None:
    found = families(SIZES, CLIQUES)
    drawn: set[int] = set()
    for family in found:
        assert set(family.parents) <= drawn
        drawn.add(family.column)
    assert drawn == set(range(5))
    together = [set(family.columns) for family in found]
    assert all(any(set(clique) <= one for one in together) for clique in CLIQUES)
    assert next(family for family in found if family.column == 4).parents == ()


def test_weights_are_whole_and_near_what_they_stand_for() -> None:
    family = Family(1, (0,))
    given = np.array([[0.1, 0.2, 0.3, 0.0], [0.0, 0.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3, 1e-30]])
    found = weights(SIZES, family, given)
    assert (found.sum(axis=1) == WHOLE).all() and (found >= 0).all()
    assert np.abs(found[0] / WHOLE - given[0] / given[0].sum()).max() < 2 / WHOLE
    assert found[1].tolist() == [WHOLE // 4] * 4  # what never occurs is anything


def test_a_base_that_is_no_model_is_refused() -> None:
    net = model()
    stored = [int(one) for table in net.tables for one in table.ravel()]
    for wrong in (
        stored[:-1],
        [*stored, 0],
        [stored[0] + 1, *stored[1:]],
        [-1, stored[1] + stored[0] + 1, *stored[2:]],
    ):
        with pytest.raises(ValueError):
            network(SIZES, CLIQUES, wrong)


@pytest.mark.parametrize("columns", [(0, 1, 2, 3, 4), (3,), (2, 3), (0, 2, 4), (1, 4)])
def test_probabilities_are_those_of_the_whole_law_summed(columns: tuple[int, ...]) -> None:
    net, whole = model(), every((0, 1, 2, 3, 4))
    law = np.ones(len(whole))
    for family, table in zip(net.families, net.tables, strict=True):  # the law by its definition
        at = np.zeros(len(whole), np.int64)
        for parent in family.parents:
            at = at * SIZES[parent] + whole[:, parent]
        law *= table[at, whole[:, family.column]] / WHOLE
    assert abs(law.sum() - 1) < 1e-12
    wanted = [law[(whole[:, list(columns)] == row).all(axis=1)].sum() for row in every(columns)]
    assert np.allclose(probabilities(net, columns, every(columns)), wanted, rtol=1e-11, atol=0)


def test_rows_follow_the_law_and_the_seed_alone() -> None:
    """30,000 rows: a cell of probability p is off by more than 7 standard deviations with a probability below 1e-11
    (and three rows); the seed is fixed, so the test always does the same."""
    net, count = model(), 30_000
    rows = draw(net, count, bytes(range(32)))
    assert (rows == draw(net, count, bytes(range(32)))).all()
    assert (rows[:100] == draw(net, count, bytes(32))[:100]).all(axis=1).mean() < 0.5
    whole = every((0, 1, 2, 3, 4))
    law = probabilities(net, (0, 1, 2, 3, 4), whole)
    found = np.bincount(np.ravel_multi_index(tuple(rows.T), SIZES), minlength=len(whole))
    assert (np.abs(found - count * law) <= 7 * np.sqrt(count * law) + 3).all()


def test_rows_are_drawn_again_by_hand() -> None:
    """What evidence draws again must be the same for ever: word i of column j, 32 bits big-endian of AES-256-CTR, falls
    into the code whose part of 2³² it lies in."""
    half, quarter = WHOLE // 2, WHOLE // 4
    net = network((2, 3), ((0,), (1,), (0, 1)), [quarter, quarter, half, half, half, quarter, 3 * quarter, WHOLE, 0])
    assert net.families == (Family(1, ()), Family(0, (1,)))
    places = [place % 3 > 0 for place in range(256)]
    seed = seed_of(SEED.base, [value + (1 if up else -1) for value, up in zip(SEED.base, places, strict=True)])
    assert seed == hashlib.sha256(b"synthetic/rows/v1" + bytes(places)).digest()
    count = 40
    stream = Cipher(algorithms.AES256(seed), modes.CTR(bytes(16))).encryptor().update(bytes(8 * count))
    words = [int.from_bytes(stream[at : at + 4], "big") for at in range(0, 8 * count, 4)]
    rows = []
    for row in range(count):
        second = 0 if words[row] < quarter else 1 if words[row] < half else 2
        parts = {0: half, 1: quarter, 2: WHOLE}
        rows.append([int(words[count + row] >= parts[second]), second])
    assert draw(net, count, seed).tolist() == rows


def test_values_lie_in_their_bins_and_null_is_shown_where_it_is_a_value() -> None:
    columns = (
        Coded("age", INTEGER, (), (18, 30, 45, 91)),
        Coded("owed", Type("decimal", 2), (), (-150, 0, 10_001), True),
        Coded("kind", STRING, ("car", "home")),
        Coded("late", BOOLEAN, (False, True), (), True),
    )
    draws = np.random.default_rng(3)
    codes = np.stack([draws.integers(0, one.size, 4000) for one in columns], axis=1)
    age, owed, kind, late = shown(columns, codes, bytes(32))
    assert all(isinstance(one, int) for one in age)
    edges = columns[0].edges
    assert all(edges[code] <= one < edges[code + 1] for one, code in zip(age, codes[:, 0], strict=True))  # type: ignore[operator]
    assert set(age) == set(range(18, 91))  # 4,000 numbers: each of 73 is missing with a probability below 1e-12
    for one, code in zip(owed, codes[:, 1].tolist(), strict=True):
        assert (one is None) == (code == 2)
        assert one is None or (-150 <= one * 100 < 0 if code == 0 else 0 <= one * 100 < 10_001)  # type: ignore[operator]
    assert all(str(one).partition(".")[2].isdigit() for one in owed if one is not None)
    assert kind == [("car", "home")[code] for code in codes[:, 2]]
    assert late == [(False, True, None)[code] for code in codes[:, 3]]


def test_a_seed_follows_from_every_place() -> None:
    marked = [value + 1 for value in SEED.base]
    seeds = {seed_of(SEED.base, marked)}
    for place in (0, 100, 255):
        other = list(marked)
        other[place] -= 2
        seeds.add(seed_of(SEED.base, other))
    assert len(seeds) == 4


@pytest.mark.parametrize("leak", [(1, 0, 0, 0), (5, 1, 0, 2), (1, 1, 1, 1), (0, 0, 0, 9)])
def test_the_mean_of_e_over_all_draws_is_one(leak: tuple[int, ...]) -> None:
    """Over every table of three rows that can be drawn: exactly 1 where the law can draw all that leaked."""
    law, n = np.array([0.5, 0.3, 0.15, 0.05]), 3
    ratios = np.array(leak) / sum(leak) / law
    mean = sum(
        math.prod(law[list(rows)]) * math.exp(log_e(ratios[list(rows)]))
        for rows in itertools.product(range(4), repeat=n)
    )
    assert abs(mean - 1) < 1e-9
    assert mean <= 1  # rounding is on the safe side


def test_rows_from_elsewhere_count_against_nobody() -> None:
    """Leaked rows that the law never draws leave a mean below 1."""
    law = np.array([0.5, 0.5])
    ratios = np.array([3, 1]) / 8 / law  # four of eight leaked rows are none of the law's
    mean = sum(0.25 * math.exp(log_e(ratios[list(rows)])) for rows in itertools.product(range(2), repeat=2))
    assert mean < 1


def test_nobody_scores_more_than_the_bound_and_who_has_no_row_of_the_leak_the_least() -> None:
    ratios = np.array([0.5, 2.0, 3.0])
    scores = [log_e(np.array(rows)) for rows in itertools.product([0.0, *ratios], repeat=4)]
    assert max(scores) == most(ratios, 4)
    assert min(scores) == log_e(np.zeros(4)) < 0
    assert most(np.zeros(0), 4) < 0
    assert log_e(np.zeros(10)) >= 10 * math.log1p(-SHARES[-1]) - math.log(len(SHARES)) - 1e-6
    assert log_e(np.array([])) == 0
