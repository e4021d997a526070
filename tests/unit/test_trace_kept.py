"""Copies show counts and sums divided by the share that bounds keep: the alignment must know by how much."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random

from traced import AGES, question

from sandbox.oversight.candidates import shown
from sandbox.oversight.marks import fingerprint, marks_bases
from sandbox.plan.plan import Plan
from sandbox.privacy.released import Released
from sandbox.products.query.kind import QueryProduct
from watermarking.leak import Leak


def given_back(plan: Plan, kept: str) -> Plan:
    [block] = plan.blocks
    count = block.measurements[0]
    assert count.what == "rows"
    return replace(
        plan, blocks=(replace(block, measurements=(replace(count, kept=Decimal(kept)), *block.measurements[1:])),)
    )


def test_a_copy_whose_counts_are_divided_by_the_share_kept_is_read_as_it_is() -> None:
    plan = given_back(question(), "0.9043")
    chance = Random(1)
    rows = [(chance.randrange(2_000, 9_000), chance.randrange(10**6, 9 * 10**6), chance.randrange(100)) for _ in AGES]
    base = Released([(age,) for age in AGES], rows)
    copy = fingerprint(plan, "base_1", [base], bytes(32), "u").values
    answer = QueryProduct().present(plan, [base], copy)
    leak = Leak(tuple(c.name for c in answer.columns), tuple(tuple(map(str, row)) for row in answer.rows))
    [found] = shown(leak, plan, marks_bases(plan, "base_1", [base]))
    parts = getattr(found.alignment, "parts", [found.alignment])
    counts = [one for one in parts[0].measures if type(one.view).__name__ == "Direct" and one.view.primitive == 0]
    assert [float(one.factor) for one in counts] == [1.0]
    assert counts[0].cost < 1
