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
from sandbox.plan.plan import SIGMA_UNIT, Measurement, Output, Plan
from sandbox.plan.scalar import Value
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
    """Give how each shown measure of a copy derives from primitives."""
    return tuple(view for output in plan.outputs if not output.hidden and (view := _view(plan, output)) is not None)


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


def _view(plan: Plan, output: Output) -> View | None:
    """A key shows no primitive; neither does a sum around a centre, which the product alone can undo."""
    if output.what == "key":
        return None
    measured = plan.measurements[output.source[0]]
    if output.what == "average":
        return Average(output.name, output.source[0], output.source[1], measured.centre, measured.scale)
    return Direct(output.name, output.source[0], measured.scale) if not measured.centre else None
