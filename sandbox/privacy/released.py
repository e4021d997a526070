"""A base X as it is stored: the plan it answers and, block by block, its groups and noisy integers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.core.canonical import canonical_bytes
from sandbox.engines.base import Columns
from sandbox.plan.codec import from_json, to_json
from sandbox.plan.plan import Plan
from sandbox.plan.scalar import Value

Group = tuple[Value, ...]


@dataclass(frozen=True)
class Released:
    """The part of the base X that one block gives: key values of each group (in the block's key order) and, aligned,
    one noisy integer per measurement (in its unit; sums are around their centre). Both may be `Columns`."""

    groups: Sequence[Group]
    values: Sequence[tuple[int, ...]]


def base_bytes(plan: Plan, released: Sequence[Released]) -> bytes:
    """Give the canonical bytes of a base, which are committed to."""
    blocks = [{"groups": rows_json(one.groups), "values": rows_json(one.values)} for one in released]
    return canonical_bytes({"v": 2, "plan": to_json(plan), "blocks": blocks})


def rows_json(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """Give rows as JSON, a column at a time where they stand so."""
    if isinstance(rows, Columns) and rows.columns:
        return list(map(list, zip(*(to_json(list(column)) for column in rows.columns), strict=True)))
    return [to_json(row) for row in rows]


def read_blocks(blocks: Sequence[Mapping[str, Any]]) -> list[Released]:
    """Read the blocks of a stored base."""
    return [
        Released([from_json(group) for group in one["groups"]], [tuple(row) for row in one["values"]]) for one in blocks
    ]
