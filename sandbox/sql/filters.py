"""Filters of rows, as far down as they can stand: a question has one plan, wherever its conditions are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sandbox.plan import relation as r
from sandbox.plan import scalar as s
from sandbox.plan.ordering import node_key
from sandbox.sql.conditions import logic
from sandbox.sql.fields import names, reads
from sandbox.sql.terms import truth

LARGEST = 200  # parts of a condition that may replace one over a computed column


def filtered(relation: r.Relation, condition: s.Scalar) -> r.Relation:
    """Give the rows of a relation for which `condition` is true."""
    for part in parts(condition):
        relation = _one(relation, part)
    return relation


def parts(condition: s.Scalar) -> tuple[s.Scalar, ...]:
    """Give what AND joins."""
    return condition.args if isinstance(condition, s.Logic) and condition.op == "and" else (condition,)


def both(conditions: Sequence[s.Scalar]) -> s.Scalar | None:
    """Give all conditions as one, None for none."""
    found = logic("and", [truth(one) for one in conditions]).node
    return None if isinstance(found, s.Constant) and found.value is True else found


def split(
    conditions: Sequence[s.Scalar], left: r.Relation, right: r.Relation
) -> tuple[tuple[tuple[s.Scalar, s.Scalar], ...], s.Scalar | None]:
    """Give the conditions of a join as pairs that are equal, left and right, and the rest."""
    pairs: dict[bytes, tuple[s.Scalar, s.Scalar]] = {}
    rest = []
    for one in conditions:
        pair = _pair(one, names(left), names(right))
        if pair is None:
            rest.append(one)
        else:
            pairs[node_key(pair)] = pair
    return tuple(pairs[key] for key in sorted(pairs)), both(rest)


def substituted(node: s.Scalar, by_name: Mapping[str, s.Scalar]) -> s.Scalar:
    """Give the expression with columns replaced by what they compute."""
    if isinstance(node, s.Column):
        return by_name.get(node.name, node)
    return s.mapped(node, lambda one: substituted(one, by_name))


def _pair(node: s.Scalar, left: frozenset[str], right: frozenset[str]) -> tuple[s.Scalar, s.Scalar] | None:
    if not isinstance(node, s.Compare) or node.op != "=":
        return None
    one, other = reads(node.left), reads(node.right)
    if not one or not other:
        return None
    if one <= left and other <= right:
        return node.left, node.right
    return (node.right, node.left) if one <= right and other <= left else None


def _one(node: r.Relation, condition: s.Scalar) -> r.Relation:
    if isinstance(condition, s.Constant) and condition.value is True:
        return node
    if node.state != "released":
        match node:
            case r.Project():
                below = substituted(condition, {one.name: one.expr for one in node.named})
                if _small(below):
                    return replace(node, source=_one(node.source, below))
            case r.Semi():
                return replace(node, left=_one(node.left, condition))
            case r.Union():
                return replace(node, sources=tuple(_one(source, condition) for source in node.sources))
            case r.Join():
                found = _join(node, condition)
                if found is not None:
                    return found
            case r.Filter() if isinstance(node.source, r.Project | r.Semi | r.Union | r.Join):
                moved = _one(node.source, condition)
                if not isinstance(moved, r.Filter):
                    return replace(node, source=moved)
    if isinstance(node, r.Filter):
        merged = both([*parts(node.condition), condition])
        assert merged is not None
        return r.Filter(node.source, merged)
    return r.Filter(node, condition)


def _join(node: r.Join, condition: s.Scalar) -> r.Relation | None:
    """The join with the condition in it, or None where it can only stand above."""
    wanted = reads(condition)
    if node.how != "full" and wanted <= names(node.left):
        return replace(node, left=_one(node.left, condition))
    if node.how != "inner":
        return None
    if wanted <= names(node.right):
        return replace(node, right=_one(node.right, condition))
    rest = [] if node.condition is None else parts(node.condition)
    again = [s.Compare("=", *pair) for pair in node.equal]
    equal, other = split([*again, *rest, condition], node.left, node.right)
    return replace(node, equal=equal, condition=other)


def _small(node: s.Scalar) -> bool:
    left = LARGEST
    waiting = [node]
    while waiting and left:
        waiting.extend(s.children(waiting.pop()))
        left -= 1
    return not waiting


def mapped(node: r.Relation, change: Callable[[r.Relation], r.Relation]) -> r.Relation:
    """Give `node` with the relations that it is made of changed."""
    match node:
        case r.Scan() | r.Public() | r.Values() | r.Released():
            return node
        case r.Join() | r.Semi():
            return replace(node, left=change(node.left), right=change(node.right))
        case r.Union():
            return replace(node, sources=tuple(map(change, node.sources)))
        case _:
            return replace(node, source=change(node.source))
