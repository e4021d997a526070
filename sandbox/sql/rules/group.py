"""GROUP BY: columns, expressions of them, aliases and places of SELECT."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from sandbox.sql.draft import Draft, Key
from sandbox.sql.results import name_of
from sandbox.sql.scalars import quote
from sandbox.sql.terms import refuse


def group(tree: exp.Select, draft: Draft) -> Draft:
    """Build the keys, each once. A name is a column before it is an alias."""
    clause = tree.args.get("group")
    keys: list[Key] = []
    for place, written in enumerate(clause.expressions if clause else [], 1):
        node = _meant(written, tree, draft)
        term = draft.row.builder.term(node)
        if term.constant:
            raise refuse(f"GROUP BY {quote(written)} makes one group of all rows; remove it.")
        if all(key.term.node != term.node for key in keys):
            keys.append(Key(name_of(node, place), term))
    return replace(draft, keys=tuple(keys))


def _meant(node: exp.Expr, tree: exp.Select, draft: Draft) -> exp.Expr:
    """The expression that a place or an alias stands for."""
    inner = node.unnest()
    if isinstance(inner, exp.Literal) and not inner.is_string:
        if not inner.this.isdecimal() or not 1 <= int(inner.this[:9]) <= len(tree.expressions):
            raise refuse(
                f"GROUP BY {quote(node)}: SELECT has {len(tree.expressions)} columns; write one of their places."
            )
        return _no_aggregate(tree.expressions[int(inner.this[:9]) - 1].unalias(), node)
    if isinstance(inner, exp.Column) and not inner.args.get("table") and isinstance(inner.this, exp.Identifier):
        if draft.row.find(inner.this) is not None:
            return inner
        for item in tree.expressions:
            if isinstance(item, exp.Alias) and item.alias.lower() == inner.name.lower():
                return _no_aggregate(item.this, node)
    return inner


def _no_aggregate(node: exp.Expr, written: exp.Expr) -> exp.Expr:
    if next(node.find_all(exp.AggFunc), None):
        raise refuse(f"GROUP BY {quote(written)} is an aggregate; group by columns of the rows.")
    return node
