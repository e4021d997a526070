"""Copies and alignments of random bases."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from random import Random

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watermarking.align import align
from watermarking.base import Base, Primitive, Value
from watermarking.cells import canonical, number
from watermarking.design import Design
from watermarking.embed import channel, embed
from watermarking.leak import Direct, Leak

NUMBERS = st.integers(-(10**20), 10**20) | st.decimals(-(10**20), 10**20, places=6)
VALUES = st.none() | st.booleans() | NUMBERS | st.dates(date(1900, 1, 1)) | st.text(max_size=12)
KEYS = st.binary(min_size=32, max_size=32)
QUICK = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def bases(draw: st.DrawFn) -> Base:
    groups: list[tuple[Value, ...]] = draw(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=12))
    names, sigmas = st.sampled_from(["rows", "units", "sum"]), st.fractions(0, 500, max_denominator=1024)
    primitives = draw(st.lists(st.builds(Primitive, names, sigmas, st.booleans()), min_size=1, max_size=3))
    row = st.tuples(*(st.integers(-(10**6), 10**30) for _ in primitives))
    values = draw(st.lists(row, min_size=len(groups), max_size=len(groups)))
    return Base(b"b", ("k", "j"), tuple(groups), tuple(primitives), tuple(values))


@given(VALUES)
def test_canonical_text_is_canonical(value: Value) -> None:
    assert canonical(canonical(value)) == canonical(value)


@given(NUMBERS, st.integers(0, 9))
def test_a_number_has_one_spelling(value: int | Decimal, zeros: int) -> None:
    spelled = f"{value}.{'0' * zeros}" if isinstance(value, int) else f"{value:f}{'0' * zeros}"
    assert canonical(f" {spelled}\t") == canonical(value)


@given(bases(), KEYS, KEYS)
@QUICK
def test_a_copy_differs_by_its_marks_alone(base: Base, k_base: bytes, k_user: bytes) -> None:
    design = Design.of(base)
    copy = embed(base, design, k_base, k_user)
    assert copy == embed(base, design, k_base, k_user)
    marked = set(channel(base, design, k_base).cell.tolist())
    for group, (y, x) in enumerate(zip(copy, base.values, strict=True)):
        for index, primitive in enumerate(base.primitives):
            kept = max(x[index], 0) if primitive.nonnegative else x[index]
            assert abs(y[index] - kept) <= design.strengths[index].delta
            assert group * len(base.primitives) + index in marked or y[index] == kept
            assert y[index] >= 0 or not primitive.nonnegative


@given(bases(), KEYS, KEYS, st.randoms(use_true_random=False))
@QUICK
def test_alignment_observes_what_the_file_shows(base: Base, k_base: bytes, k_user: bytes, random: Random) -> None:
    """Whatever the values: it ends, no cell is seen twice, and each observation is a leaked number in some unit."""
    copy = embed(base, Design.of(base), k_base, k_user)
    pairs = zip(base.groups, copy, strict=True)
    rows = [(*(canonical(value) for value in group), *map(str, values)) for group, values in pairs]
    random.shuffle(rows)
    leak = Leak(tuple(map(str, range(len(rows[0])))), tuple(rows))
    found = align(leak, base, [Direct(p.name, i) for i, p in enumerate(base.primitives)])
    if found is None:
        return
    leaked = {Fraction(value) for row in rows for text in row if (value := number(text)) is not None}
    measures = {measure.view.primitive: measure for measure in found.parts[0].measures}  # type: ignore[union-attr]
    assert len(np.unique(found.observed.cell)) == len(found.observed)
    for cell, away in zip(found.observed.cell.tolist(), found.observed.away.tolist(), strict=True):
        group, primitive = divmod(cell, len(base.primitives))
        measure = measures[primitive]
        seen = (base.values[group][primitive] + Fraction(away)) * measure.factor + measure.offset
        assert any(abs(seen - value) <= abs(value) * Fraction(1, 10**9) + Fraction(1, 10**6) for value in leaked)
