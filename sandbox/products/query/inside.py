"""Marked values that HAVING was decided on stay inside its bound: a mark must not show a row that the condition, as the
reader sees it, leaves out. For a count or a sum compared with a number; other conditions are decided on the base alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache

from sandbox.plan.plan import Output, Plan
from sandbox.plan.relation import Filter, Released
from sandbox.plan.scalar import Column, Compare, Constant, Logic, Scalar, Value

Cells = Mapping[str, Sequence[Value]]
Limits = dict[str, list[tuple[str, int | Decimal]]]  # by name of the output


class Inside:
    """Keeps the values of a copy inside the bounds of the filters that stand directly over a block."""

    def __init__(self, plan: Plan) -> None:
        self._outputs = plan.outputs

    def __call__(self, node: Filter, copy: Cells) -> Cells:
        """Give the copy of the rows that `node` keeps, with their counts and sums moved inside their bounds."""
        source = node.source
        while isinstance(source, Filter):
            source = source.source
        if not isinstance(source, Released):
            return copy
        outputs = self._outputs[source.block]
        limits = _limits(node.condition, outputs)
        scales = {output.name: output.type.scale for output in outputs}
        moved = dict(copy)
        for name in limits.keys() & copy.keys():
            for op, limit in limits[name]:
                moved[name] = [_inside(value, op, limit, scales[name]) for value in moved[name]]
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
def _limits(having: Scalar, outputs: tuple[Output, ...]) -> Limits:
    """A bound on one name of a number is one on all of its names."""
    by_name = {output.name: (output.what, output.source) for output in outputs if output.what in ("count", "sum")}
    found: Limits = {}
    for part in having.args if isinstance(having, Logic) and having.op == "and" else (having,):
        match part:
            case Compare(op=op, left=Column(name=name), right=Constant(value=int() | Decimal() as limit)):
                for alias, shown in by_name.items():
                    if shown == by_name.get(name):
                        found.setdefault(alias, []).append((op, limit))
    return found
