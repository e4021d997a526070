"""Whether the numbers of a plan fit an engine, from declared bounds alone.

Engines compute in integers of 128 bits; an expression that could need more is refused before anything is spent, so
that no row can make a query fail.
"""

from __future__ import annotations

from sandbox.engines.widths import LARGEST_DECIMAL, LARGEST_INTEGER, MOST, Width, common, sound, width
from sandbox.plan.block import Block
from sandbox.plan.plan import Plan
from sandbox.plan.walk import expressions, walk


def fits(plan: Plan) -> bool:
    """Say whether every number that an engine computes for `plan` is at most 2¹²⁶; others are to be refused."""
    try:
        return all(_block_fits(block) for block in plan.blocks)
    except ValueError:
        return False


def _block_fits(block: Block) -> bool:
    roots = [*(key.expr for key in block.keys), *(m.expr for m in block.measurements if m.expr is not None)]
    roots += [expr for node in walk(block.rows) for expr in expressions(node)]
    sums = [width(m.expr).at(m.scale) for m in block.measurements if m.what == "sum" and m.expr is not None]
    return all(one.most <= MOST for one in sums) and all(sound(root) for root in roots)


__all__ = ["LARGEST_DECIMAL", "LARGEST_INTEGER", "MOST", "Width", "common", "fits", "width"]
