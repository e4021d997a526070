"""Marks of releases: a plan and its base in the terms of `watermarking`, and a recipient's copy of them.

Names that enter the cell hashes are canonical JSON of what is measured, so aliases of users change nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from sandbox.core.canonical import canonical_bytes
from sandbox.plan.codec import to_json
from sandbox.plan.plan import SIGMA_UNIT, Measurement, Plan
from sandbox.plan.scalar import Scalar, Value, columns
from watermarking.base import Base, Primitive
from watermarking.design import Design
from watermarking.embed import embed
from watermarking.keys import base_key, user_key
from watermarking.leak import Average, Direct, View


class Groups(Protocol):
    """A base X: key values of each group and, aligned, one integer per measurement."""

    @property
    def groups(self) -> Sequence[tuple[Value, ...]]: ...
    @property
    def values(self) -> Sequence[tuple[int, ...]]: ...


@dataclass(frozen=True)
class Marked:
    """A recipient's marked primitives, and what evidence needs to make them again."""

    values: list[tuple[int, ...]]
    design: Design
    k_base: bytes
    k_user: bytes


def marks_base(
    plan: Plan, base_id: str, groups: Sequence[tuple[Value, ...]], values: Sequence[tuple[int, ...]]
) -> Base:
    """Give a stored base as what is marked: canonical names, σ in each measurement's own unit."""
    return Base(
        id=base_id.encode(),
        key_names=tuple(canonical_bytes(to_json(key.expr)).decode() for key in plan.keys),
        groups=tuple(tuple(group) for group in groups),
        primitives=tuple(_primitive(measurement) for measurement in plan.measurements),
        values=tuple(tuple(row) for row in values),
    )


def views(plan: Plan) -> tuple[View, ...]:
    """Give every way in which a copy of the plan's base may show a primitive: counts and sums by themselves, sums as
    averages. Depends on what is measured alone, not on what one user chose to see: a centred sum serves an average over
    the count of its own values where that is measured; any other sum may be divided by any count."""
    counts = [index for index, measured in enumerate(plan.measurements) if measured.what != "sum"]
    found: list[View] = []
    for index, measured in enumerate(plan.measurements):
        name = described(measured.what, measured.expr)
        if not measured.centre:  # around a centre, a sum cannot be shown by itself
            found.append(Direct(name, index, measured.scale))
        if measured.what == "sum":
            name, bounds = described("average", measured.expr), (measured.lower, measured.upper)
            own = [count for count in counts if measured.centre and plan.measurements[count].expr == measured.expr]
            for count in own or counts:
                found.append(Average(name, index, count, measured.centre, measured.scale, bounds))
    return tuple(found)


def described(what: str, expr: Scalar | None) -> str:
    """Name a measure or key for people: what it is of which columns."""
    return what if expr is None else f"{what} of {', '.join(sorted(columns(expr))) or 'constants'}"


def fingerprint(plan: Plan, base_id: str, released: Groups, master: bytes, recipient: str) -> Marked:
    """Give the copy of `recipient` (a legal entity) of a stored base; the same inputs always give the same copy."""
    base = marks_base(plan, base_id, released.groups, released.values)
    design = Design.of(base)
    k_base, k_user = base_key(master, base.id), user_key(master, recipient, base.id)
    return Marked(embed(base, design, k_base, k_user), design, k_base, k_user)


def _primitive(measurement: Measurement) -> Primitive:
    what = {"what": measurement.what, "expr": to_json(measurement.expr), "scale": measurement.scale}
    name = canonical_bytes(what | {"centre": measurement.centre}).decode()
    return Primitive(name, Fraction(measurement.sigma, SIGMA_UNIT), measurement.nonnegative)
