"""Plans as JSON and back, without loss: nodes carry their class under `@`, other values say their type."""

from __future__ import annotations

import dataclasses
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

_PLAIN = frozenset({str, int, bool, type(None)})


def to_json(value: Any) -> Any:
    """Give a JSON value: dict, list, str, int, bool, None."""
    kind: Any = type(value)
    if kind in _PLAIN:
        return value
    if kind is tuple or kind is list:
        return [item if type(item) in _PLAIN else to_json(item) for item in value]
    names = _fields(kind)
    if names is not None:
        return {"@": kind.__name__, **{name: to_json(getattr(value, name)) for name in names}}
    if isinstance(value, Decimal):
        return {"@": "decimal", "is": str(value)}
    if isinstance(value, date):
        return {"@": "date", "is": value.isoformat()}
    raise TypeError(f"a plan cannot hold {kind.__name__}")


@cache
def _fields(kind: type) -> tuple[str, ...] | None:
    return tuple(field.name for field in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else None


def from_json(value: Any) -> Any:
    """Give back what `to_json` was given. Raises ValueError for a shape that no plan has."""
    if isinstance(value, list):
        return tuple(item if type(item) in _PLAIN else from_json(item) for item in value)
    if not isinstance(value, dict):
        return value
    name = value.get("@")
    if name == "decimal":
        return Decimal(value["is"])
    if name == "date":
        return date.fromisoformat(value["is"])
    if name not in _nodes():
        raise ValueError(f"no plan node is called {name!r}")
    return _nodes()[name](**{key: from_json(item) for key, item in value.items() if key != "@"})


@cache
def _nodes() -> dict[str, Any]:
    # plan needs to_json: imported when first used
    from sandbox.plan import block, drawn, fitted, own, parts, plan, reading, relation, scalar, worked

    modules = (block, drawn, fitted, own, parts, plan, reading, relation, scalar, worked)
    found = [one for module in modules for one in vars(module).values()]
    return {node.__name__: node for node in found if isinstance(node, type) and dataclasses.is_dataclass(node)}
