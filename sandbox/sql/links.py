"""Conditions between rows: which columns they compare, and whether they make two rows be of one unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlglot import exp

from sandbox.plan import scalar as s
from sandbox.sql.columns import Row
from sandbox.sql.fields import UNIT, Field, reads
from sandbox.sql.terms import refuse


@dataclass(frozen=True)
class Link:
    """A condition. `pair`: the names of two columns whose equality makes their rows be of one unit. `units`: they are
    the units themselves, so that between two relations of units nothing is left to compare."""

    node: s.Scalar
    pair: tuple[str, str] | None = None
    units: bool = False

    @property
    def reads(self) -> frozenset[str]:
        return reads(self.node)

    def across(self, left: frozenset[str], right: frozenset[str]) -> bool:
        """Say whether it makes rows of the two sides be of one unit."""
        return self.pair is not None and any(
            one in left and other in right for one, other in (self.pair, self.pair[::-1])
        )


def conjuncts(node: exp.Expr) -> Iterator[exp.Expr]:
    """Give what AND joins, however long the chain, from left to right."""
    waiting = [node]
    while waiting:
        one = waiting.pop().unnest()
        if isinstance(one, exp.And):
            waiting.extend((one.expression, one.this))
        else:
            yield one


def link(node: exp.Expr, row: Row, clause: str) -> Link:
    """Give the condition that `node` is. Identifiers may be compared with identifiers. Raises `Problem`."""
    if isinstance(node, exp.EQ):
        left, right = row.named(node.this), row.named(node.expression)
        if left is not None and right is not None and _names_units(left, right):
            return linked(left, right, row)
    return Link(row.builder.condition(node, clause).node)


def linked(left: Field, right: Field, row: Row) -> Link:
    """Give the condition that two fields are equal."""
    if (left.term is None) != (right.term is None) and (left.kin is None or left.kin != right.kin):
        raise row.hidden(left if left.term is None else right)
    if left.node.type.kind != right.node.type.kind or (left.kin == UNIT) != (right.kin == UNIT):
        raise refuse(f"{left.name} and {right.name} name different things; compare columns that name the same.")
    if (left.partial or right.partial) and not (left.unit and right.unit):
        raise refuse(f"{left.name} is the unit that FULL JOIN merged; compare it with a unit that is never missing.")
    one, other = left.node, right.node
    known = left.kin is not None and left.kin == right.kin and isinstance(one, s.Column) and isinstance(other, s.Column)
    pair = (one.name, other.name) if known and isinstance(one, s.Column) and isinstance(other, s.Column) else None
    return Link(s.Compare("=", one, other), pair, left.unit and right.unit)


def connected(left: frozenset[str], right: frozenset[str], pairs: Iterable[tuple[str, str]]) -> bool:
    """Say whether equal pairs, one after the other, lead from a column of `left` to one of `right`."""
    waiting = list(pairs)
    reached = set(left)
    grown = True
    while grown:
        grown = False
        for one, other in waiting:
            if (one in reached) != (other in reached):
                reached |= {one, other}
                grown = True
    return not reached.isdisjoint(right)


def _names_units(left: Field, right: Field) -> bool:
    return left.term is None or right.term is None or (left.kin is not None and left.kin == right.kin)
