"""ORDER BY: in which order released groups are shown."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from sandbox.plan.parts import Order
from sandbox.plan.scalar import Column, Scalar
from sandbox.sql.draft import Draft
from sandbox.sql.results import Results
from sandbox.sql.scalars import Builder, quote
from sandbox.sql.terms import refuse


def order(tree: exp.Select, draft: Draft) -> Draft:
    """Build the order; an alias counts before a key's own name. NULL comes last unless NULLS FIRST is written."""
    clause = tree.args.get("order")
    if clause is None:
        return draft
    results = Results(draft, "first")
    orders = ordering(tree, draft, results.builder)
    draft = results.finish()
    return replace(draft, post=replace(draft.post, order=orders))


def ordering(tree: exp.Select, draft: Draft, builder: Builder) -> tuple[Order, ...]:
    """Give the order that ORDER BY of `tree` says, read by `builder`; whole numbers are places of SELECT."""
    return tuple(
        Order(_expr(part.this, draft, builder), bool(part.args.get("desc")), bool(part.args.get("nulls_first")))
        for part in tree.args["order"].expressions
    )


def _expr(node: exp.Expr, draft: Draft, builder: Builder) -> Scalar:
    inner = node.unnest()
    if isinstance(inner, exp.Literal) and not inner.is_string:
        visible = [item for item in draft.items if not item.hidden]
        if not inner.this.isdecimal() or not 1 <= int(inner.this[:9]) <= len(visible):
            raise refuse(f"ORDER BY {quote(node)}: SELECT has {len(visible)} columns; write one of their places.")
        item = visible[int(inner.this[:9]) - 1]
        return item.term.node if item.term else Column(item.name, item.type)
    return builder.term(node).node
