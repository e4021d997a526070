"""How many rows of a relation there can be, and how many can share a value: from declarations and from the facts of
public tables, never from protected rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Protocol

from sandbox.catalogue.entry import Entry
from sandbox.catalogue.facts import TableFacts
from sandbox.plan import relation as r
from sandbox.plan import scalar as s
from sandbox.plan.own import Own
from sandbox.plan.walk import walk
from sandbox.sql.statement import Statement


class Known(Protocol):
    """Declarations, and the facts of public tables by name."""

    @property
    def entry(self) -> Entry: ...
    @property
    def facts(self) -> Mapping[str, TableFacts]: ...


@dataclass(frozen=True)
class Declared:
    """What is known of one data version."""

    entry: Entry
    facts: Mapping[str, TableFacts]


def as_claimed(node: r.Relation, known: Known) -> bool:
    """Say whether no join below `node` claims to meet fewer rows than is known."""
    for one in walk(node):
        if isinstance(one, r.Join) and one.fanout is not None:
            most = met(one.right, [right for _, right in one.equal], known)
            if most is None or one.fanout < most:
                return False
    return True


def fan_out(node: r.Relation, name: str, known: Known) -> int | None:
    """Give the most rows that share one value (not NULL) of the column `name`; None where nothing says it."""
    match node:
        case Own():  # one row of a unit bounds it; what else its rows have in common is not told
            return None
        case r.Scan():
            table = known.entry.table(node.table)
            column = table.column(name.partition(r.NUMBER)[0]) if table else None
            return 1 if column is not None and column.key else None
        case r.Public():
            facts = known.facts.get(node.table)
            return facts.columns[name.partition(r.NUMBER)[0]].fan_out if facts else None
        case r.Values():
            at = next(place for place, one in enumerate(node.columns) if one.name == name)
            return max(Counter(row[at] for row in node.cells).values(), default=0)
        case r.Project():
            expr = next(one.expr for one in node.named if one.name == name)
            return fan_out(node.source, expr.name, known) if isinstance(expr, s.Column) else None
        case r.Group():
            return _group(node, name, known)
        case r.Join():
            return _join(node, name, known)
        case r.Semi():
            return fan_out(node.left, name, known)
        case r.Union():
            return _sum(fan_out(source, name, known) for source in node.sources)
        case r.Window() if any(one.name == name for one in node.over):
            return None
        case r.Filter() | r.Window() | r.Sort():
            return fan_out(node.source, name, known)
        case r.Released() | r.Worked():
            return None


def met(node: r.Relation, exprs: Iterable[s.Scalar], known: Known) -> int | None:
    """Give the most rows in which all `exprs` have given values; None where nothing says it."""
    shares = [fan_out(node, expr.name, known) for expr in exprs if isinstance(expr, s.Column)]
    found = [one for one in (*shares, most_rows(node, known)) if one is not None]
    return min(found, default=None)


def most_rows(node: r.Relation, known: Known) -> int | None:
    """Give the most rows in all, None for relations of units and where nothing says it."""
    match node:
        case r.Scan() | r.Worked():
            return None
        case r.Released():
            return _groups(node, known) if isinstance(known, Statement) else None
        case r.Public():
            facts = known.facts.get(node.table)
            return facts.rows if facts else None
        case r.Values():
            return len(node.cells)
        case r.Group() if not node.keys and node.state != "unit":
            return 1
        case r.Join():
            left, right = most_rows(node.left, known), most_rows(node.right, known)
            if left is None or right is None:
                return None
            partners = right if node.fanout is None else min(right, node.fanout)
            return left * max(partners, node.how != "inner") + (right if node.how == "full" else 0)
        case r.Semi():
            return most_rows(node.left, known)
        case r.Union():
            return _sum(most_rows(source, known) for source in node.sources)
        case r.Sort():
            limits = [one for one in (most_rows(node.source, known), node.limit) if one is not None]
            return min(limits, default=None)
        case r.Filter() | r.Project() | r.Group() | r.Window():
            return most_rows(node.source, known)


def _groups(node: r.Released, statement: Statement) -> int | None:
    domains = [key.term.domain for key in statement.measures[node.block].keys]
    return None if None in domains else prod(len(domain or ()) for domain in domains)


def one_row(node: r.Relation, statement: Statement) -> bool:
    """Say whether there is one row, no more and no fewer."""
    match node:
        case r.Values():
            return len(node.cells) == 1
        case r.Released():
            return not statement.measures[node.block].keys
        case r.Group():
            return not node.keys and node.state != "unit"
        case r.Project() | r.Window():
            return one_row(node.source, statement)
        case r.Sort():
            return not node.offset and node.limit != 0 and one_row(node.source, statement)
        case r.Join():
            free = node.how == "inner" and not node.equal and node.condition is None
            return free and one_row(node.left, statement) and one_row(node.right, statement)
        case _:
            return False


def at_most_one(node: r.Relation, statement: Statement) -> bool:
    """Say whether there is never more than one row."""
    match node:
        case r.Filter() | r.Project() | r.Window() | r.Group():
            return one_row(node, statement) or at_most_one(node.source, statement)
        case r.Sort():
            return (node.limit is not None and node.limit <= 1) or at_most_one(node.source, statement)
        case r.Join() if node.how == "full":  # two rows that do not meet stay two
            return False
        case r.Join():
            return at_most_one(node.left, statement) and at_most_one(node.right, statement)
        case _:
            return one_row(node, statement)


def _group(node: r.Group, name: str, known: Known) -> int | None:
    key = next((one for one in node.keys if one.name == name), None)
    if key is None:
        return None
    if len(node.keys) == 1 and node.state != "unit":
        return 1
    return fan_out(node.source, key.expr.name, known) if isinstance(key.expr, s.Column) else None


def _join(node: r.Join, name: str, known: Known) -> int | None:
    """A row shares its value with the rows of its side, each of them once for every partner."""
    of_left = any(column.name == name for column in node.left.columns)
    side, other = (node.left, node.right) if of_left else (node.right, node.left)
    own = fan_out(side, name, known)
    partners = met(other, [pair[of_left] for pair in node.equal], known)
    if node.left.state == node.right.state == "unit":
        partners = min(other.rows, other.rows if partners is None else partners)
    return None if own is None or partners is None else own * max(partners, 1)


def _sum(numbers: Iterable[int | None]) -> int | None:
    found = list(numbers)
    return None if any(one is None for one in found) else sum(one or 0 for one in found)
