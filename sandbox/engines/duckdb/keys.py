"""The keys of a block: grouped by their codes, decoded after that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import prod

from sqlglot import exp

from sandbox.engines.duckdb.facts import Facts
from sandbox.engines.duckdb.scalars import Scalars
from sandbox.engines.duckdb.scans import Cell, table
from sandbox.engines.duckdb.terms import column
from sandbox.engines.fixed import from_grains, grains
from sandbox.engines.width import width
from sandbox.plan.block import Block
from sandbox.plan.scalar import BOOLEAN, Column, Scalar, Value


@dataclass(frozen=True)
class Keys:
    """`named`: the keys of a row as k0, k1, …; `dictionaries`: where the values of their codes stand in the file;
    `values`, `scales`: see `Query`; `groups`: how many different ones there can be, None if that is not known."""

    named: tuple[exp.Expr, ...]
    dictionaries: tuple[str | None, ...]
    values: tuple[tuple[Value, ...] | None, ...]
    scales: tuple[int | None, ...]
    groups: int | None

    @classmethod
    def of(cls, block: Block, scalars: Scalars, facts: Facts) -> Keys:
        """Render the keys over rows."""
        nodes = [key.expr for key in block.keys]
        cells = [scalars.scope.get(node.name) if isinstance(node, Column) else None for node in nodes]
        rendered = [_key(node, cell, scalars) for node, cell in zip(nodes, cells, strict=True)]
        sizes = [_size(node, cell, facts) for node, cell in zip(nodes, cells, strict=True)]
        known = [size for size in sizes if size is not None]
        return cls(
            tuple(exp.alias_(one, f"k{place}") for place, one in enumerate(rendered)),
            tuple(cell.stored.dictionary if cell and cell.stored.kind == "dictionary" else None for cell in cells),
            tuple(_values(cell) for cell in cells),
            tuple(width(node).scale if node.type.numeric else None for node in nodes),
            prod(known) if len(known) == len(sizes) else None,
        )

    @property
    def names(self) -> list[str]:
        return [f"k{place}" for place in range(len(self.named))]

    @property
    def columns(self) -> list[exp.Expression]:
        return [column(name) for name in self.names]

    def decoded(self, query: exp.Select, results: Sequence[str], *, ordered: bool = False) -> exp.Select:
        """Give the groups with the texts of their dictionaries; `results` are the columns after the keys. `ordered`: by
        keys and the first result."""
        order = [*self.names, results[0]] if ordered else []
        if not any(self.dictionaries):
            return query.order_by(*map(column, order)) if order else query
        shown = [
            exp.column(name, table="g", quoted=True)
            if dictionary is None
            else exp.alias_(exp.column("value", table=f"d_{name}", quoted=True), name)
            for name, dictionary in zip(self.names, self.dictionaries, strict=True)
        ]
        others = [exp.column(name, table="g", quoted=True) for name in results]
        found = exp.select(*shown, *others).from_(query.subquery("g"))
        for name, dictionary in zip(self.names, self.dictionaries, strict=True):
            if dictionary is not None:
                code = exp.column("code", table=f"d_{name}", quoted=True)
                on = exp.EQ(this=exp.column(name, table="g", quoted=True), expression=code)
                found = found.join(exp.alias_(table(dictionary), f"d_{name}", table=True), on=on, join_type="left")
        return found.order_by(*(exp.column(name, table="g", quoted=True) for name in order)) if order else found


def _key(node: Scalar, cell: Cell | None, scalars: Scalars) -> exp.Expression:
    """A stored column stands bare: DuckDB groups directly by what it has statistics of."""
    return scalars.render(node) if cell is None else cell.code()


def _size(node: Scalar, cell: Cell | None, facts: Facts) -> int | None:
    if node.type == BOOLEAN:
        return 3
    size = None if cell is None else facts.values(cell.scan.layout, cell.stored)
    return None if size is None else size + 1  # a join may leave it out


def _values(cell: Cell | None) -> tuple[Value, ...] | None:
    if cell is None or cell.stored.kind != "domain":
        return None
    scale, domain = cell.stored.type.scale, cell.stored.domain
    return tuple(from_grains(grains(one, scale), scale) if isinstance(one, Decimal) else one for one in domain)
