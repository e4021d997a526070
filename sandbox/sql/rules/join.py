"""Joins: which sides may meet, which rows are kept, and how many rows of a unit come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Literal

from sandbox.plan import relation as r
from sandbox.plan import scalar as s
from sandbox.sql.fanout import at_most_one, met, most_rows
from sandbox.sql.fields import names, reads
from sandbox.sql.filters import filtered, split
from sandbox.sql.links import Link, connected
from sandbox.sql.public import side_by_side
from sandbox.sql.statement import Statement
from sandbox.sql.terms import refuse

How = Literal["inner", "left", "full"]
Pairs = Sequence[tuple[str, str]]
MOST_PUBLIC = 10_000_000  # rows of public tables joined with each other
FEW = 100  # rows below which released groups may meet each of them
MOST_PAIRS = 1_000_000  # of released groups, where declared keys say how many there are


@dataclass
class Step:
    """Two parts of FROM that are joined; a right join stands turned round."""

    how: How
    left: Part
    right: Part
    links: list[Link] = field(default_factory=list)

    @property
    def columns(self) -> frozenset[str]:
        return self.left.columns | self.right.columns


@dataclass
class Leaf:
    relation: r.Relation

    @property
    def columns(self) -> frozenset[str]:
        return names(self.relation)


Part = Step | Leaf


def leaves(part: Part) -> list[r.Relation]:
    """Give what is joined."""
    return [part.relation] if isinstance(part, Leaf) else [*leaves(part.left), *leaves(part.right)]


def placed(part: Part, link: Link) -> bool:
    """Put a condition on all rows of `part` as deep into it as it can stand; False where that is nowhere."""
    if isinstance(part, Leaf):
        if not (link.units and link.pair):  # a row has one unit
            part.relation = filtered(part.relation, link.node)
        return True
    if part.how != "full" and link.reads <= part.left.columns:
        return placed(part.left, link)
    if part.how != "inner":
        return False
    if link.reads <= part.right.columns:
        return placed(part.right, link)
    part.links.append(link)
    return True


def joined_on(step: Step, link: Link) -> None:
    """Put a condition of ON where it belongs."""
    if step.how == "inner" and placed(step, link):
        return
    if step.how != "left" or not link.reads <= step.right.columns or not placed(step.right, link):
        step.links.append(link)


def relation(part: Part, statement: Statement, pairs: Pairs = ()) -> r.Relation:
    """Give the finished relation; `pairs` are units that WHERE makes equal. Raises `Problem` for a join that may not
    be."""
    if isinstance(part, Leaf):
        return part.relation
    left, right = relation(part.left, statement, pairs), relation(part.right, statement, pairs)
    how, state = part.how, (left.state, right.state)
    if state == ("public", "unit") and how == "inner":
        left, right = right, left
    _check(how, left, right)
    left, right = side_by_side(left, right, statement)
    of_units = left.state == right.state == "unit"
    across = [link for link in part.links if of_units and link.across(names(left), names(right))]
    if of_units and not across:
        own = [link.pair for link in part.links if link.pair]
        if how != "inner" or not connected(names(left), names(right), [*pairs, *own]):
            raise refuse(
                "Rows of units are joined with rows of the same unit only; add the equality of the unit "
                "(a.unit = b.unit, or USING) or of a key of one table that the other refers to."
            )
    kept = [link.node for link in part.links if not (link.units and link in across)]
    if how == "inner":
        left, right, kept = _below(left, right, kept)
    if of_units and how == "inner":
        left, right = _fewest(left, right, kept, statement)
    equal, condition = split(kept, left, right)
    few = any(at_most_one(side, statement) or (most_rows(side, statement) or FEW) < FEW for side in (left, right))
    if "released" in (left.state, right.state) and not (equal or few or _known_pairs(left, right, statement)):
        raise refuse(
            "Released groups are joined by equal columns: write ON a.key = b.key, or USING, with further conditions "
            f"beside it. Without an equality give one side a LIMIT below {FEW}, or group both by columns with declared "
            f"values that make at most {MOST_PAIRS:,} pairs."
        )
    counted = left.state == "unit" or left.state == right.state == "public"
    fanout = met(right, [other for _, other in equal], statement) if counted else None
    if left.state == "unit" and right.state == "public" and fanout is None:
        raise refuse(
            "Nothing says how many rows of the public side one row meets; join by a column of the public table itself."
        )
    found = r.Join(how, left, right, equal, condition, None if fanout is None else max(fanout, 1))
    if found.state == "public":
        _check_size(found, statement)
    return found


def _known_pairs(left: r.Relation, right: r.Relation, statement: Statement) -> bool:
    """Whether declared keys say that released groups have few pairs."""
    sizes = [most_rows(side, statement) for side in (left, right)]
    return None not in sizes and prod(size or 0 for size in sizes) <= MOST_PAIRS


def _check_size(node: r.Join, statement: Statement) -> None:
    """Refuse a join of public relations that could have too many rows, or nobody knows how many."""
    most = most_rows(node, statement)
    if most is None or most > MOST_PUBLIC:
        how_many = "more rows than anybody knows" if most is None else f"up to {most:,} rows"
        raise refuse(
            f"Joined like this the public tables have {how_many}, and {MOST_PUBLIC:,} are the most; join them by equal "
            "columns that few rows have in common."
        )


def _fewest(
    left: r.Relation, right: r.Relation, nodes: Sequence[s.Scalar], statement: Statement
) -> tuple[r.Relation, r.Relation]:
    """The two sides in the order in which a unit is known to have fewer pairs: first the one that names the other."""
    equal, _ = split(nodes, left, right)
    to_right = met(right, [other for _, other in equal], statement)
    to_left = met(left, [one for one, _ in equal], statement)
    as_is = left.rows * min(right.rows, to_right or right.rows)
    return (right, left) if right.rows * min(left.rows, to_left or left.rows) < as_is else (left, right)


def _below(
    left: r.Relation, right: r.Relation, nodes: Sequence[s.Scalar]
) -> tuple[r.Relation, r.Relation, list[s.Scalar]]:
    """Put conditions on one side below the join."""
    kept: list[s.Scalar] = []
    for node in nodes:
        if reads(node) <= names(left):
            left = filtered(left, node)
        elif reads(node) <= names(right):
            right = filtered(right, node)
        else:
            kept.append(node)
    return left, right, kept


def _check(how: How, left: r.Relation, right: r.Relation) -> None:
    states = {left.state, right.state}
    if states == {"unit", "released"}:
        raise refuse(
            "Released groups cannot stand among rows of units, whose bounds they would undo; "
            "aggregate the rows first and join the two results in an outer SELECT."
        )
    if states == {"unit", "public"} and (how == "full" or left.state == "public"):
        raise refuse(
            "A public table cannot keep rows without a partner in a protected one: one row more would remove them; "
            "write JOIN, or LEFT JOIN with the protected table first."
        )
