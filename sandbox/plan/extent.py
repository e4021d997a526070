"""How large an answer can be, from the plan alone."""

from __future__ import annotations

from math import prod

from sandbox.plan import relation as r
from sandbox.plan.fitted import COLUMNS
from sandbox.plan.plan import Plan
from sandbox.plan.reading import Reading


def most_cells(plan: Plan | Reading) -> int | None:
    """Give the most cells that the answer of `plan` can have; None when private keys leave it open."""
    if isinstance(plan, Reading):
        return min(plan.most, plan.rows.limit or 0) * plan.shown
    if plan.stages:
        return len(plan.stages[0].model.shown) * COLUMNS
    if plan.drawn is not None:
        return plan.drawn.count * len(plan.drawn.columns)
    rows = _rows(plan.post, plan)
    return None if rows is None else rows * len(plan.post.columns)


def _rows(node: r.Relation, plan: Plan) -> int | None:
    match node:
        case r.Released():
            domains = [key.domain for key in plan.blocks[node.block].keys]
            return None if None in domains else prod(len(domain or ()) for domain in domains)
        case r.Values():
            return len(node.cells)
        case r.Group() if not node.keys:
            return 1
        case r.Sort():
            below = _rows(node.source, plan)
            known = [one for one in (below, node.limit) if one is not None]
            return min(known, default=None)
        case r.Union():
            parts = [_rows(source, plan) for source in node.sources]
            return None if None in parts else sum(part or 0 for part in parts)
        case r.Join():
            left, right = _rows(node.left, plan), _rows(node.right, plan)
            return None if left is None or right is None else (left + 1) * (right + 1)
        case r.Semi():
            return _rows(node.left, plan)
        case r.Filter() | r.Project() | r.Group() | r.Window():
            return _rows(node.source, plan)
        case _:
            return None
