"""Post-processing: relations over released groups, on three things at once.

Every row has its values in the base, in the recipient's copy, and how far each may be off. Which rows there are – what
a filter keeps, which groups and partners belong together, what LIMIT cuts – is decided on the base alone, so that it is
alike for every recipient. Costs no privacy.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import hypot
from typing import Any

from sandbox.plan import relation as r
from sandbox.plan.evaluate import evaluate
from sandbox.plan.fold import fold, members, ordered, over
from sandbox.plan.ordering import value_key
from sandbox.plan.parts import Aggregate, Over
from sandbox.plan.scalar import Column, Scalar, Value, columns
from sandbox.products.query.inside import Inside
from sandbox.products.query.values import rounded

Width = float | None


@dataclass(frozen=True)
class Found:
    """A row of released values. `width` has every noisy column: how far its base value may be off, None if unknown."""

    base: Mapping[str, Value]
    copy: Mapping[str, Value]
    width: Mapping[str, Width]


def post(node: r.Relation, blocks: Sequence[Sequence[Found]], inside: Inside) -> list[Found]:
    """Give the rows of a relation over released blocks. `inside` keeps a copy's values within what filters decided."""
    match node:
        case r.Released():
            return list(blocks[node.block])
        case r.Values():
            cells = [dict(zip((column.name for column in node.columns), row, strict=True)) for row in node.cells]
            return [Found(row, row, {}) for row in cells]
        case r.Filter():
            kept = [row for row in post(node.source, blocks, inside) if evaluate(node.condition, row.base) is True]
            return [Found(row.base, inside(node, row.copy), row.width) for row in kept]
        case r.Project():
            return [
                _row([(one.name, one.expr) for one in node.named], row) for row in post(node.source, blocks, inside)
            ]
        case r.Join():
            return _join(node, post(node.left, blocks, inside), post(node.right, blocks, inside))
        case r.Semi():
            right, met = post(node.right, blocks, inside), _partners(node)
            return [row for row in post(node.left, blocks, inside) if any(met(row, one) for one in right) != node.anti]
        case r.Union():
            return [row for source in node.sources for row in post(source, blocks, inside)]
        case r.Group():
            return _group(node, post(node.source, blocks, inside))
        case r.Window():
            return _window(node, post(node.source, blocks, inside))
        case r.Sort():
            return _sort(node, post(node.source, blocks, inside))
        case r.Scan() | r.Public():
            raise ValueError("post-processing reads what is released")


def exact_first(rows: Sequence[Found], names: Sequence[str]) -> list[Found]:
    """Give rows in order of their exact columns among `names`: keys, which are alike in base and copy."""
    exact = [name for name in names if not any(name in row.width for row in rows)]
    return sorted(rows, key=lambda row: [value_key(row.base[name]) for name in exact])


def _row(named: Sequence[tuple[str, Scalar]], row: Found) -> Found:
    base = {name: rounded(expr.type, evaluate(expr, row.base)) for name, expr in named}
    copy = {name: rounded(expr.type, evaluate(expr, row.copy)) for name, expr in named}
    width = {name: width_of(expr, row) for name, expr in named if not columns(expr).isdisjoint(row.width)}
    return Found(base, copy, width)


def width_of(expr: Scalar, row: Found) -> Width:
    """Give by how much `expr` may be off: what each part moves it by its own width, added up – at least the truth,
    whatever the parts share."""
    if isinstance(expr, Column):
        return row.width.get(expr.name, 0.0)
    here = evaluate(expr, row.base)
    if isinstance(here, bool) or not isinstance(here, (int, Decimal)):
        return None
    moved = 0.0
    for name in sorted(columns(expr) & set(row.width)):
        there = evaluate(expr, {**row.base, name: _moved(row.base[name], row.width[name])})
        moved += abs(float(there - here)) if isinstance(there, (int, Decimal)) else 0.0
    return moved


def _moved(value: Value, width: Width) -> Value:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)) or width is None:
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


def _sort(node: r.Sort, rows: Sequence[Found]) -> list[Found]:
    """Cut by the base, then show in the order of the copy; ties, and all without an order, by the exact columns."""
    rows = exact_first(rows, [column.name for column in node.columns])
    stop = None if node.limit is None else node.offset + node.limit
    kept = [rows[place] for place in _in_order(node, rows, lambda row: row.base)[node.offset : stop]]
    kept = exact_first(kept, [column.name for column in node.columns])
    return [kept[place] for place in _in_order(node, kept, lambda row: row.copy)]


def _in_order(node: r.Sort, rows: Sequence[Found], of: Callable[[Found], Mapping[str, Any]]) -> list[int]:
    by = [(order, [evaluate(order.expr, of(row)) for row in rows]) for order in node.order]
    return ordered(range(len(rows)), by)
