"""Programs and plans of them for tests."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from sandbox.isolation.available import missing
from sandbox.plan.block import Block, Bounds, Measurement
from sandbox.plan.plan import SEMANTICS, Output, Plan
from sandbox.plan.relation import Released, Scan
from sandbox.plan.scalar import INTEGER, Column, Type
from sandbox.plan.worked import Given, Worked

needs_isolation = pytest.mark.skipif(missing() is not None, reason=str(missing()))
COST, AGE = Column("cost", Type("decimal", 2), Decimal(0), Decimal(1000)), Column("age", INTEGER)
SCAN = Scan("t", 0, (AGE, COST), 5)


def given(name: str, low: int, high: int, scale: int = 0, otherwise: int | None = None) -> Given:
    kind = Type("decimal", scale) if scale else INTEGER
    return Given(name, kind, Decimal(low), Decimal(high), Decimal(low if otherwise is None else otherwise))


def program(code: str, *numbers: Given, blocks: int = 4, milliseconds: int = 400, memory_mb: int = 128) -> Worked:
    return Worked(SCAN, ("age", "cost"), code, "{}", blocks, numbers, milliseconds, memory_mb)


def summed(node: Worked) -> Plan:
    """A plan of the sum of each number over the blocks, around 0."""
    measured = []
    for one in node.numbers:
        scale = one.type.scale
        low, high = (int(bound.scaleb(scale)) for bound in (one.lower, one.upper))
        measured.append(
            Measurement("sum", one.column, scale, low, high, 0, max(abs(low), abs(high)) ** 2 * 4, 1024, Decimal(1))
        )
    block = Block(node, (), Bounds(2, 2, 2), tuple(measured), None)
    outputs = tuple(Output(one.name, "sum", (place,), one.type) for place, one in enumerate(node.numbers))
    return Plan(SEMANTICS, "r", "p", "v", (block,), (outputs,), Released(0, tuple(output.column for output in outputs)))


__all__ = ["AGE", "COST", "SCAN", "given", "needs_isolation", "program", "replace", "summed"]
