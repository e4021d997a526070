"""The canonical order of values and of plan nodes, the same in every process."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from sandbox.core.canonical import canonical_bytes
from sandbox.plan.codec import to_json
from sandbox.plan.scalar import Value

T = TypeVar("T")


def value_key(value: Value) -> tuple[bool, Any]:
    """Give what sorts values of one type, NULL last; text by code point."""
    return (value is None, 0 if value is None else value)


def node_key(node: object) -> bytes:
    """Give what sorts plan nodes: their canonical JSON."""
    return canonical_bytes(to_json(node))


def unique_sorted(nodes: Iterable[T]) -> tuple[T, ...]:
    """Give `nodes` in canonical order, each once."""
    found = {node_key(node): node for node in nodes}
    return tuple(found[key] for key in sorted(found))
