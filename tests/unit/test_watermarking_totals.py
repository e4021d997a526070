"""Sums around a middle that a copy shows together with a count, read from a leak (decision 0060)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from marks_world import CENTRE, Row, World

from watermarking.align import Alignment, align
from watermarking.columns import whole
from watermarking.embed import channel
from watermarking.leak import Direct, Leak, Total
from watermarking.score import log_e_values

TOTAL = Total("total", 2, 0, CENTRE, 0)
VIEWS = (Direct("n", 0), Direct("hours", 1), TOTAL)
NAMES = [f"user {number}" for number in range(60)]
WORLD, QUIET = World(ages=90, sigma=40), World(ages=90, sigma=2)
COPY = WORLD.copy(NAMES[7])


def rows(text: str, kept: float = 1.0, world: World = WORLD) -> list[Row]:
    """What a copy shows, as far as `text` names it: k for keys, n, t for the total, f for that times a factor."""
    shown = []
    for (age, sex), (n, _, centred) in zip(world.base.groups, world.copy(NAMES[7]), strict=True):
        total = round((centred + CENTRE * n) / kept)
        parts = {"k": (str(age), str(sex)), "n": (str(n),), "t": (str(total),), "f": (f"{1.17 * total:.2f}",)}
        shown.append(tuple(value for letter in text for value in parts[letter]))
    return shown


def found(table: list[Row], view: Total = TOTAL, world: World = WORLD) -> Alignment:
    leak = Leak(tuple(f"c{place}" for place in range(len(table[0]))), tuple(table))
    alignment = align(leak, world.base, (*VIEWS[:2], view))
    assert alignment is not None
    return alignment


def marks(primitive: int) -> np.ndarray:
    return np.array(COPY)[:, primitive] - WORLD.base.matrix[:, primitive]


def seen(alignment: Alignment, primitive: int) -> np.ndarray:
    """How far the leak is from X, cell by cell."""
    cells = np.arange(len(WORLD.base.groups)) * len(WORLD.base.primitives) + primitive
    return alignment.observed.at(cells)[0]


def test_with_its_count_a_total_shows_the_mark_of_the_sum_itself() -> None:
    alignment = found(rows("knt"))
    assert {one.view for one in alignment.parts[0].measures} == {VIEWS[0], TOTAL}
    assert (seen(alignment, 2) == marks(2)).all() and (seen(alignment, 0) == marks(0)).all()
    assert marks(2).any() and marks(0).any()


def test_without_it_the_marks_of_the_count_are_noise() -> None:
    assert (seen(found(rows("kt")), 2) == marks(2) + CENTRE * marks(0)).all()


def test_a_total_that_is_divided_by_what_is_kept_is_read_to_the_step() -> None:
    view = Total("total", 2, 0, CENTRE, 0, Fraction(9043, 10_000))
    assert np.abs(seen(found(rows("knt", 0.9043), view), 2) - marks(2)).max() <= 1


@pytest.mark.parametrize(
    ("text", "world"), [("knt", WORLD), ("kt", WORLD), ("knf", WORLD), ("nt", QUIET), ("t", QUIET)]
)
def test_whoever_leaked_totals_is_named_and_nobody_else(text: str, world: World) -> None:
    """Also in another unit, and without keys where there is so little noise that values tell groups apart."""
    alignment = found(rows(text, world=world), world=world)
    path, keys = channel(world.base, world.design, world.k_base), [world.key(name) for name in NAMES]
    scores = log_e_values(alignment, world.base, world.design, path, keys)
    assert int(np.argmax(scores)) == 7 and scores[7] > 20
    assert max(score for number, score in enumerate(scores) if number != 7) < 8


def test_a_count_in_another_unit_is_no_total() -> None:
    """A total is nearly a multiple of its count; the count itself is nearer."""
    table = [(age, sex, f"{float(n) / 0.9043:.0f}") for age, sex, n in rows("kn")]
    [measure] = found(table).parts[0].measures
    assert measure.view == VIEWS[0]


def test_what_a_total_shows_is_as_noisy_as_both() -> None:
    x, sigma = whole(WORLD.base, TOTAL)
    assert (x == WORLD.base.matrix[:, 2] + CENTRE * WORLD.base.matrix[:, 0]).all()
    assert sigma == pytest.approx((1_800**2 + (CENTRE * 40) ** 2) ** 0.5)
