"""All scalar nodes as one type, and walks over trees of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sandbox.plan.scalar.basic import Case, Column, Compare, Constant, Extreme, In, IsNull, Like, Logic, Not
from sandbox.plan.scalar.dates import DateAdd, DatePart, MakeDate, Snap
from sandbox.plan.scalar.numbers import Arithmetic, Function, Round, Sign
from sandbox.plan.scalar.texts import Concat, Length, Pad, Position, Replace, Split, Text, ToDate, ToNumber, ToText

Scalar = (
    Column | Constant | Compare | Logic | Not | IsNull | In | Like | Case | Extreme
    | Arithmetic | Sign | Round | Function
    | Text | Length | Position | Concat | Replace | Pad | Split | ToText | ToNumber | ToDate
    | DatePart | Snap | DateAdd | MakeDate
)  # fmt: skip

_PARTS: dict[type, tuple[str, ...]] = {
    Column: (),
    Constant: (),
    Compare: ("left", "right"),
    Arithmetic: ("left", "right"),
    Logic: ("args",),
    Extreme: ("args",),
    Concat: ("args",),
    In: ("arg", "options"),
    Case: ("whens", "otherwise"),
    DateAdd: ("arg", "amount"),
    MakeDate: ("year", "month", "day"),
    **dict.fromkeys((Not, IsNull, Like, Sign, Round, Function), ("arg",)),
    **dict.fromkeys((Text, Length, Position, Replace, Pad, Split, ToText, ToNumber, ToDate), ("arg",)),
    **dict.fromkeys((DatePart, Snap), ("arg",)),
}  # the fields that hold nodes


_LEVELS: dict[type, int] = {
    **dict.fromkeys((Compare, Logic, Case, Concat, ToText, ToNumber, Split), 2),
    Text: 3,
    Round: 4,
    MakeDate: 6,
    DateAdd: 7,
}  # steps inside each other in what engines are given for a node, two of them counting as one
_OF_FUNCTIONS = {"sqrt": 5, "ln": 21, "log10": 21, "log2": 21}


def levels(node: Scalar) -> int:
    """Give how deep `node` is by itself, in additions. Engines, and whoever writes for them, recurse that often."""
    match node:
        case Function():
            return _OF_FUNCTIONS.get(node.what, 3)
        case Arithmetic(op="/"):
            return 3
        case _:
            return _LEVELS.get(type(node), 1)


def depth(node: Scalar) -> int:
    """Give how deep `node` is with all that is in it, in additions."""
    return levels(node) + max((depth(child) for child in children(node)), default=0)


def children(node: Scalar) -> tuple[Scalar, ...]:
    """Give the direct sub-expressions of `node`."""
    return tuple(found for part in _PARTS[type(node)] for found in _flat(getattr(node, part)))


def renamed(node: Scalar, names: Mapping[str, str]) -> Scalar:
    """Give `node` with its columns under the names that `names` gives them."""
    if isinstance(node, Column):
        return replace(node, name=names.get(node.name, node.name))
    return mapped(node, lambda one: renamed(one, names))


def mapped(node: Scalar, change: Callable[[Scalar], Scalar]) -> Scalar:
    """Give `node` with its direct sub-expressions changed."""
    parts = {part: _each(getattr(node, part), change) for part in _PARTS[type(node)]}
    return replace(node, **parts) if parts else node


def columns(node: Scalar) -> frozenset[str]:
    """Give the names of all columns that `node` reads."""
    if isinstance(node, Column):
        return frozenset({node.name})
    return frozenset().union(*(columns(child) for child in children(node)))


def _flat(part: Any) -> list[Scalar]:
    return [found for one in part for found in _flat(one)] if isinstance(part, tuple) else [part]


def _each(part: Any, change: Callable[[Scalar], Scalar]) -> Any:
    return tuple(_each(one, change) for one in part) if isinstance(part, tuple) else change(part)
