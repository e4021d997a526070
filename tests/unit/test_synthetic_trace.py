"""Leaked rows of a synthetic table: who has them is named, whoever has others is not. Seeds are fixed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import pytest
from synthetic_world import SPEC
from test_synthetic_specification import planned

from sandbox.modelling.drawing import draw, seed_of, shown
from sandbox.modelling.network import network, weights
from sandbox.oversight import drawn
from sandbox.oversight.marks import marks_bases
from sandbox.oversight.screen import Screen
from sandbox.plan.drawn import SEED
from sandbox.plan.families import families, size_of
from sandbox.plan.plan import Plan
from sandbox.privacy.released import Released
from sandbox.products.synthetic import kind as offered
from watermarking.design import Design
from watermarking.embed import embed
from watermarking.keys import base_key, user_key
from watermarking.leak import Leak
from watermarking.score import LOG10_ALPHA, TRACED, log10_p, verdict

MASTER, RECIPIENTS = bytes(range(32)), [f"party {number}" for number in range(100)]


class World:
    """A base whose model was made up, and the rows that each recipient has of it."""

    def __init__(self, plan: Plan) -> None:
        assert plan.drawn is not None
        self.plan, self.drawn = plan, plan.drawn
        draws = np.random.default_rng(4)
        tables: list[int] = []
        for family in families(self.drawn.sizes, self.drawn.marginals[: self.drawn.fitted]):
            made = weights(self.drawn.sizes, family, draws.random(size_of(self.drawn.sizes, family)) ** 2)
            tables += made.ravel().tolist()
        counted = [Released([(0,) * len(block.keys)], [(1,)]) for block in plan.blocks]
        placed = [Released([(n,) for n in range(len(one))], [(v,) for v in one]) for one in (tables, list(SEED.base))]
        self.bases = marks_bases(plan, "base_1", [*counted, *placed])
        self.net = network(self.drawn.sizes, self.drawn.marginals[: self.drawn.fitted], tables)
        self.k_base, self.design = base_key(MASTER, b"base_1"), Design.of(self.bases[-1])

    def rows(self, recipient: str) -> list[tuple[str, ...]]:
        marked = embed(self.bases[-1], self.design, self.k_base, user_key(MASTER, recipient, b"base_1"))
        seed = seed_of(SEED.base, [value for (value,) in marked])
        columns = shown(self.drawn.columns, draw(self.net, self.drawn.count, seed), seed)
        return [tuple("" if v is None else str(v) for v in row) for row in zip(*columns, strict=True)]

    def scores(self, rows: Sequence[tuple[str, ...]], names: Sequence[str] | None = None) -> list[float]:
        leak = Leak(tuple(names or [one.name for one in self.drawn.columns]), tuple(rows))
        found = drawn.rows_of(leak, self.plan, self.bases)
        assert found is not None
        keys = [user_key(MASTER, one, b"base_1") for one in RECIPIENTS]
        values = drawn.log_e_values(found, self.plan, self.bases[-1], self.design, self.k_base, keys)
        assert max(values) <= drawn.most(found, self.plan)
        return values


@pytest.fixture(scope="module")
def world() -> World:
    patch = pytest.MonkeyPatch()
    patch.setattr(offered, "available", lambda: True)
    try:
        return World(planned())
    finally:
        patch.undo()


def named(scores: Sequence[float]) -> list[str]:
    return [one for one, e in zip(RECIPIENTS, scores, strict=True) if verdict(log10_p(e, len(RECIPIENTS))) == TRACED]


def part(rows: Sequence[tuple[str, ...]], share: float, seed: int = 1) -> list[tuple[str, ...]]:
    return random.Random(seed).sample(list(rows), int(share * len(rows)))


@pytest.mark.parametrize("share", [1.0, 0.5, 0.3])
def test_a_shuffled_part_names_its_recipient_and_no_innocent(world: World, share: float) -> None:
    for leaker in ("party 3", "party 70"):
        assert named(world.scores(part(world.rows(leaker), share))) == [leaker]


def test_nobody_is_named_by_rows_of_nobody_registered(world: World) -> None:
    """Three files of strangers' rows, 100 innocents each. The largest E stays far below what names anybody."""
    for stranger in range(3):
        scores = world.scores(part(world.rows(f"stranger {stranger}"), 0.7))
        assert named(scores) == []
        assert log10_p(max(scores), len(RECIPIENTS)) > LOG10_ALPHA / 2
        assert np.mean(np.exp(scores)) < 3  # the mean of E is 1; innocents mostly score below


def test_two_who_mix_their_rows_are_both_named(world: World) -> None:
    mixed = part(world.rows("party 7"), 0.5) + part(world.rows("party 8"), 0.5)
    assert named(world.scores(part(mixed, 1.0))) == ["party 7", "party 8"]


def test_foreign_rows_rounding_and_other_places_of_columns_do_not_hide_it(world: World) -> None:
    rows = part(world.rows("party 5"), 0.8)
    rounded = [(age, town, f"{float(spent) + 0.004:.1f}", member) for age, town, spent, member in rows]
    turned = [(member, spent, town, age) for age, town, spent, member in rounded]
    noise = [("true", "3", "东", "20")] * 200
    assert named(world.scores(turned + noise, ["Member", "SPENT", "town", "age"])) == ["party 5"]
    unnamed = world.scores(rows, ["a", "b", "c", "d"])  # as many columns as there were, in their order
    assert named(unnamed) == ["party 5"]
    fewer = [(town, age) for age, town, _, _ in world.rows("party 5")]
    assert named(world.scores(fewer, ["town", "age"])) == []  # 16 cells tell too little, and nobody is accused


def test_a_file_of_something_else_shows_nothing_of_it(world: World) -> None:
    other = Leak(("age", "height"), tuple((str(400 + n), "x") for n in range(50)))
    assert drawn.rows_of(other, world.plan, world.bases) is None
    few = Leak(tuple(one.name for one in world.drawn.columns), tuple(world.rows("party 1")[:7]))
    assert drawn.rows_of(few, world.plan, world.bases) is None


def test_the_index_of_a_trace_finds_it_by_names_and_by_values(world: World) -> None:
    part_of = drawn.sketched(world.plan)
    for names in (("age", "town", "spent", "member"), ("a", "b", "c", "d")):
        leak = Leak(names, tuple(world.rows("party 1")[:200]))
        assert Screen(leak).likely([("base_1", (part_of,))]).bases == ["base_1"]
    foreign = Leak(("x", "y"), tuple((str(n), "z") for n in range(200)))
    assert Screen(foreign).likely([("base_1", (part_of,))]).bases == []


def test_only_the_places_of_the_seed_are_marked(world: World) -> None:
    design = Design.of(world.bases[-2])
    key = user_key(MASTER, "party 1", b"base_1")
    assert [value for (value,) in embed(world.bases[-2], design, world.k_base, key)] == [
        value for (value,) in world.bases[-2].values
    ]
    moved = embed(world.bases[-1], world.design, world.k_base, key)
    assert all(after != before for (after,), (before,) in zip(moved, world.bases[-1].values, strict=True))
    assert world.design.arcsine is False and Decimal(SPEC["epsilon"]) == 4
