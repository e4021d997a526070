"""An answer whose totals were made the sums of their parts is traced like any other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from traced import AGES, VAULT, Box, question

from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.jobs.records import Base
from sandbox.plan.plan import Plan
from sandbox.plan.relation import Released as Shown
from sandbox.privacy.released import Released, base_bytes
from sandbox.stores.sql import SqlStore


def rollup() -> Plan:
    """COUNT(*) and SUM(pay) by age and in all, consistent; the ages are shown."""
    plan = question()
    [block], [(age, n, pay, _)] = plan.blocks, plan.outputs
    fine = replace(block, measurements=block.measurements[:2])
    shown = Shown(0, (age.column, n.column, pay.column))
    made = ((age, n, pay), (n, pay))
    return replace(plan, blocks=(fine, replace(fine, keys=())), outputs=made, post=shown, consistent=True)


def base(box: Box, plan: Plan, seed: int) -> str:
    chance = Random(seed)
    true = [(chance.randint(150, 900), chance.randint(20_000, 90_000)) for _ in AGES]
    noisy = [(n + round(chance.gauss(0, 6)), pay + round(chance.gauss(0, 3_000))) for n, pay in true]
    totals = (sum(n for n, _ in true), sum(pay for _, pay in true))
    content = base_bytes(plan, [Released([(age,) for age in AGES], noisy), Released([()], [totals])])
    made = new_id("base")
    with box.store.write() as tx:
        sealed = VAULT.seal(content, f"base:{made}")
        tx.add(Base(made, plan.base_key(), "r1", "v1", "1", sealed, None, now()))
    return made


@pytest.mark.parametrize("seed", [1, 2])
def test_a_consistent_answer_is_traced(seed: int, tmp_path: Path) -> None:
    store = SqlStore(f"sqlite:///{tmp_path / 'control.db'}")
    store.create()
    box, plan = Box(store, tmp_path), rollup()
    made = base(box, plan, seed)
    leak = box.release(made, "alice", plan)
    for other in ("bob", "carol", "dan"):
        box.release(made, other, plan)
    assert leak != box.release(made, "alice", replace(plan, consistent=False))
    box.seal()
    _, outcome = box.trace(leak)
    assert [finding.recipient for finding in outcome.findings] == ["alice"]
    assert outcome.findings[0].log10_p < -15
