"""Joins and semi-joins of released rows: by a table of the equal columns, then by what else is asked of a pair."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from sandbox.engines.base import EngineFailed
from sandbox.plan import relation as r
from sandbox.plan.evaluate import evaluate
from sandbox.plan.scalar import Scalar, Value
from sandbox.products.query.table import Found

MOST_PAIRS = 1_000_000  # that are looked at in one join: some fifteen seconds


def joined(node: r.Join, left: Sequence[Found], right: Sequence[Found]) -> list[Found]:
    """Give the pairs, and the rows without a partner where they are kept. Raises EngineFailed for too many pairs: who
    asks again in another way does not pay again for the same release."""
    met: set[int] = set()
    found: list[Found] = []
    nothing = _nothing(node.right)
    for row, own in _partners(node, left, right):
        before = len(found)
        for number in own:
            met.add(number)
            found.append(_side_by_side(row, right[number]))
        if len(found) == before and node.how != "inner":
            found.append(_side_by_side(row, nothing))
    if node.how == "full":
        alone = _nothing(node.left)
        found += [_side_by_side(alone, one) for number, one in enumerate(right) if number not in met]
    return found


def half_joined(node: r.Semi, left: Sequence[Found], right: Sequence[Found]) -> list[Found]:
    """Give the left rows that have a partner, or none. Raises EngineFailed for too many pairs."""
    return [row for row, own in _partners(node, left, right) if any(True for _ in own) != node.anti]


def _partners(
    node: r.Join | r.Semi, left: Sequence[Found], right: Sequence[Found]
) -> Iterator[tuple[Found, Iterator[int]]]:
    """Give each left row with the places of its partners, which are looked for as they are asked for."""
    by_key: dict[tuple[Value, ...], list[int]] = defaultdict(list)
    mine, others = [one for one, _ in node.equal], [other for _, other in node.equal]
    for number, one in enumerate(right):
        if (key := _key(others, one.base)) is not None:
            by_key[key].append(number)
    looked = [0]

    def matching(row: Found, candidates: Sequence[int]) -> Iterator[int]:
        for number in candidates:
            looked[0] += 1
            if looked[0] > MOST_PAIRS:
                raise EngineFailed
            if node.condition is None or evaluate(node.condition, {**row.base, **right[number].base}) is True:
                yield number

    for row in left:
        key = _key(mine, row.base)
        yield row, matching(row, () if key is None else by_key.get(key, ()))


def _key(exprs: Sequence[Scalar], row: Mapping[str, Value]) -> tuple[Value, ...] | None:
    """NULL is equal to nothing."""
    values = tuple(evaluate(expr, row) for expr in exprs)
    return None if None in values else values


def _side_by_side(left: Found, right: Found) -> Found:
    return Found({**left.base, **right.base}, {**left.copy, **right.copy}, {**left.width, **right.width})


def _nothing(node: r.Relation) -> Found:
    nulls = dict.fromkeys((column.name for column in node.columns), None)
    return Found(nulls, nulls, {})
