"""Cells, design and copies."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from marks_world import MASTER, World

from watermarking.base import Base, Primitive, Value
from watermarking.cells import canonical, number, ranks
from watermarking.chips import ONE
from watermarking.design import Design
from watermarking.embed import channel, embed
from watermarking.keys import base_key, user_key


def table(groups: list[tuple[Value, ...]], values: list[tuple[int, ...]], *primitives: Primitive) -> Base:
    names = tuple(f"k{i}" for i in range(len(groups[0])))
    return Base(b"b", names, tuple(groups), primitives, tuple(values))


def copy(base: Base, recipient: str = "u") -> list[tuple[int, ...]]:
    return embed(base, Design.of(base), base_key(MASTER, b"b"), user_key(MASTER, recipient, b"b"))


def counts(cells: int, sigma: Fraction | int, value: int = 1_000) -> Base:
    groups: list[tuple[Value, ...]] = [(i,) for i in range(cells)]
    return table(groups, [(value,)] * cells, Primitive("rows", Fraction(sigma), True))


def test_a_leaked_number_cannot_ask_for_a_gigabyte() -> None:
    assert number("1e999999999") is None
    assert canonical("1e999999999") == "1e999999999"
    assert canonical("-0.0") == "0"


def test_keys_separate_their_inputs() -> None:
    assert user_key(MASTER, "ab", b"c") != user_key(MASTER, "a", b"bc")
    assert base_key(MASTER, b"b") != user_key(MASTER, "", b"b")
    with pytest.raises(ValueError, match="32 bytes"):
        base_key(b"short", b"b")


def test_cells_that_read_alike_carry_no_mark() -> None:
    base = table([("1",), ("1.0",), ("2",)], [(500,)] * 3, Primitive("rows", Fraction(100), True))
    assert (ranks(base) < 0).tolist() == [True, True, False]
    assert [row[0] == 500 for row in copy(base)] == [True, True, False]


@pytest.mark.parametrize(
    ("cells", "sigma", "delta", "share"),
    [
        (300, 10, 3, Fraction(1)),
        (300, 5, 2, Fraction(1)),  # 1.5 rounds up
        (2_000, 10, 1, Fraction(1)),
        (300, 2, 1, Fraction(36, 100)),  # (f·σ)²
        (2_000, 2, 1, Fraction(4, 100)),
        (50, 2, 1, Fraction(1)),  # raised: a quarter of σ² = 4
        (50, 1, 1, Fraction(1, 4)),
        (100, 2, 1, Fraction(64, 100)),  # raised: 64 cells are enough
        (300, 0, 1, Fraction(0)),  # exact answers carry no marks
    ],
)
def test_strength_by_size_and_noise(cells: int, sigma: int, delta: int, share: Fraction) -> None:
    [strength] = Design.of(counts(cells, sigma)).strengths
    assert strength.delta == delta
    assert abs(Fraction(strength.share, ONE) - share) < Fraction(1, 2**31)
    assert strength.variance <= Fraction(1, 4) * sigma**2
    assert Design.from_json(Design.of(counts(cells, sigma)).to_json()) == Design.of(counts(cells, sigma))


def test_bias_by_size() -> None:
    assert [Design.of(counts(cells, 9)).arcsine for cells in (349, 350)] == [False, True]


def test_a_copy_is_the_base_and_its_marks() -> None:
    base = counts(200, 30)
    assert {y - 1_000 for (y,) in copy(base)} == {-9, 9}
    assert copy(base) == copy(base) != copy(base, "v")


def test_counts_stay_at_zero_or_above() -> None:
    for value in (-40, -5, 0, 4):
        assert all(y >= 0 for (y,) in copy(counts(200, 30, value)))
    assert channel(counts(200, 30, -9), Design.of(counts(200, 30)), bytes(32)).cell.tolist() == []
    signed = replace(counts(200, 30, -40), primitives=(Primitive("sum", Fraction(30), False),))
    assert {y for (y,) in copy(signed)} == {-49, -31}


def test_marks_stay_with_their_cells() -> None:
    """Order of groups, and of key columns with their names, changes nothing."""
    world = World(30, 20)
    turned = replace(
        world.base,
        key_names=world.base.key_names[::-1],
        groups=tuple(group[::-1] for group in world.base.groups[::-1]),
        values=world.base.values[::-1],
    )
    assert embed(turned, world.design, world.k_base, world.key("u")) == world.copy("u")[::-1]


def test_sparse_marks_share_their_positions() -> None:
    base = counts(300, 2)
    marked = [{i for i, (y,) in enumerate(copy(base, name)) if y != 1_000} for name in "uvw"]
    assert marked[0] == marked[1] == marked[2]
    assert 80 < len(marked[0]) < 140  # 0.36 of 300
