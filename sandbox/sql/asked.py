"""A finished question: its measures in one form, each once and no larger than what is shown of it, and what is made of
them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sandbox.plan import relation as r
from sandbox.plan.ordering import node_key
from sandbox.plan.parts import Named
from sandbox.plan.walk import walk
from sandbox.sql.canonical import Renaming, canonical, pruned
from sandbox.sql.draft import Ask, Asked, Key, Made, Measure
from sandbox.sql.fields import Table, reads
from sandbox.sql.filters import mapped
from sandbox.sql.statement import Statement
from sandbox.sql.terms import Term, refuse


@dataclass
class _Block:
    """Measures of the same rows by the same keys."""

    rows: r.Relation
    keys: list[Key]
    asks: list[Ask] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)


def asked(table: Table, statement: Statement) -> Asked:
    """Give the question whose answer `table` is. Raises `Problem` when that may not leave."""
    units = [one.name for one in table.fields if one.owned]
    if table.relation.state == "unit" and units and any(isinstance(node, r.Group) for node in walk(table.relation)):
        raise refuse(
            f"{units[0]} tells single units apart, so that groups by it do not leave; aggregate them once more in an "
            "outer SELECT, or leave it out of GROUP BY."
        )
    if table.relation.state == "unit":
        raise refuse("Only aggregates leave, never rows; select COUNT(*), SUM(…) or AVG(…), with GROUP BY for keys.")
    if table.relation.state == "public":
        raise refuse("Public rows alone are not served; ask about a protected table, joined to them if need be.")
    named = []
    for one in table.fields:
        assert one.term is not None  # only rows of units have identifiers
        named.append(Named(one.name, one.term.node))
    post = pruned(r.Project(table.relation, tuple(named)), frozenset(one.name for one in named))
    blocks: dict[bytes, _Block] = {}
    places: dict[int, int] = {}
    for leaf in walk(post):
        if isinstance(leaf, r.Released):
            _read(leaf, statement, blocks, places)
    measures = tuple(_measure(one) for one in blocks.values())
    return Asked(measures, _replaced(post, places))


def _read(leaf: r.Released, statement: Statement, blocks: dict[bytes, _Block], places: dict[int, int]) -> None:
    """Put what a leaf shows into the block of its rows and keys."""
    measure = statement.measures[leaf.block]
    renaming = canonical()
    rows = renaming.relation(measure.rows)
    keys = [Key(key.name, _term(key.term, renaming)) for key in measure.keys]
    order = sorted(range(len(keys)), key=lambda place: node_key(keys[place].term.node))
    same = node_key((rows, tuple(keys[place].term.node for place in order)))
    block = blocks.setdefault(same, _Block(rows, [keys[place] for place in order]))
    wanted = {column.name for column in leaf.columns}
    places[leaf.block] = list(blocks).index(same)
    known = {one.name for one in block.made}
    asks = [_ask(one, renaming) for one in measure.asks]
    for one in measure.made:
        if one.name not in wanted or one.name in known:
            continue
        source = order.index(one.source) if one.what == "key" else _place(asks[one.source], block.asks)
        block.made.append(replace(one, source=source))


def _measure(block: _Block) -> Measure:
    asks = tuple(block.asks) or (Ask("units"),)
    read = frozenset[str]().union(*(reads(key.term.node) for key in block.keys))
    read = read.union(*(reads(term.node) for ask in asks for term in _terms(ask)))
    renaming = canonical()
    rows = renaming.relation(pruned(block.rows, read))
    keys = tuple(Key(key.name, _term(key.term, renaming)) for key in block.keys)
    return Measure(rows, keys, tuple(_ask(one, renaming) for one in asks), tuple(block.made))


def _replaced(node: r.Relation, places: dict[int, int]) -> r.Relation:
    if isinstance(node, r.Released):
        return replace(node, block=places[node.block])
    return mapped(node, lambda one: _replaced(one, places))


def _place(ask: Ask, asks: list[Ask]) -> int:
    if ask not in asks:
        asks.append(ask)
    return asks.index(ask)


def _ask(ask: Ask, renaming: Renaming) -> Ask:
    first, second = (None if term is None else _term(term, renaming) for term in (ask.term, ask.second))
    return replace(ask, term=first, second=second)


def _terms(ask: Ask) -> list[Term]:
    return [term for term in (ask.term, ask.second) if term is not None]


def _term(term: Term, renaming: Renaming) -> Term:
    return replace(term, node=renaming.scalar(term.node), listing=None)
