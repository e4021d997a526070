"""The index of a trace: of many bases, those that a file may show are looked at, the likeliest first."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from sandbox.oversight.screen import Screen
from sandbox.oversight.sketch import MOST, from_bytes, sketch, to_bytes
from watermarking.base import Base, Primitive
from watermarking.leak import Leak

PROVINCES = [f"省{n}" for n in range(31)]


def base(seed: int, keys: str = "province,dept", groups: int = 400) -> Base:
    """A base of counts and sums whose values follow from its seed."""
    draw = random.Random(seed)
    names = tuple(keys.split(",")) if keys else ()
    found = {
        tuple(draw.choice(PROVINCES) if name == "province" else f"{name} {draw.randrange(200)}" for name in names)
        for _ in range(groups)
    } or {()}
    rows = tuple(sorted(found))
    values = tuple((draw.randrange(10_000), draw.randrange(-(10**6), 10**6)) for _ in rows)
    primitives = (Primitive("n", Fraction(10), True), Primitive("s", Fraction(2_000), False))
    return Base(b"b%d" % seed, names, rows, primitives, values)


def table(shown: Base, seed: int = 1, *, rows: float = 1.0, factor: float = 1.0) -> Leak:
    """The base with a little noise, shuffled, a share of its rows kept."""
    draw = random.Random(seed)
    lines = [
        (*map(str, group), str(n + draw.randint(-1, 1)), str((s + draw.randint(-200, 200)) * factor))
        for group, (n, s) in zip(shown.groups, shown.values, strict=True)
    ]
    draw.shuffle(lines)
    kept = lines[: max(1, int(rows * len(lines)))]
    return Leak(tuple(f"c{i}" for i in range(len(kept[0]))), tuple(kept))


BASES = [base(seed) for seed in range(150)] + [base(seed, "dept") for seed in range(150, 300)]
SKETCHES = [(one.id.decode(), sketch([one])) for one in BASES]


@pytest.mark.parametrize("number", [3, 170])
@pytest.mark.parametrize("share", [1.0, 0.2, 0.05])
def test_the_base_of_a_file_comes_first_among_many_with_its_keys(number: int, share: float) -> None:
    likely = Screen(table(BASES[number], rows=share)).likely(SKETCHES).bases
    assert f"b{number}" in likely[: 1 if share > 0.1 else 8]


def test_a_change_of_unit_does_not_hide_it() -> None:
    assert Screen(table(BASES[7], rows=0.5, factor=1e-4)).likely(SKETCHES).bases[0] == "b7"


def test_a_file_without_keys_is_found_by_its_numbers() -> None:
    shown = table(BASES[20])
    bare = Leak(shown.columns[2:], tuple(row[2:] for row in shown.rows))
    assert Screen(bare).likely(SKETCHES).bases[0] == "b20"
    inch = Leak(("x",), tuple((str(float(row[3]) / 10_000),) for row in shown.rows))
    assert "b20" in Screen(inch).likely(SKETCHES).bases[:20]


def test_a_turned_table_is_found_by_its_heads() -> None:
    one = base(999, "dept", 60)
    heads = ("what", *(str(group[0]) for group in one.groups))
    wide = Leak(
        heads, tuple((f"measure {at}", *map(str, column)) for at, column in enumerate(zip(*one.values, strict=True)))
    )
    likely = Screen(wide).likely([*SKETCHES, ("wide", sketch([one]))]).bases
    assert "wide" in likely[:10]


def test_what_has_nothing_of_any_base_is_not_looked_at() -> None:
    draw = random.Random(5)
    lines = tuple((f"name {n}", str(draw.random() * 1e12 + 1e15)) for n in range(300))
    likely = Screen(Leak(("a", "b"), lines)).likely(SKETCHES)
    assert likely == ([], 0, len(SKETCHES), "numbers")


def test_no_more_than_asked_for() -> None:
    all_of_them, some = (Screen(table(BASES[3])).likely(SKETCHES, most=most) for most in (1_000, 5))
    assert some.bases == all_of_them.bases[:5]
    assert (some.left_out, all_of_them.left_out) == (len(all_of_them.bases) - 5, 0)


def test_a_sketch_is_small_and_reads_back() -> None:
    parts = sketch([base(1, groups=5_000), base(2, "", 1)])
    data = to_bytes(parts)
    assert len(data) < 4_000
    for part, again in zip(parts, from_bytes(data), strict=True):
        assert [list(key) for key in part.keys] == [list(key) for key in again.keys]
        assert (part.groups == again.groups).all() and (part.values == again.values).all()
        assert (part.sigma == again.sigma).all()
    assert len(parts[0].groups) == MOST


def test_a_base_without_keys_or_groups_breaks_nothing() -> None:
    odd = [("empty", sketch([Base(b"e", ("a",), (), (), ())])), ("single", sketch([base(4, "", 1)])), ("none", ())]
    assert Screen(table(BASES[0])).likely([*odd, *SKETCHES]).bases[0] == "b0"


@pytest.mark.parametrize("share", [1.0, 0.2])
def test_a_base_cannot_be_buried_under_cheap_ones(share: float) -> None:
    """Whoever asks the same question a thousand times for next to no privacy gets noise that everything is near to."""
    real = BASES[3]
    draw = random.Random(17)

    def cheap(number: int, keys: int) -> Base:
        groups = tuple(sorted({group[:keys] for group in real.groups}))
        values = tuple((draw.randrange(-(10**6), 10**6), draw.randrange(-(10**8), 10**8)) for _ in groups)
        primitives = (Primitive("n", Fraction(10**6), True), Primitive("s", Fraction(10**8), False))
        return Base(b"cheap%d" % number, real.key_names[:keys], groups, primitives, values)

    heap = [(f"cheap{n}", sketch([cheap(n, 1 + n % 2)])) for n in range(300)]
    assert Screen(table(real, rows=share)).likely([*heap, *SKETCHES]).bases[0] == "b3"
