"""Released rows, column by column, three times over: as the base has them, as the recipient's copy does, and how far
each value may be off.

A column that base and copy have alike – a key – is one and the same list in both, and is worked on once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from sandbox.plan.evaluate import evaluate
from sandbox.plan.scalar import Column, Scalar, Value, columns
from sandbox.products.query.values import rounded

if TYPE_CHECKING:  # arrays are loaded with the first answer
    from sandbox.privacy.cells import Places

T = TypeVar("T")
Width = float | None
Cells = Mapping[str, Sequence[Value]]


@dataclass(frozen=True)
class Found:
    """A row of released values. `width` has every noisy column: how far its base value may be off, None if unknown."""

    base: Mapping[str, Value]
    copy: Mapping[str, Value]
    width: Mapping[str, Width]


@dataclass(frozen=True)
class Table:
    """`size` rows, whose decimals have as many places as their type. `width` has every noisy column."""

    base: Cells
    copy: Cells
    width: Mapping[str, Sequence[Width]]
    size: int

    def rows(self) -> list[Found]:
        """Give the rows one by one."""
        parts = (listed(part, self.size) for part in (self.base, self.copy, self.width))
        return [Found(*row) for row in zip(*parts, strict=True)]

    def at(self, places: Sequence[int] | Places) -> Table:
        """Give the rows at `places`, in their order."""
        import numpy as np

        from sandbox.privacy.cells import picked

        order = np.asarray(places, np.int64)
        if np.array_equal(order, np.arange(self.size)):
            return self
        kept: dict[int, Sequence[Value | Width]] = {}

        def of(part: Mapping[str, Sequence[Value | Width]]) -> dict[str, Sequence[Value | Width]]:
            for column in part.values():
                if id(column) not in kept:
                    kept[id(column)] = picked(column, order)
            return {name: kept[id(column)] for name, column in part.items()}

        return Table(of(self.base), of(self.copy), of(self.width), len(order))  # type: ignore[arg-type]

    def only(self, names: Sequence[str]) -> Table:
        """Give the columns of these names."""
        width = {name: self.width[name] for name in names if name in self.width}
        return Table(
            {name: self.base[name] for name in names}, {name: self.copy[name] for name in names}, width, self.size
        )

    def evaluated(self, expr: Scalar) -> tuple[Sequence[Value], Sequence[Value]]:
        """Give the values of `expr` in base and copy, as they come."""
        if isinstance(expr, Column):
            return self.base[expr.name], self.copy[expr.name]
        names = columns(expr)
        base = [evaluate(expr, row) for row in listed({name: self.base[name] for name in names}, self.size)]
        if all(self.base[name] is self.copy[name] for name in names):
            return base, base
        return base, [evaluate(expr, row) for row in listed({name: self.copy[name] for name in names}, self.size)]

    def computed(self, expr: Scalar) -> tuple[Sequence[Value], Sequence[Value]]:
        """Give the same with the decimals of the type of `expr`."""
        base, copy = self.evaluated(expr)
        if isinstance(expr, Column) or expr.type.kind != "decimal":
            return base, copy
        shown = [rounded(expr.type, one) for one in base]
        return shown, shown if copy is base else [rounded(expr.type, one) for one in copy]


def listed(part: Mapping[str, Sequence[T]], size: int) -> list[dict[str, T]]:
    """Give `size` rows of columns."""
    names = tuple(part)
    return [dict(zip(names, row, strict=True)) for row in zip(*part.values(), strict=True)] if names else [{}] * size


def tabled(rows: Sequence[Found], names: Sequence[str]) -> Table:
    """Give rows column by column; a column is noisy if it is in any of them."""
    noisy = {name for row in rows for name in row.width}
    return _shared(
        {name: [row.base[name] for row in rows] for name in names},
        {name: [row.copy[name] for row in rows] for name in names},
        {name: [row.width.get(name) for row in rows] for name in names if name in noisy},
        len(rows),
    )


def united(tables: Sequence[Table], names: Sequence[str]) -> Table:
    """Give the rows of all tables, one after the other."""
    unknown: list[list[Width]] = [[None] * one.size for one in tables]
    return _shared(
        {name: list(chain.from_iterable(one.base[name] for one in tables)) for name in names},
        {name: list(chain.from_iterable(one.copy[name] for one in tables)) for name in names},
        {
            name: list(chain.from_iterable(map(lambda one, none: one.width.get(name, none), tables, unknown)))
            for name in names
            if any(name in one.width for one in tables)
        },
        sum(one.size for one in tables),
    )


def _shared(base: Cells, copy: Cells, width: Mapping[str, Sequence[Width]], size: int) -> Table:
    return Table(base, {name: base[name] if copy[name] == base[name] else copy[name] for name in base}, width, size)


def exact_first(table: Table, names: Sequence[str]) -> Table:
    """Give rows in order of their exact columns among `names`: keys, which are alike in base and copy."""
    import numpy as np

    from sandbox.privacy.cells import ranked

    ranks = [ranked(table.base[name]) for name in names if name not in table.width]
    return table.at(np.lexsort(ranks[::-1])) if ranks else table
