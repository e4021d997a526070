"""Mechanisms that break their promise in ways that have happened elsewhere. The audit must catch each of them.

They are made by changing plans, exact results and releases from outside; no code of the product knows them. Each
keeps the charge of the right mechanism that it is a mutant of."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sandbox.audit import plans
from sandbox.audit.cases import GIVEN_BACK, TOTALS, Case, by, of
from sandbox.audit.run import ALARM, Bench, claimed
from sandbox.audit.subject import Charge, Subject, run
from sandbox.audit.verdict import Verdict, judge
from sandbox.audit.worlds import clinic, crowd, wide
from sandbox.engines.base import Exact, OpenVersion
from sandbox.engines.files import read_table
from sandbox.engines.reference import ReferenceEngine, weights_of
from sandbox.plan.block import WEIGHT, Block, Bounds, Norm
from sandbox.plan.plan import Plan
from sandbox.plan.scalar import INTEGER, STRING, Column
from sandbox.privacy.rederive import loss
from sandbox.privacy.released import Released
from sandbox.privacy.threshold import tau

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Bad:
    """A mutant of `case`, and what is wrong with it."""

    name: str
    case: Case
    make: Callable[[Bench, Case], Subject]


def caught(on: Bench, bad: Bad) -> Verdict:
    """Judge a mutant as the cases are judged."""
    return judge(bad.name, bad.case.name, bad.make(on, bad.case), bad.case.trials, ALARM / len(BAD))


def no_noise(on: Bench, case: Case) -> Subject:
    def release(block: Block, exact: Exact) -> Released:
        return Released([tuple(one) for one in exact.groups], [tuple(map(_whole, one)) for one in exact.values])

    return replace(claimed(on, case), release=release)


def small_sigma(on: Bench, case: Case) -> Subject:
    """Noise of 0.7 σ: it costs twice what is charged."""
    right = claimed(on, case)
    return replace(right, drawing=_each(right.plan, lambda m: replace(m, sigma=m.sigma * 7 // 10)))


def threshold_without_groups(on: Bench, case: Case) -> Subject:
    """τ for one group of a unit, which has twelve."""
    right = claimed(on, case)
    block = right.plan.blocks[0]
    assert block.threshold is not None
    lower = tau(block.measurements[block.threshold.measurement].sigma, 1, block.threshold.delta)
    changed = replace(block, threshold=replace(block.threshold, tau=lower))
    return replace(right, plan=replace(right.plan, blocks=(changed,)))


def threshold_on_rows(on: Bench, case: Case) -> Subject:
    """The rows of a group are held against τ, not its units."""
    right = claimed(on, case)
    block = right.plan.blocks[0]
    assert block.threshold is not None
    units, rows = block.threshold.measurement, next(i for i, m in enumerate(block.measurements) if m.what == "rows")

    def swapped(exact: Sequence[Exact] | None) -> list[Exact]:
        assert exact is not None
        [one] = exact
        return [Exact(one.groups, [tuple(v[rows] if i == units else x for i, x in enumerate(v)) for v in one.values])]

    return replace(right, present=swapped(right.present), absent=swapped(right.absent))


def unbounded(on: Bench, case: Case) -> Subject:
    """Only K is kept to: L0 and R are in the claim, not in the engine."""
    right = claimed(on, case)
    return _ran(on, case, right, _bounds_of_rows(right.plan))


def too_many_rows(on: Bench, case: Case) -> Subject:
    """K is in the claim; the data have more rows of the unit, since nobody enforced it."""
    return claimed(on, case)


def root_of_rows(on: Bench, case: Case) -> Subject:
    """√K for K rows that may all fall into one group."""
    return _understated(claimed(on, case), 12)


def join_as_table(on: Bench, case: Case) -> Subject:
    """A join counted as if a unit had no more pairs than rows."""
    return _understated(claimed(on, case), 12**2)


def norm_of_rows(on: Bench, case: Case) -> Subject:
    """L2 mode by the root of the number of rows, not by the sums of groups."""
    return _weighed(on, case, lambda rows: rows, Norm((Column("number", INTEGER),), 6))


def norm_of_others(on: Bench, case: Case) -> Subject:
    """L2 mode by a norm that was taken after a WHERE which the sum does not have."""
    own = Norm((Column("one", STRING),), 6)
    return _weighed(on, case, lambda rows: [row for row in rows if row["__ord"] < 1], own)


def wrapped_ordinals(on: Bench, case: Case) -> Subject:
    """Ordinals of a byte that begin again at 0: the 257th row is a first one."""
    right, pair = claimed(on, case), on.pair(case.world())
    most = right.plan.blocks[0].bounds.rows_per_group
    plan = _bounds_of_rows(right.plan)

    def ran(version: OpenVersion) -> list[Exact]:
        rows = read_table(version.path, version.key, "visits")
        return ReferenceEngine({"visits": [row for row in rows if row["__ord"] % 256 < most]}).run(version, plan)

    return replace(right, present=ran(pair.present), absent=ran(pair.absent))


def unclamped(on: Bench, case: Case) -> Subject:
    """Values beyond the declared bounds are added up as they are."""
    right = claimed(on, case)
    return _ran(on, case, right, _each(right.plan, lambda m: replace(m, upper=10**9)))


def given_back_by_data(on: Bench, case: Case) -> Subject:
    """What bounds leave out of the data themselves is given back, not what the profile predicts."""
    right, pair = claimed(on, case), on.pair(case.world())
    whole = _bounds_of_rows(right.plan)

    def ran(version: OpenVersion) -> list[Exact]:
        found = zip(on.engine.run(version, whole), right.plan.blocks, strict=True)
        return [Exact(one.groups, [_share(row, block) for row in one.values]) for one, block in found]

    return replace(right, present=ran(pair.present), absent=ran(pair.absent))


def _share(row: Sequence[Any], block: Block) -> tuple[int, ...]:
    """All that there is, as far as what is shown divides it by the share that is kept."""
    return tuple(round(_whole(value) * m.kept) for value, m in zip(row, block.measurements, strict=True))


def largest_total(on: Bench, case: Case) -> Subject:
    """A unit's total is clamped at the largest one in the data, which is the unit's own."""
    return unclamped(on, case)


def float_noise(on: Bench, case: Case) -> Subject:
    """Laplace noise from a generator, added in floating point (Mironov 2012)."""
    source = np.random.default_rng()

    def release(block: Block, exact: Exact) -> Any:
        noise = source.laplace(0, block.measurements[0].sigma / 1024, len(exact.values))
        values = [(float(_whole(one)) + error,) for (one,), error in zip(exact.values, noise.tolist(), strict=True)]
        return Fractions(list(exact.groups), values)

    return replace(claimed(on, case), release=release)


@dataclass(frozen=True)
class Fractions:
    """What is shaped like a release, with numbers that are not whole."""

    groups: Sequence[tuple[Any, ...]]
    values: Sequence[tuple[float, ...]]


def fails_on_a_value(on: Bench, case: Case) -> Subject:
    """A value that only the unit has makes the statement fail."""
    return replace(claimed(on, case), present=None)


def public_side_kept(on: Bench, case: Case) -> Subject:
    """Public rows that met no protected one: places LEFT JOIN persons … WHERE person IS NULL."""
    pair = on.pair(case.world())

    def alone(version: OpenVersion) -> list[Exact]:
        towns = {row["town"] for row in read_table(version.path, version.key, "persons")}
        places = read_table(version.path, version.key, "places")
        return [Exact([()], [(sum(row["town"] not in towns for row in places),)])]

    return replace(claimed(on, case), present=alone(pair.present), absent=alone(pair.absent))


def redrawn(times: int) -> Callable[[Bench, Case], Subject]:
    """One charge, and noise drawn anew each time that the question comes."""
    return lambda on, case: replace(claimed(on, case), again=times)


def _whole(value: Any) -> int:
    assert isinstance(value, int)
    return value


def _each(plan: Plan, change: Callable[[Any], Any]) -> Plan:
    blocks = [replace(one, measurements=tuple(change(m) for m in one.measurements)) for one in plan.blocks]
    return replace(plan, blocks=tuple(blocks))


def _bounds_of_rows(plan: Plan) -> Plan:
    blocks = [replace(one, bounds=Bounds(*(one.bounds.rows,) * 3)) for one in plan.blocks]
    return replace(plan, blocks=tuple(blocks))


def _ran(on: Bench, case: Case, right: Subject, plan: Plan) -> Subject:
    pair = on.pair(case.world())
    return replace(right, present=run(on.engine, pair.present, plan), absent=run(on.engine, pair.absent, plan))


def _understated(right: Subject, square: int) -> Subject:
    plan = plans.understated(right.plan, square)
    rho, delta = loss(right.plan)
    return replace(right, plan=plan, charge=Charge(min(rho, plan.rho), delta))


def _weighed(on: Bench, case: Case, seen: Callable[[Rows], Rows], norm: Norm) -> Subject:
    """Sums of weights by `one`, the weights from the norm of the rows that are seen."""
    pair = on.pair(case.world())

    def ran(version: OpenVersion) -> list[Exact]:
        rows = read_table(version.path, version.key, "visits")
        weights = defaultdict(lambda: 10**WEIGHT, weights_of(norm, None, 0, seen(rows)))
        found: Counter[Any] = Counter()
        for row in rows:
            found[row["one"]] += weights[row["__unit"]]
        return [Exact([(key,) for key in found], [(number,) for number in found.values()])]

    return replace(claimed(on, case), present=ran(pair.present), absent=ran(pair.absent))


_COUNT = of("COUNT(*)", "", trials=60_000)
_COSTS = Case("units by cost", "", "SELECT cost, COUNT(*) AS n FROM visits GROUP BY cost")
_PERSONS = Case("COUNT(*) of persons", "", "SELECT COUNT(*) AS n FROM persons")
_MINE = Case("persons of a town", "", "SELECT COUNT(*) AS n FROM persons WHERE town = 'mine'", epsilon="2", pure=True)
_L2 = Case("L2 of rows", "", build=plans.norm("rows", ["one"], 6))
BAD: tuple[Bad, ...] = (
    Bad("noise is missing", _COUNT, no_noise),
    Bad("σ is 30 % too small", _COUNT, small_sigma),
    Bad("τ without the number of groups", by("own", 12, 12, "", epsilon="2"), threshold_without_groups),
    Bad("τ on rows instead of units", _COSTS, threshold_on_rows),
    Bad("L0 and R not enforced", by("four", 2, 2, ""), unbounded),
    Bad("K not enforced", replace(_COUNT, world=crowd, counting=clinic), too_many_rows),
    Bad("√K for K rows", _COUNT, root_of_rows),
    Bad("multiplicity of a join forgotten", Case("pairs", "", build=plans.pairs), join_as_table),
    Bad("L2 by √K", _L2, norm_of_rows),
    Bad("L2 by a norm of other rows", _L2, norm_of_others),
    Bad("ordinals wrap", by("one", 1, 20, "", world=crowd), wrapped_ordinals),
    Bad("column not clamped", of("SUM(cost)", "", world=wide, counting=clinic), unclamped),
    Bad("totals not clamped", Case("totals of gain", "", build=lambda entry: plans.totals(entry, 50)), unclamped),
    Bad("given back what the data leave out", GIVEN_BACK[0], given_back_by_data),
    Bad("totals clamped at the largest in the data", TOTALS, largest_total),
    Bad("noise in floating point", _MINE, float_noise),
    Bad("fails on a value", of("SUM(cost)", ""), fails_on_a_value),
    Bad("public side preserved", _PERSONS, public_side_kept),
    Bad("one base redrawn per request", of("COUNT(*)", ""), redrawn(16)),
    Bad("free repetition with fresh noise", of("COUNT(*)", ""), redrawn(4)),
)
