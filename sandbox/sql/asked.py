"""A finished draft as a question: its rows as a relation, its columns as what is made of released groups."""

from __future__ import annotations

from sandbox.catalogue.entry import TableEntry
from sandbox.plan.parts import Named
from sandbox.plan.relation import Filter, Project, Relation, Released, Scan, Sort
from sandbox.plan.scalar import Column, Scalar, children
from sandbox.sql.draft import Asked, Draft, Made, Measure


def asked(draft: Draft) -> Asked:
    """Give the question that `draft` is."""
    made = tuple(Made(item.name, item.what, item.source, item.type) for item in draft.items if item.what != "computed")
    measure = Measure(_rows(draft), draft.keys, draft.asks, made)
    post: Relation = Released(0, tuple(one.column for one in made))
    if draft.post.having is not None:
        post = Filter(post, draft.post.having)
    if draft.post.order or draft.post.limit is not None or draft.post.offset:
        post = Sort(post, draft.post.order, draft.post.limit, draft.post.offset)
    visible = [item for item in draft.items if not item.hidden]
    named = [Named(item.name, item.term.node if item.term else Column(item.name, item.type)) for item in visible]
    return Asked((measure,), Project(post, tuple(named)))


def _rows(draft: Draft) -> Relation:
    scan: Relation = _scan(draft.row.table, draft)
    return scan if draft.where is None else Filter(scan, draft.where)


def _scan(table: TableEntry, draft: Draft) -> Scan:
    assert table.max_rows_per_unit is not None
    roots = [draft.where, *(key.term.node for key in draft.keys)]
    roots += [term.node for ask in draft.asks for term in (ask.term, ask.second) if term]
    read = {column for root in roots if root is not None for column in _columns(root)}
    return Scan(table.name, 0, tuple(sorted(read, key=lambda column: column.name)), table.max_rows_per_unit)


def _columns(node: Scalar) -> frozenset[Column]:
    if isinstance(node, Column):
        return frozenset({node})
    return frozenset().union(*(_columns(child) for child in children(node)))
