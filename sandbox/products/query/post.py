"""Post-processing: relations over released groups, on three things at once.

Every row has its values in the base, in the recipient's copy, and how far each may be off (`table`). Which rows there
are – what a filter keeps, which groups and partners belong together, what LIMIT cuts – is decided on the base alone, so
that it is alike for every recipient. Costs no privacy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sandbox.plan import relation as r
from sandbox.plan.fold import ordered
from sandbox.plan.scalar import Column, Value, columns
from sandbox.plan.walk import sources, walk
from sandbox.products.query.grouped import grouped, windowed
from sandbox.products.query.inside import Inside
from sandbox.products.query.partners import half_joined, joined
from sandbox.products.query.table import Found, Table, Width, exact_first, tabled, united
from sandbox.products.query.values import rounded
from sandbox.products.query.widths import width_of


def post(node: r.Relation, blocks: Sequence[Table], inside: Inside) -> Table:
    """Give the rows of a relation over released blocks. `inside` keeps a copy's values within what filters decided."""
    match node:
        case r.Released():
            return blocks[node.block].only(_names(node))
        case r.Values():
            return _written(node)
        case r.Filter():
            return _filter(node, post(node.source, blocks, inside), inside)
        case r.Project():
            return _project(node, post(node.source, blocks, inside))
        case r.Union():
            return united([post(source, blocks, inside) for source in node.sources], _names(node))
        case r.Sort():
            return _sort(node, post(node.source, blocks, inside))
        case r.Scan() | r.Public() | r.Worked():
            raise ValueError("post-processing reads what is released")
        case _:
            return tabled(_by_rows(node, blocks, inside), _names(node))


def _by_rows(node: r.Join | r.Semi | r.Group | r.Window, blocks: Sequence[Table], inside: Inside) -> list[Found]:
    """Give the rows of what looks at rows one by one."""
    below = [post(source, blocks, inside).rows() for source in sources(node)]
    match node:
        case r.Join():
            return joined(node, *below)
        case r.Semi():
            return half_joined(node, *below)
        case r.Group():
            return grouped(node, *below)
        case r.Window():
            return windowed(node, *below)


def mixes(node: r.Relation) -> bool:
    """Say whether values are made of several noisy ones, so that it matters which errors they share."""
    return any(
        isinstance(one, r.Group | r.Window)
        or (isinstance(one, r.Project) and any(len(columns(named.expr)) > 1 for named in one.named))
        for one in walk(node)
    )


def _names(node: r.Relation) -> list[str]:
    return [column.name for column in node.columns]


def _written(node: r.Values) -> Table:
    cells = {
        column.name: [rounded(column.type, row[place]) for row in node.cells]
        for place, column in enumerate(node.columns)
    }
    return Table(cells, cells, {}, len(node.cells))


def _filter(node: r.Filter, table: Table, inside: Inside) -> Table:
    true = table.evaluated(node.condition)[0]
    kept = table.at([place for place, one in enumerate(true) if one is True])
    return replace(kept, copy=inside(node, kept.copy))


def _project(node: r.Project, table: Table) -> Table:
    base: dict[str, Sequence[Value]] = {}
    copy: dict[str, Sequence[Value]] = {}
    width: dict[str, Sequence[Width]] = {}
    for one in node.named:
        base[one.name], copy[one.name] = table.computed(one.expr)
        if isinstance(one.expr, Column) and one.expr.name in table.width:
            width[one.name] = table.width[one.expr.name]
        elif not columns(one.expr).isdisjoint(table.width):
            width[one.name] = [
                width_of(one.expr, row.base, row.width, value)
                for row, value in zip(table.rows(), base[one.name], strict=True)
            ]
    return Table(base, copy, width, table.size)


def _sort(node: r.Sort, table: Table) -> Table:
    """Cut by the base, then show in the order of the copy; ties, and all without an order, by the exact columns."""
    table, by = exact_first(table, _names(node)), [order.expr for order in node.order]
    stop = None if node.limit is None else node.offset + node.limit
    in_base = [table.evaluated(expr)[0] for expr in by]
    places = ordered(range(table.size), list(zip(node.order, in_base, strict=True)))
    kept = exact_first(table.at(places[node.offset : stop]), _names(node))
    in_copy = [kept.evaluated(expr)[1] for expr in by]
    return kept.at(ordered(range(kept.size), list(zip(node.order, in_copy, strict=True))))
