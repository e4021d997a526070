"""What is audited: a claim – a plan and what it is charged – and what truly happens in two neighbouring worlds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.audit.draws import Drawn, Group, Origins, Release, drawn, only
from sandbox.engines.base import Engine, EngineFailed, Exact, Histogram, OpenVersion
from sandbox.plan.block import Block
from sandbox.plan.plan import Plan
from sandbox.privacy.rederive import loss, pure_loss
from sandbox.privacy.release import release_block

Cells = dict[Group, tuple[int | Histogram, ...]]


@dataclass(frozen=True)
class Charge:
    """What a release costs: ρ, the δ of its thresholds, and ε where it costs a pure account that."""

    rho: Decimal
    delta: Decimal = Decimal(0)
    pure: Decimal | None = None


@dataclass(frozen=True)
class Subject:
    """`present` and `absent` are the exact results with the unit and without it; None where there was a failure.
    `release` is what draws; `again` is how many releases an onlooker gets for the one charge."""

    plan: Plan
    charge: Charge
    present: Sequence[Exact] | None
    absent: Sequence[Exact] | None
    release: Release = field(default=release_block)
    drawing: Plan | None = None
    again: int = 1

    @property
    def drawn_by(self) -> Plan:
        """The plan that the noise follows."""
        return self.drawing or self.plan

    @property
    def whole(self) -> bool:
        """Whether there is a result in both worlds."""
        return self.present is not None and self.absent is not None


def subject(plan: Plan, present: Sequence[Exact] | None, absent: Sequence[Exact] | None) -> Subject:
    """Give what the product itself claims and does. Raises PlanUnsound for a claim that does not hold."""
    rho, delta = loss(plan)
    return Subject(plan, Charge(rho, delta, pure_loss(plan)), present, absent)


def run(engine: Engine, version: OpenVersion, plan: Plan) -> list[Exact] | None:
    """Give the exact results, or None for a failure."""
    try:
        return engine.run(version, plan)
    except EngineFailed:
        return None


@dataclass(frozen=True)
class Differing:
    """The cells of a block that the unit changes. `common` are released in both worlds alike; `lone` can be released
    in one of them only, and their keys would tell which."""

    common: tuple[Group, ...]
    lone: tuple[Group, ...]
    present: Cells
    absent: Cells


def differing(block: Block, present: Exact, absent: Exact) -> Differing:
    """Compare the exact results of two worlds."""
    nothing = tuple(() if m.what == "quantile" else 0 for m in block.measurements)
    here, there = (dict(zip(map(tuple, one.groups), one.values, strict=True)) for one in (present, absent))
    allowed = [None if key.domain is None else frozenset(key.domain) for key in block.keys]
    found = [group for group in here.keys() | there.keys() if _inside(group, allowed)]
    changed = sorted((g for g in found if here.get(g, nothing) != there.get(g, nothing)), key=repr)
    lone = [group for group in changed if block.threshold and (group in here) != (group in there)]
    common = [group for group in changed if group not in lone]
    if not changed:
        common = found[:1]
    return Differing(
        tuple(common),
        tuple(lone),
        {group: tuple(here.get(group, nothing)) for group in changed or common},
        {group: tuple(there.get(group, nothing)) for group in changed or common},
    )


def _inside(group: Group, allowed: Sequence[frozenset[object] | None]) -> bool:
    return all(domain is None or value in domain for value, domain in zip(group, allowed, strict=True))


def worlds(one: Subject, number: int, cells: Differing, trials: int) -> tuple[Drawn, Drawn]:
    """Release block `number` so many times in each world; every outcome as far from what it is without the unit."""
    assert one.present is not None and one.absent is not None
    block = one.drawn_by.blocks[number]
    origins: Origins = {
        group: tuple(value if isinstance(value, int) else 0 for value in cells.absent[group])
        for group in (*cells.common, *cells.lone)
    }
    groups = list(origins)
    here, there = (
        drawn(block, only(exact[number], groups), origins, trials, one.release) for exact in (one.present, one.absent)
    )
    return here, there
