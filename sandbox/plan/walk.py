"""Looking through relations: what they are made of and what they compute."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.plan.relation import (
    NUMBER,
    Filter,
    Group,
    Join,
    Project,
    Public,
    Relation,
    Released,
    Scan,
    Semi,
    Sort,
    Union,
    Values,
    Window,
)
from sandbox.plan.scalar import Column, Scalar


def sources(node: Relation) -> tuple[Relation, ...]:
    """Give the relations that `node` is made of."""
    match node:
        case Join() | Semi():
            return (node.left, node.right)
        case Union():
            return node.sources
        case Scan() | Public() | Values() | Released():
            return ()
        case _:
            return (node.source,)


def walk(node: Relation) -> Iterable[Relation]:
    """Give `node` and everything below it."""
    yield node
    for source in sources(node):
        yield from walk(source)


def expressions(node: Relation) -> tuple[Scalar, ...]:
    """Give the expressions that `node` itself computes."""
    match node:
        case Filter():
            return (node.condition,)
        case Project():
            return tuple(one.expr for one in node.named)
        case Join() | Semi():
            pairs = [side for pair in node.equal for side in pair]
            return (*pairs, *([node.condition] if node.condition else []))
        case Group():
            return (*(key.expr for key in node.keys), *(part for one in node.aggregates for part in one.parts))
        case Window():
            return tuple(part for one in node.over for part in one.parts)
        case Sort():
            return tuple(one.expr for one in node.order)
        case _:
            return ()


def stored(column: Column) -> str:
    """Give the name under which a table of the data version has a column of its scan."""
    return column.name.partition(NUMBER)[0]
