"""The keys of a block: grouped by their codes, which the parent spells out where a group is looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from math import prod

from sqlglot import exp

from sandbox.engines.duckdb.facts import Facts
from sandbox.engines.duckdb.positions import worth
from sandbox.engines.duckdb.scalars import Scalars
from sandbox.engines.duckdb.scans import Cell
from sandbox.engines.duckdb.terms import call, cast, column, digits
from sandbox.engines.fixed import from_grains, grains
from sandbox.engines.width import width
from sandbox.plan.block import Block
from sandbox.plan.scalar import BOOLEAN, Column, Scalar, Value


@dataclass(frozen=True)
class Keys:
    """`named`: the keys of a row as k0, k1, …; of each, what its codes stand for, None if it has none: its `values`,
    or the dictionary in the file that has them; `scales` says in which fixed point it comes, None if it is no number;
    `sizes` how many different ones there can be, None if that is not known."""

    named: tuple[exp.Expr, ...]
    dictionaries: tuple[str | None, ...]
    values: tuple[tuple[Value, ...] | None, ...]
    scales: tuple[int | None, ...]
    sizes: tuple[int | None, ...]

    @classmethod
    def of(cls, block: Block, scalars: Scalars, facts: Facts) -> Keys:
        """Render the keys over rows."""
        nodes = [key.expr for key in block.keys]
        cells = [scalars.scope.get(node.name) if isinstance(node, Column) else None for node in nodes]
        rendered = [_key(node, cell, scalars) for node, cell in zip(nodes, cells, strict=True)]
        return cls(
            tuple(exp.alias_(one, f"k{place}") for place, one in enumerate(rendered)),
            tuple(cell.stored.dictionary if cell and cell.stored.kind == "dictionary" else None for cell in cells),
            tuple(_values(cell) for cell in cells),
            tuple(width(node).scale if node.type.numeric else None for node in nodes),
            tuple(_size(node, cell, facts) for node, cell in zip(nodes, cells, strict=True)),
        )

    @property
    def groups(self) -> int | None:
        """How many different groups there can be."""
        known = [size for size in self.sizes if size is not None]
        return prod(known) if len(known) == len(self.sizes) else None

    @property
    def bits(self) -> int | None:
        """What DuckDB needs of them to group by position."""
        known = [(size + 1).bit_length() for size in self.sizes if size is not None]
        return sum(known) if len(known) == len(self.sizes) else None

    def fitting(self, sums: int, rows: int, bits: int = 0) -> Keys:
        """Give the keys such that DuckDB groups so many rows by position only where that is worth it. `bits`: what else
        is grouped by."""
        coded = [at for at, own in enumerate(zip(self.values, self.dictionaries, strict=True)) if any(own)]
        if not coded or self.bits is None or worth(self.bits + bits, sums, rows):
            return self
        named, at = list(self.named), coded[0]
        unknown = call("xor", cast(named[at].this, "INTEGER"), digits(0))  # the same code, without statistics
        named[at] = exp.alias_(unknown, f"k{at}")
        return replace(self, named=tuple(named))

    @property
    def names(self) -> list[str]:
        return [f"k{place}" for place in range(len(self.named))]

    @property
    def columns(self) -> list[exp.Expression]:
        return [column(name) for name in self.names]

    @property
    def grouped(self) -> list[exp.Expression]:
        """Give the columns in the order to group by: DuckDB puts the first far apart, so that groups of one value of
        the key that has most stand side by side, and those of a frequent one stay in a cache."""
        places = sorted(range(len(self.sizes)), key=lambda place: -(self.sizes[place] or 0))
        return [column(f"k{place}") for place in places]


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
