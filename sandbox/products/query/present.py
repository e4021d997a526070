"""Released groups to an answer. Which rows: decided on the base, so alike for every recipient. Values and their order:
from the recipient's marked copy. Post-processing of a private release; costs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Any

from sandbox.engines.base import Columns
from sandbox.jobs.product import Answer, AnswerColumn, Groups
from sandbox.plan import relation as r
from sandbox.plan.block import Block
from sandbox.plan.plan import Output, Plan
from sandbox.plan.scalar import Column
from sandbox.products.query.accuracy import Accuracy, constant_width, middle, scale, spelled
from sandbox.products.query.consistent import consistent
from sandbox.products.query.inside import Inside
from sandbox.products.query.notes import bounded, few_note
from sandbox.products.query.post import mixes, post
from sandbox.products.query.table import Table, exact_first
from sandbox.products.query.values import limits, values_of


def present(plan: Plan, base: Sequence[Groups], marked: Sequence[Sequence[tuple[int, ...]]]) -> Answer:
    """Give the answer. `base` and `marked` are aligned, block by block."""
    blocks = zip(plan.blocks, plan.outputs, base, marked, strict=True)
    mixed = mixes(plan.post)
    leaves = [_leaf(*block, number if mixed else None) for number, block in enumerate(blocks)]
    if plan.consistent:
        leaves = consistent(plan, leaves, base, marked)
    table = post(plan.post, leaves, Inside(plan))
    names = [column.name for column in plan.post.columns]
    if not _is_sorted(plan.post):
        table = exact_first(table, names)
    measures = noisy(plan)
    columns = tuple(_column(plan, column, table, column.name in measures) for column in plan.post.columns)
    rows = Columns([table.copy[name] for name in names], table.size)
    errors = Columns([_errors(column, table) for column in columns], table.size)
    few = few_note(plan.blocks, [len(found.groups) for found in base], table.size)
    return Answer(columns, rows, (*plan.notes, *few), errors)


def _errors(column: AnswerColumn, table: Table) -> Sequence[str | None]:
    """The half-widths of a column, from the base alone; none beside what is shown empty. (Where a count is about 0 a
    mark decides whether there is an average.)"""
    if column.error_95 is None or column.name not in table.width:
        return [None] * table.size
    widths = table.width[column.name]
    spelling = {width: None if width is None else spelled(width) for width in set(widths)}
    return [
        None if value is None else spelling[width] for value, width in zip(table.copy[column.name], widths, strict=True)
    ]


def _leaf(
    block: Block, outputs: Sequence[Output], found: Groups, copies: Sequence[tuple[int, ...]], number: int | None
) -> Table:
    size, measured = len(found.groups), len(block.measurements)
    keys = _columns(found.groups, len(block.keys))
    true, marked = _columns(found.values, measured), _columns(copies, measured)
    if len(found.values) != size or len(copies) != size:
        raise ValueError("a base and its copy have the same groups")
    base = {output.name: values_of(block, output, keys, true) for output in outputs}
    copy = {
        output.name: base[output.name] if output.what == "key" else values_of(block, output, keys, marked)
        for output in outputs
    }
    accuracy = Accuracy(block, size, number)
    width = {output.name: accuracy.widths(output, true, size) for output in outputs if output.what != "key"}
    return Table(base, copy, width, size)


def _columns(rows: Sequence[tuple[Any, ...]], number: int) -> list[Sequence[Any]]:
    """Give rows by column. (zip(*rows) makes an iterator of each of thousands.)"""
    if isinstance(rows, Columns):
        return list(Columns.of(rows, number).columns)
    return [tuple(map(itemgetter(place), rows)) for place in range(number)]


def _is_sorted(node: r.Relation) -> bool:
    while isinstance(node, r.Filter | r.Project):
        node = node.source
    return isinstance(node, r.Sort)


def _column(plan: Plan, column: Column, table: Table, uncertain: bool) -> AnswerColumn:
    if not uncertain:
        return AnswerColumn(column.name, column.type.kind, "key")
    shown = origin(plan.post, column.name, plan)
    width = middle(table.width.get(column.name, ())) if column.type.numeric else None
    if width is None and shown is not None:
        width = constant_width(*shown)
    least, most = (None, None) if shown is None else limits(*shown)
    sigma = None if width is None else scale(shown, width)
    return AnswerColumn(
        column.name,
        column.type.kind,
        "measure",
        "discrete gaussian" if shown is None else mechanism(*shown),
        None if sigma is None else spelled(sigma),
        None if width is None else spelled(width),
        None if least is None else f"{least:f}",
        None if most is None else f"{most:f}",
        bias(plan) if shown is None or shown[1].bias is None else share(shown[1].bias),
    )


def share(left_out: Decimal) -> str | None:
    """Spell the share of a value that bounds leave out."""
    return spelled(float(left_out)) if left_out > 0 else None


def bias(plan: Plan) -> str | None:
    """Say what bounds move a value by where nothing predicts it: whether they may."""
    kept = all(not block.bounds.truncates for block in plan.blocks)
    clamps = any(bounded(m.expr) for block in plan.blocks for m in block.measurements if m.expr is not None)
    return None if kept and not clamps else "unknown"


def mechanism(block: Block, output: Output) -> str:
    """Name the mechanism of an output's first measurement."""
    drawn = block.measurements[output.source[0]].mechanism
    return drawn if drawn == "exponential" else f"discrete {drawn}"


def origin(node: r.Relation, name: str, plan: Plan) -> tuple[Block, Output] | None:
    """Give the block and output that a column shows as it is, None when it is computed."""
    match node:
        case r.Released():
            found = next(output for output in plan.outputs[node.block] if output.name == name)
            return plan.blocks[node.block], found
        case r.Filter() | r.Sort() | r.Semi() | r.Window() | r.Join():
            below = (node.left, node.right) if isinstance(node, r.Join | r.Semi) else (node.source,)
            source = next((one for one in below if any(column.name == name for column in one.columns)), None)
            return None if source is None else origin(source, name, plan)
        case r.Project():
            expr = next(one.expr for one in node.named if one.name == name)
            return origin(node.source, expr.name, plan) if isinstance(expr, Column) else None
        case _:
            return None


def noisy(plan: Plan) -> frozenset[str]:
    """Give the columns of the answer that depend on noisy values; others are keys."""
    return _noisy(plan.post, plan)


def _noisy(node: r.Relation, plan: Plan) -> frozenset[str]:
    from sandbox.plan.scalar import columns

    def of(expr: object) -> bool:
        return not columns(expr).isdisjoint(below)  # type: ignore[arg-type]

    match node:
        case r.Released():
            return frozenset(output.name for output in plan.outputs[node.block] if output.what != "key")
        case r.Union():
            return frozenset().union(*(_noisy(source, plan) for source in node.sources))
        case r.Join():
            return _noisy(node.left, plan) | _noisy(node.right, plan)
        case r.Semi():
            return _noisy(node.left, plan)
        case r.Scan() | r.Public() | r.Values():
            return frozenset()
    below = _noisy(node.source, plan)
    match node:
        case r.Project():
            return frozenset(one.name for one in node.named if of(one.expr))
        case r.Group():
            keys = frozenset(key.name for key in node.keys if of(key.expr))
            return keys | frozenset(one.name for one in node.aggregates)
        case r.Window():
            return below | frozenset(one.name for one in node.over)
        case _:
            return below
