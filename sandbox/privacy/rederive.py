"""The loss of a finished plan, derived a second time.

This code shares nothing with what made the plan: no closed formula of `Bounds`, no call of `calibrate`. It starts from
the definition – the most that adding or removing one unit can change – and compares. Web reserves what it says, the
vault asks it again before it reads a private byte. Only the bound on the noise's tail is shared with `threshold`, and
what a change costs under Laplace noise with `laplace`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import prod

from sandbox.plan.block import SIGMA_UNIT, WEIGHT, Block, Measurement
from sandbox.plan.fitted import Fitted
from sandbox.plan.plan import SEMANTICS, Plan
from sandbox.plan.reading import Reading
from sandbox.plan.relation import Public, Released, Scan, Worked
from sandbox.plan.scalar import Type
from sandbox.plan.walk import stored, walk
from sandbox.privacy import grains, laplace
from sandbox.privacy.mechanisms import SIGMA_LIMIT
from sandbox.privacy.multiplicity import most_rows
from sandbox.privacy.stages import stage_grains
from sandbox.privacy.threshold import tail


class PlanUnsound(Exception):
    """A plan claims less sensitivity, noise or loss than it has: never run it. A fault of ours, not of the asker."""


def loss(plan: Plan) -> tuple[Decimal, Decimal]:
    """Give `(rho, delta)`: what running `plan` costs in ρ-zCDP and, for private keys, in δ.

    Blocks are released independently of each other, so their losses add up. Raises `PlanUnsound` unless every squared
    sensitivity is what relations and bounds imply, every ρ is that of its noise rounded up to 10⁻¹⁸, and thresholds
    keep a unit's own keys secret but with probability δ."""
    _require(isinstance(plan, Plan), "what adds no noise has no loss to derive")
    _require(plan.semantics == SEMANTICS, f"the plan speaks semantics {plan.semantics}, this code {SEMANTICS}")
    parts = [_block(block) for block in plan.blocks] + [(_stage(stage), Decimal(0)) for stage in plan.stages]
    return grains.decimal(sum(rho for rho, _ in parts), grains.RHO), sum((delta for _, delta in parts), Decimal(0))


def reading_loss(reading: Reading, tables: Mapping[str, Mapping[str, Type]]) -> tuple[Decimal, Decimal]:
    """Give `(rho, delta)` of a reading, which are 0: it is made of nothing but `tables`, those that the registration
    lets everybody read as they are, with the types of their columns. Raises `PlanUnsound` for any other."""
    _require(reading.semantics == SEMANTICS, f"the reading speaks semantics {reading.semantics}, this code {SEMANTICS}")
    for node in walk(reading.rows):
        _require(not isinstance(node, Scan | Released), "a reading looks at rows of units")
        if isinstance(node, Public):
            columns = tables.get(node.table)
            _require(columns is not None, "a reading looks at a table that is not served exactly")
            for column in node.columns:
                _require(
                    columns is not None and columns.get(stored(column)) == column.type,
                    "a reading looks at a column that its table has not",
                )
    return Decimal(0), Decimal(0)


def pure_loss(plan: Plan) -> Decimal | None:
    """Give the ε that running `plan` costs a pure account, rounded up to 10⁻¹⁸: what all rows of one unit move, summed
    over groups and measurements, in steps of the noise; twice that for scores, which move each other's probabilities.
    None when a measurement has Gaussian noise or keys are private. Raises `PlanUnsound` as `loss` does."""
    _, delta = loss(plan)
    if plan.stages:
        return None  # their noise is Gaussian
    total = Fraction(0)
    for block in plan.blocks:
        counts = _counts(block)
        for measurement in block.measurements:
            if measurement.mechanism == "gaussian":
                return None
            twice = 2 if measurement.mechanism == "exponential" else 1
            total += Fraction(twice * sum(_moves(measurement, counts)) * SIGMA_UNIT, measurement.sigma)
    return None if delta else grains.decimal(grains.up(total, grains.RHO), grains.RHO)


def _stage(stage: Fitted) -> int:
    """Give the loss of one stage of a model: each unit has one row, whose vector the stage adds up."""
    rows = most_rows(stage.rows)
    _require(rows == 1, f"a model is fitted to one row of each unit, its relation has {rows}")
    try:
        return stage_grains(stage)
    except ValueError as error:
        raise PlanUnsound(str(error)) from None


def _counts(block: Block) -> tuple[int, ...]:
    rows = most_rows(block.rows)
    _require(rows == block.bounds.rows, f"a block claims {block.bounds.rows} rows of a unit, its relation has {rows}")
    if any(isinstance(node, Worked) for node in walk(block.rows)):
        _require_worked(block)
    return worst_counts(rows, most_groups(block), block.bounds.rows_per_group)


def _require_worked(block: Block) -> None:
    """One row is replaced: a sum then moves by two rows at most, and so do ranks. Nothing is said of what could be made
    of the rows, of how many groups they are in, or of bounds that keep one of the two."""
    _require(isinstance(block.rows, Worked), "what a program gives is worked on before it is measured")
    _require(not block.keys and block.bounds.rows_per_group == block.bounds.rows, "rows of blocks are counted apart")
    plain = all(m.what in ("sum", "quantile") and m.norm is None for m in block.measurements)
    _require(plain, "of what a program gives something else than sums and quantiles is measured")


def _block(block: Block) -> tuple[int, Decimal]:
    """Give the loss of one block: grains of ρ, and δ."""
    counts = _counts(block)
    total = 0
    for number, measurement in enumerate(block.measurements):
        square = max(_square(measurement, counts), 1)  # even a constant sum gets noise
        _require(square == measurement.square, f"measurement {number} claims Δ2² {measurement.square}, has {square}")
        total += _grains(number, measurement, counts)
    return total, _threshold_delta(block, len(counts))


def most_groups(block: Block) -> int:
    """Give the most cells one unit can appear in: the block's bound, or all cells when declared domains have fewer."""
    domains = [key.domain for key in block.keys if key.domain is not None]
    for domain in domains:
        _require(
            0 < len(set(domain)) == len(domain), "a domain names no value, or one twice: its cell would leave twice"
        )
    if len(domains) < len(block.keys):
        return block.bounds.groups
    return min(block.bounds.groups, prod(map(len, domains)))


@lru_cache(maxsize=8)  # a tuple may have a million entries
def worst_counts(rows: int, groups: int, rows_per_group: int) -> tuple[int, ...]:
    """Give the row counts per group of the unit with the largest sum of squares: fill one group after the other.

    Any other way of placing rows is majorised by this one, and a sum of squares grows with majorisation. The same unit
    touches as many groups as any when rows are spread thinly, see `_square`; the length is that number."""
    counts, left = [], rows
    for _ in range(min(groups, rows)):
        counts.append(min(rows_per_group, left))
        left -= counts[-1]
    return tuple(counts)


def _square(measurement: Measurement, counts: tuple[int, ...]) -> int:
    """Give Δ2². Each of the c rows that the unit has in a group moves the scores of a quantile by at most the longer
    side of the rank, Δ in all; the exponential mechanism with scores divided by t then is of bounded range 2Δ/t = ε
    for this pair of neighbours, hence ε²/8-zCDP. Over the groups, Σ Δ²/2t²: as for Gaussian noise."""
    if measurement.norm is not None:
        return int(measurement.norm.cap * 10**WEIGHT) ** 2
    match measurement.what:
        case "units":  # one in every group touched, one row in each being enough
            return len(counts)
        case "rows" | "values" | "distinct":
            return sum(count**2 for count in counts)
        case "sum":
            furthest = max(abs(end - measurement.centre) for end in (measurement.lower, measurement.upper))
            return sum((count * furthest) ** 2 for count in counts)
        case "quantile":
            part, whole = measurement.rank
            return sum((count * max(part, whole - part)) ** 2 for count in counts)


def _moves(measurement: Measurement, counts: tuple[int, ...]) -> list[int]:
    """Give the most by which a unit moves the integer of each group that it touches – or every score of it."""
    match measurement.what:
        case "units":
            return [1] * len(counts)
        case "quantile":
            part, whole = measurement.rank
            return [max(part, whole - part) * count for count in counts]
        case "sum":
            furthest = max(abs(end - measurement.centre) for end in (measurement.lower, measurement.upper))
            return [count * furthest for count in counts] if furthest else [1]  # even a constant sum gets noise
        case _:
            return list(counts)


def _grains(number: int, measurement: Measurement, counts: tuple[int, ...]) -> int:
    """Give the ρ of a measurement in grains, having compared it with its noise."""
    _require(0 < measurement.sigma <= SIGMA_LIMIT, f"measurement {number} has a σ that cannot be drawn")
    if measurement.mechanism == "laplace":
        _require(measurement.norm is None, f"measurement {number} is weighed and has Laplace noise")
        moves = _moves(measurement, counts)
        rho = grains.up(Fraction(laplace.rho(measurement.sigma, sum(moves), max(moves))), grains.RHO)
    else:
        sigma = Fraction(measurement.sigma, SIGMA_UNIT)
        rho = grains.up(Fraction(measurement.square) / (2 * sigma**2), grains.RHO)
    claimed = Fraction(measurement.rho)
    _require(
        claimed == Fraction(rho, 10**grains.RHO), f"measurement {number} claims ρ {measurement.rho}, costs {rho} grains"
    )
    return rho


def _threshold_delta(block: Block, groups: int) -> Decimal:
    private = any(key.domain is None for key in block.keys)
    threshold = block.threshold
    _require(private == (threshold is not None), "private keys, and only they, need a threshold")
    if threshold is None:
        return Decimal(0)
    _require(0 <= threshold.measurement < len(block.measurements), "the threshold is on no measurement")
    counted = block.measurements[threshold.measurement]
    _require(
        counted.what == "units" or (counted.what == "rows" and block.bounds.rows == 1),
        "the threshold is not on a count of units",
    )
    _require(counted.mechanism == "gaussian" and counted.norm is None, "the threshold is not on Gaussian noise")
    _require(0 < threshold.delta < 1 and threshold.tau >= 1, "the threshold promises nothing")
    slip = Fraction(tail(counted.sigma, threshold.tau - 1)) * groups  # a lone unit's group comes out
    _require(slip <= Fraction(threshold.delta), f"τ {threshold.tau} lets single units through more often than δ")
    return threshold.delta


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise PlanUnsound(otherwise)
