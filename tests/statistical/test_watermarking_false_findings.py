"""P(E ≥ t) ≤ 1/t for recipients whose copy played no part, whatever is done to the file."""

from __future__ import annotations

import numpy as np
import pytest
from marks_world import Row, World

from watermarking import score

INNOCENT = [f"innocent-{i}" for i in range(10_000)]


def damaged(world: World, rows: list[Row], scale: float) -> list[Row]:
    noise = lambda text: str(round(float(text) + world.random.gauss(0, scale)))  # noqa: E731
    return [(age, sex, noise(n), noise(total)) for age, sex, n, total in rows]


def untouched(world: World) -> list[Row]:
    return world.table(world.copy("leaker"))


def noisy(world: World) -> list[Row]:
    return damaged(world, untouched(world), 30)


def pasted(world: World) -> list[Row]:
    """Each row four times, in three spellings: one cell must still count once."""
    rows = damaged(world, untouched(world), 2)
    return [row for row in rows for _ in range(2)] + [(a, s, f" {n}.0", t) for a, s, n, t in rows] + rows


def pasted_differing(world: World) -> list[Row]:
    """Each row from three copies."""
    return [row for name in ("leaker", "second", "third") for row in world.table(world.copy(name))]


def aliased(world: World) -> list[Row]:
    return [(a, s, n, t, n, t, str(float(t))) for a, s, n, t in untouched(world)]


def averages(world: World) -> list[Row]:
    """The leaked count enters the value of the sum's cell, and must still be one factor."""
    return world.table(world.copy("leaker"), average=True)


def averages_without_counts(world: World) -> list[Row]:
    return [(age, sex, mean) for age, sex, _, mean in averages(world)]


def averages_beside_counts_of_another_copy(world: World) -> list[Row]:
    others = world.table(world.copy("second"))
    return [(a, s, other[2], mean) for (a, s, _, mean), other in zip(averages(world), others, strict=True)]


def averaged(world: World) -> list[Row]:
    """Two copies averaged."""
    pairs = zip(world.copy("leaker"), world.copy("second"), strict=True)
    return world.table([tuple((x + y) // 2 for x, y in zip(*pair, strict=True)) for pair in pairs])


def rounded(world: World) -> list[Row]:
    return [(a, s, str(round(int(n), -1)), str(round(int(t), -3))) for a, s, n, t in untouched(world)]


def edited(world: World) -> list[Row]:
    draw = world.random.randint
    return [(a, s, str(draw(0, 10**6)) if world.random.random() < 0.2 else n, t) for a, s, n, t in untouched(world)]


def base_itself(world: World) -> list[Row]:
    return world.table(list(world.base.values))


ATTACKS = (
    untouched,
    noisy,
    pasted,
    pasted_differing,
    aliased,
    averages,
    averages_without_counts,
    averages_beside_counts_of_another_copy,
    averaged,
    rounded,
    edited,
    base_itself,
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_innocents_stay_below_the_line(attack: object, monkeypatch: pytest.MonkeyPatch) -> None:
    assert callable(attack)
    monkeypatch.setattr(score, "FEW", 10**6)  # all are scored in full
    # Small tables put most probability near the bar; 130 ages (520 cells and more) use arcsine biases.
    for ages, sigma, count in ((12, 20, 10_000), (12, 3, 10_000), (130, 20, 2_000)):
        world = World(ages, sigma)
        log_e = world.scores(attack(world), INNOCENT[:count])
        for t in (5, 20, 100, 1_000, 10_000):
            allowed = 1 / t + 4 * np.sqrt(1 / t / count)
            assert np.mean(log_e >= np.log(t)) <= allowed, (ages, sigma, t)
        assert np.exp(log_e).clip(max=1_000).mean() <= 1.2, (ages, sigma)
