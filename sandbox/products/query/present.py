"""Released groups to an answer. Which rows: decided on the base, so alike for every recipient. Values and their order:
from the recipient's marked copy. Post-processing of a private release; costs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.jobs.product import Answer, AnswerColumn
from sandbox.plan.evaluate import evaluate
from sandbox.plan.ordering import value_key
from sandbox.plan.plan import Order, Output, Plan
from sandbox.plan.scalar import Value
from sandbox.products.query.accuracy import error, scale, spelled
from sandbox.products.query.inside import keep_inside
from sandbox.products.query.values import Row, limits, row_of, shown


def present(
    plan: Plan, groups: Sequence[tuple[Value, ...]], base: Sequence[tuple[int, ...]], marked: Sequence[tuple[int, ...]]
) -> Answer:
    """Give the answer. `base` and `marked` are aligned with `groups`."""
    of_base = [row_of(plan, group, released) for group, released in zip(groups, base, strict=True)]
    having = plan.post.having
    kept = [i for i, row in enumerate(of_base) if having is None or evaluate(having, row) is True]
    kept = _ordered(plan, kept, of_base)
    stop = None if plan.post.limit is None else plan.post.offset + plan.post.limit
    kept = kept[plan.post.offset : stop]
    of_copy = {i: keep_inside(plan, row_of(plan, groups[i], marked[i])) for i in kept}
    rows = tuple(shown(plan, of_copy[i]) for i in _ordered(plan, kept, of_copy))
    return Answer(
        tuple(
            _column(plan, output, [of_base[i] for i in kept], [base[i] for i in kept])
            for output in plan.outputs
            if not output.hidden
        ),
        rows,
        plan.notes,
    )


def _ordered(plan: Plan, places: Sequence[int], rows: Any) -> list[int]:
    """Sort by ORDER BY; ties, and everything without it, by the keys as SELECT shows them."""
    ordered = sorted(places, key=lambda i: [value_key(rows[i][o.name]) for o in _keys(plan)])
    for order in reversed(plan.post.order):
        ordered = _by(order, ordered, rows)
    return ordered


def _by(order: Order, places: list[int], rows: Any) -> list[int]:
    values = {i: evaluate(order.expr, rows[i]) for i in places}
    known = sorted((i for i in places if values[i] is not None), key=lambda i: values[i], reverse=order.descending)  # type: ignore[arg-type, return-value]
    missing = [i for i in places if values[i] is None]
    return missing + known if order.nulls_first else known + missing


def _keys(plan: Plan) -> list[Output]:
    """Key outputs in the order of SELECT, hidden ones last."""
    return sorted((output for output in plan.outputs if output.what == "key"), key=lambda output: output.hidden)


def _column(plan: Plan, output: Output, rows: Sequence[Row], base: Sequence[Sequence[int]]) -> AnswerColumn:
    if output.what == "key":
        return AnswerColumn(output.name, output.type.kind, "key")
    width = error(plan, output, rows, base)
    least, most = limits(plan, output)
    return AnswerColumn(
        output.name,
        output.type.kind,
        "measure",
        "discrete gaussian",
        None if width is None else spelled(scale(plan, output, width)),
        None if width is None else spelled(width),
        None if least is None else f"{least:f}",
        None if most is None else f"{most:f}",
    )
