"""Post-processing: relations over released groups, on three things at once.

Every row has its values in the base, in the recipient's copy, and how far each may be off (`table`). Which rows there
are – what a filter keeps, which groups and partners belong together, what LIMIT cuts – is decided on the base alone, so
that it is alike for every recipient. Costs no privacy.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from math import hypot

from sandbox.plan import relation as r
from sandbox.plan.evaluate import evaluate
from sandbox.plan.fold import fold, members, ordered, over
from sandbox.plan.parts import Aggregate, Over
from sandbox.plan.scalar import Column, Scalar, Value, columns
from sandbox.products.query.inside import Inside
from sandbox.products.query.table import Found, Table, Width, exact_first, joined, tabled
from sandbox.products.query.values import rounded


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
            return joined([post(source, blocks, inside) for source in node.sources], _names(node))
        case r.Sort():
            return _sort(node, post(node.source, blocks, inside))
        case r.Scan() | r.Public():
            raise ValueError("post-processing reads what is released")
        case _:
            return tabled(_by_rows(node, blocks, inside), _names(node))


def _by_rows(node: r.Join | r.Semi | r.Group | r.Window, blocks: Sequence[Table], inside: Inside) -> list[Found]:
    """Give the rows of what looks at rows one by one."""
    match node:
        case r.Join():
            return _join(node, post(node.left, blocks, inside).rows(), post(node.right, blocks, inside).rows())
        case r.Semi():
            left, right = post(node.left, blocks, inside).rows(), post(node.right, blocks, inside).rows()
            met = _partners(node)
            return [row for row in left if any(met(row, one) for one in right) != node.anti]
        case r.Group():
            return _group(node, post(node.source, blocks, inside).rows())
        case r.Window():
            return _window(node, post(node.source, blocks, inside).rows())


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
            width[one.name] = [width_of(one.expr, row) for row in table.rows()]
    return Table(base, copy, width, table.size)


def _row(named: Sequence[tuple[str, Scalar]], row: Found) -> Found:
    base = {name: rounded(expr.type, evaluate(expr, row.base)) for name, expr in named}
    copy = {name: rounded(expr.type, evaluate(expr, row.copy)) for name, expr in named}
    width = {name: width_of(expr, row) for name, expr in named if not columns(expr).isdisjoint(row.width)}
    return Found(base, copy, width)


def width_of(expr: Scalar, row: Found) -> Width:
    """Give by how much `expr` may be off: what each part moves it by its own width, added up – at least the truth,
    whatever the parts share. None where the width of a part is unknown."""
    if isinstance(expr, Column):
        return row.width.get(expr.name, 0.0)
    here = evaluate(expr, row.base)
    if isinstance(here, bool) or not isinstance(here, (int, Decimal)):
        return None
    moved = 0.0
    for name in sorted(columns(expr) & set(row.width)):
        step = row.width[name]
        if step is None:
            return None
        there = evaluate(expr, {**row.base, name: _moved(row.base[name], step)})
        moved += abs(float(there - here)) if isinstance(there, (int, Decimal)) else 0.0
    return moved


def _moved(value: Value, width: float) -> Value:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return value
    return Decimal(value) + Decimal(f"{width:.6g}")


def _partners(node: r.Join | r.Semi) -> Callable[[Found, Found], bool]:
    def partners(left: Found, right: Found) -> bool:
        for mine, other in node.equal:
            value = evaluate(mine, left.base)
            if value is None or value != evaluate(other, right.base):
                return False
        return node.condition is None or evaluate(node.condition, {**left.base, **right.base}) is True

    return partners


def _join(node: r.Join, left: Sequence[Found], right: Sequence[Found]) -> list[Found]:
    met: set[int] = set()
    by_key: dict[tuple[Value, ...], list[int]] = defaultdict(list)
    for number, one in enumerate(right):
        by_key[tuple(evaluate(other, one.base) for _, other in node.equal)].append(number)
    partners, found = _partners(node), []
    for row in left:
        candidates = by_key.get(tuple(evaluate(mine, row.base) for mine, _ in node.equal), [])
        own = [number for number in candidates if partners(row, right[number])]
        met.update(own)
        found += [_side_by_side(row, right[number]) for number in own]
        if not own and node.how != "inner":
            found.append(_side_by_side(row, _nothing(node.right)))
    if node.how == "full":
        found += [_side_by_side(_nothing(node.left), one) for number, one in enumerate(right) if number not in met]
    return found


def _side_by_side(left: Found, right: Found) -> Found:
    return Found({**left.base, **right.base}, {**left.copy, **right.copy}, {**left.width, **right.width})


def _nothing(node: r.Relation) -> Found:
    nulls = dict.fromkeys((column.name for column in node.columns), None)
    return Found(nulls, nulls, {})


def _group(node: r.Group, rows: Sequence[Found]) -> list[Found]:
    groups: dict[tuple[Value, ...], list[Found]] = {} if node.keys else {(): []}
    for row in rows:
        groups.setdefault(tuple(evaluate(key.expr, row.base) for key in node.keys), []).append(row)
    return [_folded(node, members) for members in groups.values()]


def _folded(node: r.Group, members: Sequence[Found]) -> Found:
    first = _row([(key.name, key.expr) for key in node.keys], members[0]) if node.keys else Found({}, {}, {})
    base, copy, width = dict(first.base), dict(first.copy), dict(first.width)
    for one in node.aggregates:
        base[one.name] = rounded(one.type, fold(one.what, _values(one, members, lambda row: row.base), one.type))
        copy[one.name] = rounded(one.type, fold(one.what, _values(one, members, lambda row: row.copy), one.type))
        if one.expr is not None and any(not columns(one.expr).isdisjoint(row.width) for row in members):
            width[one.name] = _width(one, [width_of(one.expr, row) for row in members])
    return Found(base, copy, width)


def _values(one: Aggregate | Over, rows: Sequence[Found], of: Callable[[Found], Mapping[str, Value]]) -> list[Value]:
    return [None if one.expr is None else evaluate(one.expr, of(row)) for row in rows]


def _width(one: Aggregate | Over, widths: Sequence[Width]) -> Width:
    """Noise of different groups is independent: widths of a sum combine as its square root."""
    known = [width for width in widths if width is not None]
    match one.what:
        case "sum":
            return hypot(*known)
        case "average":
            return hypot(*known) / max(len(known), 1)
        case "min" | "max" | "first" | "last" | "lag" | "lead":
            return max(known, default=None)
        case _:
            return None


def _window(node: r.Window, rows: Sequence[Found]) -> list[Found]:
    base: list[dict[str, Value]] = [dict(row.base) for row in rows]
    copy: list[dict[str, Value]] = [dict(row.copy) for row in rows]
    width: list[dict[str, Width]] = [dict(row.width) for row in rows]
    for one in node.over:
        parts: dict[tuple[Value, ...], list[int]] = defaultdict(list)
        for at, row in enumerate(rows):
            parts[tuple(evaluate(expr, row.base) for expr in one.partition)].append(at)
        by = [[evaluate(order.expr, row.base) for row in rows] for order in one.order]
        noisy = any(not columns(expr).isdisjoint(row.width) for row in rows for expr in one.parts)
        widths = [None if one.expr is None else width_of(one.expr, row) for row in rows]
        for part in parts.values():
            for target, of in ((base, lambda row: row.base), (copy, lambda row: row.copy)):
                for at, value in over(one, _values(one, rows, of), by, part).items():
                    target[at][one.name] = rounded(one.type, value)
            if noisy:
                for at, others in members(one, by, part).items():
                    width[at][one.name] = _width(one, [widths[other] for other in others])
    return [Found(*row) for row in zip(base, copy, width, strict=True)]


def _sort(node: r.Sort, table: Table) -> Table:
    """Cut by the base, then show in the order of the copy; ties, and all without an order, by the exact columns."""
    table, by = exact_first(table, _names(node)), [order.expr for order in node.order]
    stop = None if node.limit is None else node.offset + node.limit
    in_base = [table.evaluated(expr)[0] for expr in by]
    places = ordered(range(table.size), list(zip(node.order, in_base, strict=True)))
    kept = exact_first(table.at(places[node.offset : stop]), _names(node))
    in_copy = [kept.evaluated(expr)[1] for expr in by]
    return kept.at(ordered(range(kept.size), list(zip(node.order, in_copy, strict=True))))
