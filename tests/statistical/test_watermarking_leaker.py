"""The leaker is found, and alone, after what people do to files."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from marks_world import Row, World

from watermarking.score import TRACED, log10_p, verdict

OTHERS = [f"other-{i}" for i in range(999)]


def dropped(world: World, rows: list[Row]) -> list[Row]:
    return world.shuffled(rows, keep=0.8)


def columns_moved(world: World, rows: list[Row]) -> list[Row]:
    return [(t, s, "x", n, a) for a, s, n, t in world.shuffled(rows)]


def unit_changed(world: World, rows: list[Row]) -> list[Row]:
    """Totals in ten thousands, as reports print them."""
    return [(a, s, str(int(t) / 10_000), n) for a, s, n, t in world.shuffled(rows)]


def rows_added(world: World, rows: list[Row]) -> list[Row]:
    made_up = [(str(900 + i), "Male", str(i), str(i * i)) for i in range(40)]
    return world.shuffled(rows + made_up + rows[:10])


def spelled_otherwise(world: World, rows: list[Row]) -> list[Row]:
    return [(f" {a}.0 ", s, f"+{n}", f"{int(t):,}.00") for a, s, n, t in world.shuffled(rows)]


def noise_of_one_delta(world: World, rows: list[Row]) -> list[Row]:
    gauss = world.random.gauss
    return [(a, s, str(round(int(n) + gauss(0, 6))), str(round(int(t) + gauss(0, 540)))) for a, s, n, t in rows]


ATTACKS = (dropped, columns_moved, unit_changed, rows_added, spelled_otherwise)


@pytest.mark.parametrize(
    ("attack", "sigma"), [(attack, sigma) for attack in ATTACKS for sigma in (3, 20)] + [(noise_of_one_delta, 20)]
)
def test_the_leaker_alone_is_traced(attack: Callable[[World, list[Row]], list[Row]], sigma: int) -> None:
    for seed in range(3):
        world = World(74, sigma, seed)
        log_e = world.scores(attack(world, world.table(world.copy("leaker"))), ["leaker", *OTHERS])
        named = np.flatnonzero([verdict(log10_p(float(e), len(log_e))) == TRACED for e in log_e])
        assert named.tolist() == [0], (seed, log_e[:3])


def test_rounding_to_four_delta_leaves_enough() -> None:
    world = World(100, 20)  # δ = 6 and 540
    rows = [
        (a, s, str(round(int(n) / 20) * 20), str(round(int(t) / 2_000) * 2_000))
        for a, s, n, t in world.table(world.copy("leaker"))
    ]
    log_e = world.scores(world.shuffled(rows, 0.8), ["leaker", *OTHERS])
    named = [verdict(log10_p(float(e), len(log_e))) == TRACED for e in log_e]
    assert named == [True] + [False] * len(OTHERS)


@pytest.mark.parametrize("average", [False, True])
def test_both_of_two_who_mix_are_traced(average: bool) -> None:
    world = World(150, 20)
    one, two = world.table(world.copy("one"), average=average), world.table(world.copy("two"), average=average)
    mixed = [world.random.choice(pair) for pair in zip(one, two, strict=True)]
    log_e = world.scores(mixed, ["one", "two", *OTHERS])
    assert [verdict(log10_p(float(e), len(log_e))) == TRACED for e in log_e][:3] == [True, True, False]


def test_averages_alone_trace() -> None:
    world = World(74, 20)
    rows = [(age, sex, mean) for age, sex, _, mean in world.table(world.copy("leaker"), average=True)]
    log_e = world.scores(world.shuffled(rows, 0.8), ["leaker", *OTHERS])
    assert verdict(log10_p(float(log_e[0]), 1000)) == TRACED
    assert log10_p(float(log_e[1:].max()), 1000) > -6


def test_a_foreign_table_does_not_align() -> None:
    world = World(74, 20)
    rows = [
        (a, s, str(world.random.randint(0, 10**6)), str(world.random.random()))
        for a, s, *_ in world.table(world.copy("x"))
    ]
    assert world.found(rows) is None
    assert world.found([("red", "7"), ("blue", "9")]) is None
