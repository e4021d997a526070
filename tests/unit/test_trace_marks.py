"""Plans in the terms of marks."""

from __future__ import annotations

from dataclasses import replace

from traced import AGES, RHO, question

from sandbox.oversight.marks import fingerprint, marks_bases, views
from sandbox.plan.block import Measurement
from sandbox.privacy.released import Released
from watermarking.leak import Average, Direct, Total

VALUES = [(500, 40_000 + age, 100) for age in AGES]
BASE = Released([(age,) for age in AGES], VALUES)


def test_a_centred_sum_is_averaged_over_its_own_values() -> None:
    [block] = question().blocks
    assert [type(view) for view in views(block)] == [Direct, Direct, Average, Average, Total]
    own = Measurement("values", block.measurements[2].expr, 0, 0, 0, 0, 1, 1024, RHO)
    both = replace(block, measurements=(*block.measurements, own))
    assert [view.count for view in views(both) if isinstance(view, Average) and view.total == 2] == [3]
    assert [view.count for view in views(both) if isinstance(view, Total)] == [3]
    assert [view.count for view in views(both) if isinstance(view, Average) and view.total == 1] == [0, 3]


def test_aliases_and_order_change_no_mark() -> None:
    plain, renamed = question(), question(n="how_many", mean="m")
    renamed = replace(renamed, outputs=(renamed.outputs[0][::-1],))
    copies = [fingerprint(plan, "base_1", [BASE], bytes(32), "u").values[0] for plan in (plain, renamed)]
    assert copies[0] == copies[1] != VALUES


def test_bases_and_recipients_have_marks_of_their_own() -> None:
    made = [
        fingerprint(question(), base, [BASE], bytes(32), recipient).values[0]
        for base, recipient in (("b1", "u"), ("b1", "v"), ("b2", "u"))
    ]
    assert len({tuple(copy) for copy in made}) == 3


def test_measures_are_told_apart_by_what_they_measure() -> None:
    names = [primitive.name for primitive in marks_bases(question(), "b", [BASE])[0].primitives]
    assert len(set(names)) == 3
    assert "hours" in names[2]
    assert "mean" not in names[2]
