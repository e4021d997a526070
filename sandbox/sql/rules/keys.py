"""GROUP BY: columns, expressions of them, aliases and places of SELECT, and the sets of keys to group by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from sqlglot import exp

from sandbox.sql.aggregated import aggregates
from sandbox.sql.columns import Row
from sandbox.sql.fields import Field
from sandbox.sql.results import name_of
from sandbox.sql.terms import Term, quote, refuse

MOST_SETS = 64
Set = tuple[exp.Expr, ...]


@dataclass(frozen=True)
class GroupKey:
    """A key under the name that it has when SELECT gives it none; an identifier has a field and no term."""

    name: str
    term: Term | None
    field: Field | None


def keys(tree: exp.Select, row: Row) -> tuple[list[GroupKey], list[tuple[int, ...]]]:
    """Give the keys, each once, and the sets of them, by place. A name is a column before it is an alias."""
    clause = tree.args.get("group")
    found: list[GroupKey] = []
    sets = []
    for several in _sets(clause, tree):
        own: list[int] = []
        for written in several:
            key = _key(_meant(written, tree, row), row, len(found) + 1, written)
            if key not in found:
                found.append(key)
            own.append(found.index(key))
        sets.append(tuple(dict.fromkeys(own)))
    return found, sets


def _key(node: exp.Expr, row: Row, place: int, written: exp.Expr) -> GroupKey:
    field = row.named(node)
    if field is not None and field.term is None:
        return GroupKey(field.name, None, field)
    term = row.builder.term(node) if field is None or field.term is None else field.term
    if term.constant:
        raise refuse(f"GROUP BY {quote(written)} makes one group of all rows; remove it.")
    name = field.name if field is not None else name_of(node, place)
    kept = field if field is not None and field.kin is not None else None
    return GroupKey(name, term, kept)


def _sets(clause: exp.Expr | None, tree: exp.Select) -> list[Set]:
    """The sets of keys: of several elements, each with each."""
    if clause is None:
        return [()]
    if clause.args.get("all"):
        return [tuple(item.unalias() for item in tree.expressions if next(aggregates(item), None) is None)]
    elements = [_element(one) for one in clause.expressions]
    size = 1
    for one in elements:
        size *= len(one)
        if size > MOST_SETS:
            raise refuse(f"GROUP BY stands for more than {MOST_SETS} groupings; ask some of them.")
    return [tuple(one for part in parts for one in part) for parts in product(*elements)]


def _element(node: exp.Expr) -> list[Set]:
    match node:
        case exp.GroupingSets():
            return [one for part in node.expressions for one in _element(part)]
        case exp.Rollup():
            parts = [_several(part) for part in node.expressions]
            return [_flat(parts[:length]) for length in range(len(parts), -1, -1)]
        case exp.Cube():
            parts = [_several(part) for part in node.expressions]
            if 2 ** len(parts) > MOST_SETS:
                raise refuse(f"CUBE stands for more than {MOST_SETS} groupings; ask some of them.")
            return [_flat(some) for length in range(len(parts), -1, -1) for some in combinations(parts, length)]
        case _:
            return [_several(node)]


def _several(node: exp.Expr) -> Set:
    return tuple(node.expressions) if isinstance(node, exp.Tuple) else (node,)


def _flat(parts: Iterable[Sequence[exp.Expr]]) -> Set:
    return tuple(one for part in parts for one in part)


def _meant(node: exp.Expr, tree: exp.Select, row: Row) -> exp.Expr:
    """The expression that a place or an alias stands for."""
    inner = node.unnest()
    if isinstance(inner, exp.Literal) and not inner.is_string:
        if not inner.this.isdecimal() or not 1 <= int(inner.this[:9]) <= len(tree.expressions):
            raise refuse(
                f"GROUP BY {quote(node)}: SELECT has {len(tree.expressions)} columns; write one of their places."
            )
        return _no_aggregate(tree.expressions[int(inner.this[:9]) - 1].unalias(), node)
    if isinstance(inner, exp.Column) and not inner.args.get("table") and isinstance(inner.this, exp.Identifier):
        if row.known(inner):
            return inner
        for item in tree.expressions:
            if isinstance(item, exp.Alias) and item.alias.lower() == inner.name.lower():
                return _no_aggregate(item.this, node).unnest()
    return inner


def _no_aggregate(node: exp.Expr, written: exp.Expr) -> exp.Expr:
    if next(aggregates(node), None) is not None:
        raise refuse(f"GROUP BY {quote(written)} is an aggregate; group by columns of the rows.")
    return node
