"""The columns of the answer: what SELECT, HAVING and ORDER BY may say about released groups."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Literal

from sqlglot import exp

from sandbox.errors import Problem
from sandbox.plan import scalar as s
from sandbox.plan.plan import STATISTICS
from sandbox.sql.aggregates import MEASURES, ask
from sandbox.sql.columns import AGGREGATE
from sandbox.sql.draft import COUNTS, Ask, Draft, Item
from sandbox.sql.scalars import Builder
from sandbox.sql.terms import Bound, Term, refuse

MOST_ROWS = 10**12  # a table has fewer rows
MOST_NOISE = Decimal(10) ** 20  # the sampler's samples fit 64 bits


class Results:
    """Collects items while a clause is read; `finish` gives the draft that has them.

    `aliases`: whether the names that SELECT gives count before the keys (ORDER BY), after them (HAVING), or not at
    all (SELECT)."""

    def __init__(self, draft: Draft, aliases: Literal["first", "last", "none"], taken: frozenset[str] = frozenset()):
        self._draft = draft
        self._aliases = aliases
        self._taken = {*taken, *(item.name.lower() for item in draft.items)}
        self.asks = list(draft.asks)
        self.items = list(draft.items)
        self.builder = Builder(self._leaf, released=True)

    def finish(self) -> Draft:
        return replace(self._draft, asks=tuple(self.asks), items=tuple(self.items))

    def primitive(self, node: exp.Expr) -> tuple[Literal["key", "aggregate"], int, s.Type] | None:
        """Say which key or aggregate `node` is by itself, or None."""
        inner = node.unnest()
        if isinstance(inner, AGGREGATE):
            wanted = ask(inner, self._draft.row)
            if wanted not in self.asks:
                self.asks.append(wanted)
            return "aggregate", self.asks.index(wanted), wanted.type
        found = self._as_key(inner)
        return None if found is None else ("key", found, self._draft.keys[found].term.type)

    def _leaf(self, node: exp.Expr) -> Term | None:
        column = node if isinstance(node, exp.Column) else None
        if column is not None and self._aliases == "first" and (named := self._by_alias(node)):
            return self.item_term(named)
        primitive = self.primitive(node)
        if primitive is not None:
            return self.item_term(self._item(*primitive))
        if column is None:
            return None
        if self._aliases == "last" and (named := self._by_alias(node)):
            return self.item_term(named)
        self._draft.row.leaf(column)  # refuses identifiers
        found = self._draft.row.column(column)
        instead = f", or write AVG({found.name})" if found.term and found.term.type.numeric else ""
        raise refuse(f"{found.name} is neither a key nor in an aggregate: add it to GROUP BY{instead}.")

    def _as_key(self, node: exp.Expr) -> int | None:
        """Give the place of the key that `node` spells, or None."""
        if not self._draft.keys or next(node.find_all(exp.AggFunc), None) or not next(node.find_all(exp.Column), None):
            return None
        try:
            found = self._draft.row.builder.term(node).node
        except Problem:
            return None
        return next((i for i, key in enumerate(self._draft.keys) if key.term.node == found), None)

    def _by_alias(self, node: exp.Expr) -> Item | None:
        if node.args.get("table"):
            return None
        visible = [item for item in self._draft.items if not item.hidden]
        exact = [item for item in visible if item.name == node.name]
        if exact or node.this.args.get("quoted"):
            return exact[0] if exact else None
        return next((item for item in visible if item.name.lower() == node.name.lower()), None)

    def _item(self, what: Literal["key", "aggregate"], source: int, kind: s.Type) -> Item:
        found = next((item for item in self.items if (item.what, item.source) == (what, source)), None)
        if found is None:
            found = Item(self.free(f"{what}_{source + 1}"), what, source, kind, hidden=True)
            self.items.append(found)
        return found

    def free(self, name: str) -> str:
        """Give `name`, or `name_2` and so on when it is taken, and take it."""
        number, wanted = 1, name
        while wanted.lower() in self._taken:
            number += 1
            wanted = f"{name}_{number}"
        self._taken.add(wanted.lower())
        return wanted

    def item_term(self, item: Item) -> Term:
        """The term of an item: its name as a column of released rows, with what bounds it."""
        if item.what == "key":
            key = self._draft.keys[item.source].term
            return replace(key, node=s.Column(item.name, item.type), nullable=True, domain=None)
        if item.what == "computed":
            assert item.term is not None
            return item.term
        low, high = _range(self.asks[item.source])
        return Term(s.Column(item.name, item.type), low, high)


def _range(wanted: Ask) -> tuple[Bound, Bound]:
    """How far a released aggregate can reach, noise included; None for a date."""
    span = None if wanted.term is None or wanted.what in COUNTS else wanted.term.range
    if wanted.type == s.DATE:
        return None, None
    if span is None:
        return -MOST_NOISE, MOST_NOISE
    if wanted.what in ("average", "quantile", *STATISTICS):
        return _reach(wanted, span) if wanted.what in STATISTICS else span
    most = max(abs(span[0]), abs(span[1])) * MOST_ROWS + MOST_NOISE
    return -most, most


def _reach(wanted: Ask, span: tuple[Decimal, Decimal]) -> tuple[Decimal, Decimal]:
    """How far a statistic can reach: no slope is steeper than the whole range over the smallest step."""
    far, second = span[1] - span[0], wanted.second
    low, high = span if second is None or second.range is None else second.range
    steepest = far * Decimal(1).scaleb(second.type.scale if second else 0)
    most = {
        "stddev": far,
        "corr": Decimal(1),
        "regr_r2": Decimal(1),
        "regr_sxx": far * far * MOST_ROWS + MOST_NOISE,
        "regr_syy": far * far * MOST_ROWS + MOST_NOISE,
        "regr_sxy": far * (high - low) * MOST_ROWS + MOST_NOISE,
        "regr_slope": steepest,
        "regr_intercept": max(map(abs, span)) + steepest * max(abs(low), abs(high)),
    }.get(wanted.what.partition("_")[0] if wanted.what.startswith("stddev") else wanted.what, far * (high - low))
    return (Decimal(0) if STATISTICS[wanted.what][0] == "aa" or wanted.what == "regr_r2" else -most), most


def name_of(node: exp.Expr, place: int) -> str:
    """Give the name of a column of the answer that has no alias."""
    inner = node.unnest()
    if isinstance(inner, exp.Filter):
        inner = inner.this.unnest()
    if isinstance(inner, exp.Column):
        return inner.name
    if isinstance(inner, exp.AggFunc):
        argument = inner.this.expressions[0] if isinstance(inner.this, exp.Distinct) else inner.this
        measure = MEASURES.get(type(inner), "")
        function = measure if measure in STATISTICS else inner.sql_name().lower()
        return f"{function}_{argument.name}" if isinstance(argument, exp.Column) else function
    if isinstance(inner, (exp.Year, exp.Quarter, exp.Month, exp.Day)):
        return type(inner).__name__.lower()
    if isinstance(inner, exp.Extract):
        return str(inner.this.this).lower()
    return f"column_{place}"
