"""Totals that are the sums of their parts, on request: the counts and sums of grouping sets, put right against each
other after the release.

Each set b of keys measures sums of the same leaves x: y_b = M_b·x + noise of σ_b. What is shown are the leaves with the
least Σ_b |y_b − M_b·x|²/σ_b², rounded, and the sums of these. Costs no privacy: it is made of released numbers alone,
values of a copy from its marked ones. A mark of a leaf stays in the leaf but for the part that its neighbours take
over, about 1 in the number of leaves of a total.

Where every set has all cells of its declared keys, M_bᵀM_b = n_b·P_b, with P_b the mean over all keys but those of b
and n_b the leaves of one of its cells. These commute: on the part of x that depends on exactly the keys T, E_T·x with
E_T = Σ_{U⊆T} (−1)^|T−U|·P_U, as in an analysis of variance, the weights add up to λ_T = Σ_{b⊇T} n_b/σ_b². Hence
x = Σ_T E_T/λ_T · Σ_b M_bᵀy_b/σ_b²: a sum over b and V ⊆ b of a coefficient times the sums of y_b by V. A cell of set S
has the variance n_S²·Σ_{T⊆S} (E_T)ᵢᵢ/λ_T.

Whole numbers throughout – coefficients in steps of 2⁻¹²⁸ – so that a copy is the same wherever it is made again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from math import prod, sqrt
from typing import Protocol

from sandbox.errors import Problem
from sandbox.jobs.product import Groups
from sandbox.plan.block import SIGMA_UNIT, Block, Key, Measurement
from sandbox.plan.plan import Output, Plan
from sandbox.plan.scalar import Scalar, Value
from sandbox.products.query.accuracy import Accuracy
from sandbox.products.query.table import Table
from sandbox.products.query.totals import measured_of
from sandbox.products.query.values import spelled_units, summed
from sandbox.sql.draft import Key as DraftKey

MOST_KEYS = 6
NOTE = (
    "counts and sums are put right against each other, so that totals are the sums of their parts; a small one may "
    "be below 0"
)
_STEP = 1 << 128
Keys = frozenset[int]  # by their places among all keys of a family


Part = tuple[int, Output, tuple[Scalar, ...]]  # a block, an output of it, and its keys as the question has them


class Keyed(Protocol):
    """A measure with its keys, and what they became."""

    @property
    def keys(self) -> Sequence[tuple[DraftKey, Key]]: ...


@dataclass(frozen=True)
class Member:
    """A set of a family: its block, its output, which keys it has, in the order of its groups."""

    block: int
    output: Output
    places: tuple[int, ...]

    @property
    def keys(self) -> Keys:
        return frozenset(self.places)


@dataclass(frozen=True)
class Family:
    """Outputs that measure the same by several sets of keys, one of which has all of them: the first."""

    keys: tuple[Key, ...]
    members: tuple[Member, ...]


def families(plan: Plan) -> list[Family]:
    """Give what is to be made consistent: counts and sums that blocks have under one name – the sets of one GROUP BY,
    and nothing else, share the names of a statement – and whose finest set has all keys. Others are left alone."""
    found: dict[tuple[str, int], list[Part]] = defaultdict(list)
    for place, (block, outputs) in enumerate(zip(plan.blocks, plan.outputs, strict=True)):
        rows, keys = measured_of(block)
        for output in outputs:
            if output.what in ("count", "sum") and _adds_up(_parts(block, output)):
                found[output.name, rows.rows].append((place, output, keys))
    return [family for parts in found.values() if (family := _family(plan, parts)) is not None]


def made_consistent(plan: Plan, parts: Sequence[Keyed]) -> Plan:
    """Give the plan whose counts and sums of grouping sets are put right against each other. `parts` say of each
    measure how its keys came about. Raises sql_not_allowed where totals are no sums of the groups that show."""
    why = _why_not(plan, parts)
    if why is not None:
        raise Problem("sql_not_allowed", f"Totals cannot be made the sums of their parts here: {why}.")
    return replace(plan, consistent=True, notes=(*plan.notes, NOTE))


def _why_not(plan: Plan, parts: Sequence[Keyed]) -> str | None:
    for draft, key in (pair for part in parts for pair in part.keys):
        if key.domain is None:
            return (
                f"{draft.name} is a private key, and groups that are withheld count in the totals; declare its values"
            )
        if draft.term.domain is None or draft.term.nullable:
            return f"rows with other values of {draft.name}, or none, count in the totals only; write COALESCE or CASE"
    if not families(plan):
        return (
            "it takes counts or sums by several sets of keys, one of which has all of them; write GROUP BY ROLLUP (…) "
            f"or CUBE (…) of at most {MOST_KEYS} keys"
        )
    return None


def consistent(
    plan: Plan, leaves: Sequence[Table], base: Sequence[Groups], marked: Sequence[Sequence[tuple[int, ...]]]
) -> list[Table]:
    """Give the tables of the blocks with their counts and sums made consistent, in base, copy and half-widths."""
    tables = list(leaves)
    for family in families(plan):
        solved = _Solved(plan, family, [len(one.groups) for one in base])
        true = solved.values([one.values for one in base], base)
        copy = solved.values(marked, base)
        for member, mine, other in zip(family.members, true, copy, strict=True):
            name, table = member.output.name, tables[member.block]
            tables[member.block] = replace(
                table,
                base={**table.base, name: spelled_units(member.output.type, mine)},
                copy={**table.copy, name: spelled_units(member.output.type, other)},
                width={**table.width, name: [solved.width(member)] * table.size},
            )
    return tables


class _Solved:
    """The coefficients of a family: what a leaf takes of the sums of each member by each of its subsets."""

    def __init__(self, plan: Plan, family: Family, groups: Sequence[int]) -> None:
        self._family, self._plan = family, plan
        self._sizes = [len(key.domain or ()) for key in family.keys]
        self._all = frozenset(range(len(family.keys)))
        weights = [1 / _variance(plan.blocks[one.block], one.output) for one in family.members]
        members = list(zip(family.members, weights, strict=True))
        self._precise = {
            keys: sum((self._leaves(one.keys) * weight for one, weight in members if keys <= one.keys), Fraction(0))
            for keys in _subsets(self._all)
        }
        errors = [_errors(plan.blocks[one.block], one.output, groups[one.block]) for one in family.members]
        self._reach = max(reach for reach, _ in errors)
        self._variance = {
            keys: sum(
                self._leaves(one.keys) * float(weight) * marked
                for (one, weight), (_, marked) in zip(members, errors, strict=True)
                if keys <= one.keys
            )
            / float(precise) ** 2
            for keys, precise in self._precise.items()
        }  # of the part that depends on exactly these keys: noise and marks
        self._taken = [self._coefficients(one, weight) for one, weight in members]

    def values(self, released: Sequence[Sequence[tuple[int, ...]]], base: Sequence[Groups]) -> list[list[int]]:
        """Give for every member the values of its groups, in the last decimal of its type."""
        family = self._family
        sums: list[tuple[dict[Keys, dict[tuple[Value, ...], int]], dict[Keys, int]]] = []
        for member, taken in zip(family.members, self._taken, strict=True):
            columns = [[row[at] for row in released[member.block]] for at in member.output.source]
            numbers = summed(self._plan.blocks[member.block].measurements[member.output.source[0]], *columns)
            by = {keys: _summed(base[member.block].groups, numbers, member.places, keys) for keys in taken}
            sums.append((by, taken))
        finest = family.members[0]
        leaves = []
        for group in base[finest.block].groups:
            cell = dict(zip(finest.places, group, strict=True))
            whole = sum(
                taken[keys] * by[keys][tuple(cell[place] for place in sorted(keys))]
                for by, taken in sums
                for keys in taken
            )
            leaves.append(_nearest(whole, _STEP))
        found = []
        for member in family.members:
            totals = _summed(base[finest.block].groups, leaves, finest.places, member.keys)
            order = sorted(range(len(member.places)), key=lambda at: member.places[at])
            found.append([totals[tuple(group[at] for at in order)] for group in base[member.block].groups])
        return found

    def width(self, member: Member) -> float:
        """Give the 95 % half-width of a member's cells, the rounding of its leaves with it, in its own unit."""
        leaves = self._leaves(member.keys)
        variance = sum(
            prod(1 - 1 / self._sizes[at] if at in keys else 1 / self._sizes[at] for at in range(len(self._sizes)))
            * self._variance[keys]
            for keys in _subsets(member.keys)
        )
        return (self._reach * leaves * sqrt(variance) + 0.5 * sqrt(leaves)) * 10.0**-member.output.type.scale

    def _coefficients(self, member: Member, weight: Fraction) -> dict[Keys, int]:
        """By V: Σ over U with U ∩ b = V of c_U times the leaves that agree on U and b but are summed over, where
        c_U = Σ_{T ⊇ U} (−1)^|T−U|/λ_T divided by the cells that P_U takes the mean of."""
        found: dict[Keys, Fraction] = defaultdict(Fraction)
        for keys in _subsets(self._all):
            mean = sum(
                (
                    Fraction((-1) ** len(more - keys)) / self._precise[more]
                    for more in _subsets(self._all)
                    if keys <= more
                ),
                Fraction(0),
            )
            repeated = prod(self._sizes[at] for at in self._all - keys - member.keys)
            found[keys & member.keys] += mean * repeated / self._leaves(keys)
        unit = _unit(self._plan.blocks[member.block], member.output)
        return {keys: round(one * weight * unit * _STEP) for keys, one in found.items()}

    def _leaves(self, keys: Keys) -> int:
        """How many leaves one cell of these keys has."""
        return prod(self._sizes[at] for at in self._all - keys)


def _family(plan: Plan, parts: Sequence[Part]) -> Family | None:
    _, _, finest = max(parts, key=lambda one: len(one[2]))
    places = {expr: place for place, expr in enumerate(finest)}
    if len(parts) < 2 or len(finest) > MOST_KEYS or not all(set(keys) <= set(finest) for _, _, keys in parts):
        return None
    members = [Member(block, output, tuple(places[expr] for expr in keys)) for block, output, keys in parts]
    members.sort(key=lambda one: -len(one.places))
    every = plan.blocks[members[0].block].keys
    private = any(key.domain is None for one in members for key in plan.blocks[one.block].keys)
    if private or len({one.keys for one in members}) < len(members):
        return None
    return Family(every, tuple(members))


def _parts(block: Block, output: Output) -> list[Measurement]:
    return [block.measurements[place] for place in output.source]


def _adds_up(parts: Sequence[Measurement]) -> bool:
    """Whether its value in a total is the sum of its values in the parts: of rows, not of different things."""
    first = parts[0]
    return first.what in ("rows", "values") or (first.what == "sum" and (not first.centre or len(parts) > 1))


def _unit(block: Block, output: Output) -> Fraction:
    """What one step of the released integer is, in the last decimal of the type."""
    measured = block.measurements[output.source[0]]
    return Fraction(10) ** (output.type.scale - measured.scale) / Fraction(measured.kept)


def _factors(parts: Sequence[Measurement]) -> list[tuple[Measurement, int]]:
    """What is added up, and how often: of a sum around a middle the sum once, the count as often as the middle says."""
    return list(zip(parts, (1, parts[0].centre), strict=False))


def _variance(block: Block, output: Output) -> Fraction:
    whole = sum(
        (Fraction(one.sigma * times, SIGMA_UNIT) ** 2 * (2 if one.mechanism == "laplace" else 1))
        for one, times in _factors(_parts(block, output))
    )
    return whole * _unit(block, output) ** 2


def _errors(block: Block, output: Output, groups: int) -> tuple[float, float]:
    """Give how many root variances a half-width has, and how much more than the noise's the variance with marks is."""
    accuracy = Accuracy(block, groups)
    laws = [accuracy.law(place) for place in output.source]
    times = [by**2 for _, by in _factors(_parts(block, output))]
    noise, marked = (
        sum(by * one for by, one in zip(times, of, strict=True))
        for of in ([law.noise for law in laws], [law.variance for law in laws])
    )
    return max(law.reach for law in laws), marked / noise


def _summed(
    groups: Iterable[tuple[Value, ...]], numbers: Sequence[int], places: Sequence[int], keys: Keys
) -> dict[tuple[Value, ...], int]:
    """Give the sums of numbers by some of their groups' keys, in the order of the keys' places."""
    order = [at for _, at in sorted((place, at) for at, place in enumerate(places) if place in keys)]
    found: dict[tuple[Value, ...], int] = defaultdict(int)
    for group, number in zip(groups, numbers, strict=True):
        found[tuple(group[at] for at in order)] += number
    return found


def _nearest(number: int, parts: int) -> int:
    """Give number / parts, rounded half to even."""
    return round(Fraction(number, parts))


def _subsets(keys: Keys) -> Iterator[Keys]:
    for size in range(len(keys) + 1):
        yield from map(frozenset, combinations(sorted(keys), size))
