"""How large a number an expression can be, in its own fixed point, from declared bounds alone.

Engines compute in integers of 128 bits; an expression that could need more is refused before anything is spent, so
that no row can make a query fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sandbox.engines.fixed import grains
from sandbox.plan import scalar as s
from sandbox.plan.block import Block
from sandbox.plan.plan import Plan
from sandbox.plan.walk import expressions, walk

MOST = 1 << 126  # a product of two 64-bit integers; below 10³⁸, so that Arrow has it too
LARGEST_INTEGER = 1 << 63
LARGEST_DECIMAL = 10**18
LATEST_YEAR = 9999
LONGEST_TEXT = 1 << 31


@dataclass(frozen=True)
class Width:
    """Every value is n·10^-scale for a whole n with |n| ≤ most."""

    scale: int
    most: int

    def at(self, scale: int) -> Width:
        """The same values in a finer fixed point."""
        return Width(scale, self.most * 10 ** (scale - self.scale))


def width(node: s.Scalar) -> Width:
    """Give the width of a numeric expression over rows; raises ValueError for division, which rows have not."""
    match node:
        case s.Column():
            return _column(node)
        case s.Constant():
            return _constant(node)
        case s.Arithmetic(op="*"):
            left, right = width(node.left), width(node.right)
            return Width(left.scale + right.scale, left.most * right.most)
        case s.Arithmetic(op="+" | "-"):
            left, right = _aligned([width(node.left), width(node.right)])
            return Width(left.scale, left.most + right.most)
        case s.DatePart():
            return Width(0, LATEST_YEAR)
        case s.Length():
            return Width(0, LONGEST_TEXT)
        case s.Case():
            branches = _aligned([width(result) for result in (*(r for _, r in node.whens), node.otherwise)])
            return Width(branches[0].scale, max(branch.most for branch in branches))
        case _:
            raise ValueError("rows have no such number")


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
    return all(one.most <= MOST for one in sums) and all(_fits(root) for root in roots)


def common(nodes: list[s.Scalar]) -> list[Width]:
    """Give the widths of numbers that are compared with each other, in one fixed point."""
    return _aligned([width(node) for node in nodes])


def _fits(node: s.Scalar) -> bool:
    """Every number in the tree, and every pair in the fixed point in which it is compared."""
    compared: list[s.Scalar] = []
    if isinstance(node, s.Compare):
        compared = [node.left, node.right]
    elif isinstance(node, s.In):
        compared = [node.arg, *node.options]
    elif node.type.numeric:
        compared = [node]
    numbers = common([one for one in compared if one.type.numeric])
    return all(one.most <= MOST for one in numbers) and all(_fits(child) for child in s.children(node))


def _aligned(widths: list[Width]) -> list[Width]:
    finest = max((one.scale for one in widths), default=0)
    return [one.at(finest) for one in widths]


def _column(node: s.Column) -> Width:
    if node.lower is None or node.upper is None:
        return Width(node.type.scale, LARGEST_INTEGER if node.type.kind == "integer" else LARGEST_DECIMAL)
    return Width(
        node.type.scale, max(abs(grains(node.lower, node.type.scale)), abs(grains(node.upper, node.type.scale)))
    )


def _constant(node: s.Constant) -> Width:
    if node.value is None:
        return Width(node.type.scale, 0)
    if not isinstance(node.value, (int, Decimal)):
        raise ValueError("not a number")
    exponent = Decimal(node.value).as_tuple().exponent
    scale = max(0, -exponent) if isinstance(exponent, int) else 0
    return Width(scale, abs(grains(node.value, scale)))
