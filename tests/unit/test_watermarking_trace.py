"""Alignment from leak and X, and the e-value."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from marks_world import MASTER, Row, World

import watermarking.score
from watermarking.align import align
from watermarking.base import Base, Primitive
from watermarking.design import Design
from watermarking.embed import channel, embed
from watermarking.keys import base_key
from watermarking.leak import Direct, Leak
from watermarking.models import Seen, laws
from watermarking.score import LOG10_ALPHA, log10_p, log_e_values, verdict


def test_columns_are_found_by_their_values() -> None:
    world = World(20, 20)
    rows: list[Row] = [("note", t, n, s, a) for a, s, n, t in world.table(world.copy("u"))][::-1]
    found = world.found(rows[:30] + rows[:5])
    assert found is not None
    assert found.parts[0].rows.columns == (4, 3)
    assert {(m.view.name, m.column) for m in found.parts[0].measures} == {("n", 2), ("hours", 1)}
    report = found.report(world.base, ("age", "sex"))
    assert (report["rows"], report["rows_repeated"], report["groups_missing"]) == (35, 5, 10)
    assert report["keys"] == {"age": "c4", "sex": "c3"}
    assert report["columns_unexplained"] == 1


def test_one_cell_gives_one_observation() -> None:
    world = World(20, 20)
    rows = world.table(world.copy("u")) + world.table(world.copy("v"))
    found = world.found([(a, s, n, t, n, t) for a, s, n, t in rows])
    assert found is not None
    assert len(found.observed) == 2 * len(world.base.groups)


def test_an_average_gives_back_its_sum() -> None:
    world = World(20, 20)
    copy = world.copy("u")
    found = world.found(world.table(copy, average=True))
    assert found is not None
    for group, (n, _, centred) in enumerate(copy):
        [away], [grid] = found.observed.at(np.array([3 * group + 2]))
        assert abs(world.base.values[group][2] + away - centred) <= n / 20_000 + 1e-9
        assert math.isclose(grid, n / 10_000)


def test_an_average_at_its_bound_shows_no_chip() -> None:
    world = World(20, 20)
    rows = world.table(world.copy("u"), average=True)
    found = world.found([("17", "Female", rows[0][2], "10000"), *rows[1:]])
    assert found is not None
    assert 2 not in found.observed.cell
    assert 5 in found.observed.cell


def test_two_keys_with_one_domain_are_told_apart_by_the_measures() -> None:
    groups = tuple((a, b) for a in "abcde" for b in "abcde")
    values = tuple((1_000 + 50 * i,) for i in range(25))
    base = Base(b"b", ("from", "to"), groups, (Primitive("rows", Fraction(9), True),), values)
    copy = embed(base, Design.of(base), base_key(MASTER, b"b"), bytes(32))
    rows = tuple((to, str(n), start) for (start, to), (n,) in zip(groups, copy, strict=True))
    found = align(Leak(("x", "y", "z"), rows), base, [Direct("n", 0)])
    assert found is not None
    assert found.parts[0].rows.columns == (2, 0)


def test_a_key_that_tells_nothing_apart_may_be_missing() -> None:
    base = Base(
        b"b",
        ("age", "year"),
        tuple((a, 2024) for a in range(40)),
        (Primitive("rows", Fraction(9), True),),
        ((700,),) * 40,
    )
    rows = tuple((str(age), "703") for age in range(40))
    found = align(Leak(("a", "n"), rows), base, [Direct("n", 0)])
    assert found is not None
    assert len(found.observed) == 40


@pytest.mark.parametrize("rows", [[("", "", "", "")], [("17", "Female", "1e59", "-1e59")], [("17", "Female", "x", "")]])
def test_odd_values_break_nothing(rows: list[Row]) -> None:
    world = World(20, 20)
    genuine = world.table(world.copy("u"))[2:]
    assert np.isfinite(world.scores(genuine + rows, ["u", "v"])).all()


def test_the_mean_of_e_over_all_chips_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole proof: for whatever was leaked, E averages to 1 over the chips of somebody who had no part in it."""
    world = World(2, 3)
    copy = world.copy("u")
    rows = world.table([(n + 2, t, c) for n, t, c in copy[:2]] + copy[2:])
    alignment, path = world.found(rows), world.path()
    assert alignment is not None
    cells = path.rank[watermarking.score.informative(alignment, path)]
    assert 6 <= len(cells) <= 8
    patterns = [np.array(bits) for bits in product((False, True), repeat=len(cells))]
    p = np.linspace(0.05, 0.95, len(path.limits))
    path = replace(path, limits=(p * 2**32).astype(np.uint32))

    def given(key: bytes, rank: np.ndarray, limit: np.ndarray) -> np.ndarray:
        assert rank.tolist() == sorted(cells.tolist())
        return patterns[int.from_bytes(key, "big")]

    monkeypatch.setattr(watermarking.score, "chips_at", given)
    monkeypatch.setattr(watermarking.score, "FEW", 2**8)
    keys = [i.to_bytes(2, "big") for i in range(len(patterns))]
    e = np.exp(log_e_values(alignment, world.base, world.design, path, keys))
    chance = p[np.sort(cells)]
    weights = [np.where(bits, chance, 1 - chance).prod() for bits in patterns]
    assert math.isclose(np.dot(e, weights), 1, abs_tol=1e-6)
    assert e.max() > 3


def test_each_model_is_a_law_of_what_leaks() -> None:
    """g is the p-mixture, and every f integrates to 1 over the leaked value."""
    z = np.arange(-600, 600, 0.02)
    seen = Seen(np.full(len(z), 0.3), z - 1, z + 1)
    for pair in laws(seen):
        for law in pair:
            assert abs(law.sum() * 0.02 - 1) < 0.01  # the Cauchy part has tails beyond the grid


def test_bound_and_verdict() -> None:
    assert log10_p(0.0, 5) == 0.0
    assert math.isclose(log10_p(math.log(1e9), 1_000), -6)
    assert verdict(LOG10_ALPHA) == "traced"
    assert verdict(LOG10_ALPHA + 0.001) == "insufficient_evidence"


def test_a_leak_without_marked_cells_scores_one() -> None:
    base = Base(b"b", ("k",), (("a",), ("b",)), (Primitive("rows", Fraction(0), True),), ((10,), (20,)))
    design = Design.of(base)
    found = align(Leak(("k", "n"), (("a", "10"), ("b", "20"))), base, [Direct("n", 0)])
    assert found is not None
    assert log_e_values(found, base, design, channel(base, design, bytes(32)), [bytes(32)]).tolist() == [0.0]
