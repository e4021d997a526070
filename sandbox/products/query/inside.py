"""Marked values that HAVING was decided on stay inside its bound: a mark must not show a row that the condition, as the
reader sees it, leaves out. For a count or a sum compared with a number; other conditions are decided on the base alone.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from sandbox.plan.plan import Output, Plan
from sandbox.plan.scalar import Column, Compare, Constant, Logic, Scalar, Value
from sandbox.products.query.values import Row

Limits = dict[tuple[str, tuple[int, ...]], list[tuple[str, int | Decimal]]]  # by kind and source of the output


def keep_inside(plan: Plan, row: Row) -> Row:
    """Give `row`, one that HAVING keeps, with its counts and sums moved inside their bounds."""
    limits = _limits(plan.post.having, plan.outputs)
    moved = dict(row)
    for output in plan.outputs:
        for op, limit in limits.get((output.what, output.source), ()):
            moved[output.name] = _inside(moved[output.name], op, limit, output.type.scale)
    return moved


def _inside(value: Value, op: str, limit: int | Decimal, scale: int) -> Value:
    if not isinstance(value, (int, Decimal)):
        return value
    step = Decimal(1).scaleb(-scale) if isinstance(limit, Decimal) else 1
    match op:
        case ">" | ">=":
            return max(value, limit + step if op == ">" else limit)
        case "<" | "<=":
            return min(value, limit - step if op == "<" else limit)
        case "=":
            return limit
        case _:
            return value


@lru_cache(maxsize=64)
def _limits(having: Scalar | None, outputs: tuple[Output, ...]) -> Limits:
    by_name = {output.name: output for output in outputs if output.what in ("count", "sum")}
    found: Limits = {}
    for part in having.args if isinstance(having, Logic) and having.op == "and" else (having,):
        match part:
            case Compare(op=op, left=Column(name=name), right=Constant(value=int() | Decimal() as limit)):
                if name in by_name:
                    found.setdefault((by_name[name].what, by_name[name].source), []).append((op, limit))
    return found
