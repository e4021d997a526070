"""Marks in real numbers, in scores, and seeds of synthetic rows."""

from __future__ import annotations

import math
import random

import pytest

from watermarking.align import align
from watermarking.design import Design
from watermarking.embed import channel
from watermarking.keys import rows_seed, user_key
from watermarking.leak import Leak
from watermarking.reals import RealBase, logit
from watermarking.score import log_e_values

KEYS = [bytes([number]) * 32 for number in range(5)]
RECORDS = [f"r{number}" for number in range(200)]


def world(scores: bool) -> RealBase:
    draw = random.Random(1)
    numbers = [draw.betavariate(2, 5) if scores else draw.gauss(0, 400) for _ in RECORDS]
    return RealBase(b"b", "record", RECORDS, numbers, 0.2 if scores else 1.5, scores)


@pytest.mark.parametrize("scores", [False, True])
@pytest.mark.parametrize("digits", [8, 3])
def test_the_leaker_of_real_numbers_is_named(scores: bool, digits: int) -> None:
    held = world(scores)
    copy = held.copy(bytes(32), KEYS[2])
    rows = [(record, f"{number:.{digits}f}") for record, number in zip(RECORDS, copy, strict=True)]
    random.Random(2).shuffle(rows)
    found = align(held.leak(Leak(("a", "b"), tuple(rows[:150]))), held.base, [held.view])
    assert found is not None
    design = Design.of(held.base)
    log_e = log_e_values(found, held.base, design, channel(held.base, design, bytes(32)), KEYS)
    assert log_e[2] > 40
    assert sorted(log_e)[-2] < 7


def test_scores_move_along_their_logits() -> None:
    held = world(scores=True)
    moved = {round(logit(y) - logit(x), 6) for x, y in zip(held.numbers, held.copy(bytes(32), KEYS[0]), strict=True)}
    assert all(math.isclose(abs(step), 0.06, abs_tol=1e-4) for step in moved)  # 0.3 σ
    edge = RealBase(b"b", "record", ["x", "y"], [0.0, 1.0], 0.2, scores=True)
    assert all(0 <= score <= 1 for score in edge.copy(bytes(32), KEYS[0]))


@pytest.mark.parametrize(
    ("numbers", "sigma", "scores", "said"),
    [
        ([1.0], 1.0, False, "one number"),
        ([1.0, 2.0], 0.0, False, "positive"),
        ([1.0, math.nan], 1.0, False, "finite"),
        ([0.5, 1.5], 1.0, True, "between 0 and 1"),
    ],
)
def test_what_cannot_be_marked_is_refused(numbers: list[float], sigma: float, scores: bool, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        RealBase(b"b", "record", ["x", "y"], numbers, sigma, scores)


def test_synthetic_rows_have_a_seed_for_each_recipient() -> None:
    seeds = {rows_seed(bytes(32), name, base) for name in ("u", "v") for base in (b"b1", b"b2")}
    assert len(seeds) == 4
    assert user_key(bytes(32), "u", b"b1") not in seeds
