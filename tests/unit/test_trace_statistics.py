"""Columns made of variances do not mislead a trace: its own cells are found once, and the leaker alone is named."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from query_examples import plan_of

from sandbox.engines.base import Exact
from sandbox.engines.reference import measure
from sandbox.engines.relations import Row
from sandbox.oversight.marks import designs_from_bytes, fingerprint, marks_bases, views
from sandbox.privacy.release import release
from sandbox.products.query.kind import QueryProduct
from watermarking import embed, score
from watermarking.align import align
from watermarking.leak import Leak


@pytest.mark.parametrize(
    ("asked", "found"),
    [("VAR_POP(wage), AVG(wage), COUNT(*)", True), ("CORR(wage, age), COUNT(*)", True), ("STDDEV(wage)", False)],
)
def test_the_leaker_alone_is_named(asked: str, found: bool) -> None:
    plan, chance = plan_of(f"SELECT income, {asked} FROM persons GROUP BY income", epsilon="2"), random.Random(1)
    exact = []
    for _ in range(150):
        rows = [
            Row(unit, (0,), {"wage": Decimal(chance.randint(20_000, 80_000)).scaleb(-2), "age": chance.randint(0, 100)})
            for unit in range(chance.randint(100, 300))
        ]
        exact.append(tuple(measure(m, rows) for m in plan.blocks[0].measurements))
    base = release(plan, [Exact([(number,) for number in range(150)], exact)])
    copies = [fingerprint(plan, "base", base, bytes(32), user) for user in ("u", "v", "w")]
    answer = QueryProduct().present(plan, base, copies[1].values)
    leak = Leak(tuple(column.name for column in answer.columns), tuple(tuple(map(str, row)) for row in answer.rows))
    marked = marks_bases(plan, "base", base)[0]
    aligned = align(leak, marked, views(plan.blocks[0]))
    assert (aligned is not None) == found
    if aligned is not None:
        [design] = designs_from_bytes(copies[0].design)
        path = embed.channel(marked, design, copies[0].k_base)
        first, leaker, last = score.log_e_values(aligned, marked, design, path, [c.k_user for c in copies])
        assert leaker > 20 > 5 > max(first, last)
