"""Pure accounts by brute force: on small tables, what leaves with and without each unit is likely within the ε that a
whole question costs – sums, counts, medians, MIN and MAX, grouping sets, totals and all."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from query_town import ENTRY, profile_json

from sandbox.catalogue.profile import profile_of
from sandbox.engines.base import Exact, OpenVersion
from sandbox.engines.reference import ReferenceEngine
from sandbox.errors import Problem
from sandbox.jobs.product import Question
from sandbox.plan.block import Block, Measurement
from sandbox.plan.plan import Plan
from sandbox.plan.scalar import Value
from sandbox.privacy.rederive import loss, pure_loss
from sandbox.products.query.kind import QueryProduct

Row = dict[str, Any]
QUESTIONS = [
    "SELECT dept, MEDIAN(cost), MIN(cost), MAX(cost) FROM visits GROUP BY dept",
    "SELECT MIN(cost), MAX(cost), QUANTILE_DISC(cost, 0.9), COUNT(*) FROM visits WHERE cost > 3",
    "SELECT dept, COUNT(*), SUM(cost), AVG(cost), COUNT(DISTINCT pid) FROM visits GROUP BY ROLLUP (dept)",
    "SELECT SUM(cost), COUNT(*) FROM visits",
    "SELECT dept, SUM(cost) FROM visits GROUP BY dept",
    "SELECT COUNT(DISTINCT hospital), VAR_POP(cost) FROM visits",
]


def planned(sql: str, spec: Mapping[str, Any], profiled: bool) -> Plan:
    profile = profile_of(profile_json(100)) if profiled else None
    none = Decimal(0)
    return QueryProduct().compile(
        Question({"sql": sql, "epsilon": "2"}, "r", "p", "v1", ENTRY, spec, none, none, pure=True, profile=profile)
    )


def people(chance: Random) -> list[Row]:
    """Some persons, one of whom is everywhere and dear."""
    rows = []
    for unit in range(4):
        for number in range(chance.choice([1, 2, 5, 60]) if unit else 150):
            dept = f"D{chance.randrange(4) if unit else number % 40:02}"
            cost = chance.choice([0, 1, 40, 9_999, 10_000]) if unit else 10_000
            row = {"__unit": unit, "__ord": len(rows), "pid": unit, "hospital": f"H{number % 7}"}
            rows.append({**row, "dept": dept, "cost": cost})
    return rows


def measured(plan: Plan, rows: list[Row]) -> list[Exact]:
    return ReferenceEngine({"visits": rows, "persons": []}).run(OpenVersion("v", Path(), b""), plan)


def cells(block: Block, exact: Exact) -> dict[tuple[Value, ...], tuple[Any, ...]]:
    """The values of every declared group, of those without rows too."""
    empty = tuple(() if m.what == "quantile" else 0 for m in block.measurements)
    found = dict.fromkeys(product(*(key.domain or () for key in block.keys)), empty)
    return found | {group: row for group, row in zip(exact.groups, exact.values, strict=True) if group in found}


def law(m: Measurement, bins: Any) -> NDArray[np.float64]:
    """The logarithms of the probabilities of the bins, by definition."""
    (a, b), rows = m.rank, np.zeros(m.bins)
    for number, count in bins:
        rows[number] += count
    up_to = np.cumsum(rows)
    scores = np.maximum(np.maximum(b * (up_to - rows) - a * up_to[-1], a * up_to[-1] - b * up_to), 0)
    weights = -scores / (m.sigma / 1024)
    shifted: NDArray[np.float64] = weights - weights.max() - np.log(np.exp(weights - weights.max()).sum())
    return shifted


def apart(m: Measurement, one: Any, other: Any) -> float:
    """The largest logarithm of a quotient of the probabilities of one outcome."""
    if m.what == "quantile":
        return float(np.abs(law(m, one) - law(m, other)).max())
    assert m.mechanism == "laplace"
    return float(abs(one - other) / (m.sigma / 1024))


@pytest.mark.parametrize("profiled", [False, True])
@pytest.mark.parametrize("spec", [{}, {"bounds": {"groups": 2, "rows_per_group": 3}}, {"mode": "totals"}], ids=str)
@pytest.mark.parametrize("sql", QUESTIONS)
def test_a_unit_moves_what_leaves_by_no_more_than_the_epsilon_of_the_question(
    sql: str, spec: Mapping[str, Any], profiled: bool
) -> None:
    try:
        plan = planned(sql, spec, profiled)
    except Problem:
        assert spec.get("mode") == "totals"  # not for averages and quantiles, and not without a profile
        return
    loss(plan)
    epsilon = pure_loss(plan)
    assert epsilon is not None and epsilon <= 2 and plan.delta == 0
    most = 0.0
    for seed in range(3):
        rows = people(Random(seed))
        whole = [cells(block, one) for block, one in zip(plan.blocks, measured(plan, rows), strict=True)]
        for unit in range(4):
            rest = measured(plan, [row for row in rows if row["__unit"] != unit])
            without = [cells(block, one) for block, one in zip(plan.blocks, rest, strict=True)]
            moved = sum(
                apart(m, before[group][at], after[group][at])
                for block, before, after in zip(plan.blocks, whole, without, strict=True)
                for group in before
                for at, m in enumerate(block.measurements)
                if before[group][at] != after[group][at]
            )
            assert moved <= float(epsilon) + 1e-9, (seed, unit)
            most = max(most, moved)
    assert most > 0.05 * float(epsilon)
