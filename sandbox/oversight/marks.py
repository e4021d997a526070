"""Marks of releases: a plan and its base in the terms of `watermarking`, and a recipient's copy of them.

Names that enter the cell hashes are canonical JSON of what is measured, so aliases of users change nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from sandbox.core.canonical import canonical_bytes
from sandbox.plan.block import SIGMA_UNIT, Block, Measurement
from sandbox.plan.codec import to_json
from sandbox.plan.drawn import SEED
from sandbox.plan.fitted import PARTS, Digits, Fitted, Slots
from sandbox.plan.plan import Plan
from sandbox.plan.scalar import Scalar, Value, columns
from sandbox.plan.worked import Worked
from watermarking.base import Base, Primitive
from watermarking.design import Design, Strength, strength
from watermarking.embed import embed
from watermarking.keys import Master, base_key, user_key
from watermarking.leak import Average, Direct, Total, View


class Groups(Protocol):
    """What a base X has of one block: key values of each group and, aligned, one integer per measurement."""

    @property
    def groups(self) -> Sequence[tuple[Value, ...]]: ...
    @property
    def values(self) -> Sequence[tuple[int, ...]]: ...


@dataclass(frozen=True)
class Marked:
    """A recipient's marked primitives, and what evidence needs to make them again."""

    values: list[list[tuple[int, ...]]]
    design: bytes
    k_base: bytes
    k_user: bytes


def marks_bases(plan: Plan, base_id: str, released: Sequence[Groups]) -> list[Base]:
    """Give a stored base as what is marked, block by block: canonical names, σ in each measurement's own unit. A block
    that is not the first has its number in the names, so that no two cells of a base have one name."""
    if plan.fitted:
        return [
            Base(
                id=base_id.encode(),
                key_names=("place",),
                groups=tuple(tuple(group) for group in found.groups),
                primitives=(_of_model(one, number),),
                values=tuple(tuple(row) for row in found.values),
            )
            for number, (one, found) in enumerate(zip(plan.fitted, released, strict=True))
        ]
    counted = len(plan.blocks)
    return [
        Base(
            id=base_id.encode(),
            key_names=tuple(canonical_bytes(to_json(key.expr)).decode() for key in block.keys),
            groups=tuple(tuple(group) for group in found.groups),
            primitives=tuple(_primitive(measurement, number) for measurement in block.measurements),
            values=tuple(tuple(row) for row in found.values),
        )
        for number, (block, found) in enumerate(zip(plan.blocks, released[:counted], strict=True))
    ] + ([] if plan.drawn is None else _drawn(base_id, counted, *released[counted:]))


def _drawn(base_id: str, number: int, tables: Groups, seed: Groups) -> list[Base]:
    """The tables of a synthetic table's model are the same in all copies; its places are marked, and make the rows."""
    name = canonical_bytes({"tables": number}).decode()
    kinds = Primitive(name, Fraction(0), False), _of_model(SEED, number + 1)
    return [
        Base(
            id=base_id.encode(),
            key_names=("place",),
            groups=tuple(tuple(group) for group in found.groups),
            primitives=(primitive,),
            values=tuple(tuple(row) for row in found.values),
        )
        for primitive, found in zip(kinds, (tables, seed), strict=True)
    ]


def views(block: Block) -> tuple[View, ...]:
    """Give every way in which a copy of a block may show a primitive: counts and sums by themselves, sums as averages.
    Depends on what is measured alone, not on what one user chose to see: a centred sum serves an average and a
    total over the count of its own values where that is measured; any other sum may be divided by any count; what a
    program gives is shown as its mean over the blocks."""
    measurements = block.measurements
    counts = [index for index, measured in enumerate(measurements) if measured.what not in ("sum", "quantile")]
    found: list[View] = []
    for index, measured in enumerate(measurements):
        if measured.what == "quantile":
            continue  # not marked
        name = described(measured.what, measured.expr)
        if not measured.centre:  # around a centre, a sum cannot be shown by itself
            found.append(Direct(name, index, measured.scale, Fraction(measured.kept)))
        if isinstance(block.rows, Worked) and measured.what == "sum":  # a mean over blocks, of which there are as many
            found.append(Direct(name, index, measured.scale, Fraction(block.rows.blocks), measured.centre))
        if measured.what == "sum":
            name, bounds = described("average", measured.expr), (measured.lower, measured.upper)
            own = [count for count in counts if measured.centre and measurements[count].expr == measured.expr]
            for count in own or counts:
                found.append(Average(name, index, count, measured.centre, measured.scale, bounds))
                if measured.centre:
                    total = described("sum", measured.expr)
                    found.append(Total(total, index, count, measured.centre, measured.scale, Fraction(measured.kept)))
    return tuple(found)


def described(what: str, expr: Scalar | None) -> str:
    """Name a measure or key for people: what it is of which columns."""
    return what if expr is None else f"{what} of {', '.join(sorted(columns(expr))) or 'constants'}"


def fingerprint(plan: Plan, base_id: str, released: Sequence[Groups], master: Master, recipient: str) -> Marked:
    """Give the copy of `recipient` (a legal entity) of a stored base; the same inputs always give the same copy."""
    bases = marks_bases(plan, base_id, released)
    k_base, k_user = base_key(master, base_id.encode()), user_key(master, recipient, base_id.encode())
    designs = [Design.of(base) for base in bases]
    return Marked(embedded(bases, designs, k_base, k_user), designs_to_bytes(designs), k_base, k_user)


def embedded(
    bases: Sequence[Base], designs: Sequence[Design], k_base: bytes, k_user: bytes
) -> list[list[tuple[int, ...]]]:
    """Give the marked primitives of every block."""
    return [embed(base, design, k_base, k_user) for base, design in zip(bases, designs, strict=True)]


def strength_of(block: Block, measurement: int, groups: int) -> Strength:
    """Give how strongly a measurement of a block with so many groups is marked, in every copy alike."""
    cells = groups * len(block.measurements)
    return strength(_primitive(block.measurements[measurement], 0), cells, groups)


def designs_to_bytes(designs: Sequence[Design]) -> bytes:
    """Give the designs of a base's blocks as the bytes that are committed to."""
    return canonical_bytes({"v": 2, "blocks": [design.to_json() for design in designs]})


def designs_from_bytes(data: bytes) -> list[Design]:
    """Read what `designs_to_bytes` gave; raises ValueError."""
    held = json.loads(data)
    if held.get("v") != 2:
        raise ValueError("not designs of version 2")
    return [Design.from_json(one) for one in held["blocks"]]


def _of_model(one: Fitted | Slots | Digits, number: int) -> Primitive:
    """Sums of a stage are marked within their noise, predictions within the error that the product declares, parameters
    that leave within what noise does to them: their places say only in which direction."""
    if isinstance(one, Slots):
        return Primitive(canonical_bytes({"slots": one.count, "block": number}).decode(), Fraction(PARTS), False)
    if isinstance(one, Digits):
        name = canonical_bytes({"parameters": one.count, "digits": one.digits, "block": number}).decode()
        return Primitive(name, Fraction(PARTS), False)
    name = canonical_bytes({"stage": one.stage, "number": one.number, "block": number}).decode()
    return Primitive(name, Fraction(one.sigma, SIGMA_UNIT), False)


def _primitive(measurement: Measurement, block: int) -> Primitive:
    """A quantile is drawn, not added to: its σ is 0 and it gets no mark."""
    what = {"what": measurement.what, "expr": to_json(measurement.expr), "scale": measurement.scale}
    what |= {"centre": measurement.centre} | ({"block": block} if block else {})
    if measurement.what == "quantile":
        what |= {"rank": list(measurement.rank)}
    if measurement.norm is not None:
        what |= {"norm": to_json(measurement.norm)}
    sigma = Fraction(0) if measurement.what == "quantile" else Fraction(measurement.sigma, SIGMA_UNIT)
    return Primitive(canonical_bytes(what).decode(), sigma, measurement.nonnegative)
