"""An outer SELECT over one aggregated subquery: what it says is done to released groups, and costs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from sandbox.errors import Problem
from sandbox.plan.scalar import columns, renamed
from sandbox.sql.columns import AGGREGATE
from sandbox.sql.conditions import logic
from sandbox.sql.draft import Draft, Item, Post
from sandbox.sql.results import Results, name_of
from sandbox.sql.rules.limit import limit
from sandbox.sql.rules.order import ordering
from sandbox.sql.rules.select import aliases_of
from sandbox.sql.scalars import Builder, quote
from sandbox.sql.terms import Term, refuse, truth


def outer(tree: exp.Select, below: Draft, alias: str | None) -> Draft:
    """Give the draft of `tree` over the released columns of `below`, known there as `alias`: WHERE joins its HAVING,
    ORDER BY takes the place of its order, columns are picked, renamed or computed."""
    _check(tree, below)
    shown = {item.name: item for item in below.items if not item.hidden}
    picks = [pick for place, item in enumerate(tree.expressions, 1) for pick in _picks(item, place, shown)]
    titles = _titles(picks, {name.lower() for name in aliases_of(tree) if name})
    for item in below.items:
        if item.term is not None:
            below.row.builder.meter.add(item.term.node, tree)
    below, names = _aside(below, titles)
    reading = _Reading(below, [(title, _called(below, names[title])) for title in shown], alias)
    visible = []
    for title, (node, _, _) in zip(titles, picks, strict=True):
        found = reading.item(node)
        if found is None:
            term = reading.builder.term(node)
            found = Item(title, "computed", 0, term.type, term)
        visible.append(replace(found, name=title, hidden=False))
    post = _filtered(tree, below.post, reading)
    draft = replace(below, items=(*visible, *below.items), post=post)
    if tree.args.get("order"):
        named = [*((item.name, item) for item in visible), *reading.named]
        order = ordering(tree, draft, _Reading(draft, named, alias).builder)
        draft = replace(draft, post=replace(post, order=order))
    return _pruned(limit(tree, draft) if tree.args.get("limit") or tree.args.get("offset") else draft)


_Pick = tuple[exp.Expr, str, bool]  # an expression, its name, and whether the name was given


class _Reading:
    """Reads expressions over released columns, under the names that count here, the first of equal ones."""

    def __init__(self, draft: Draft, named: Sequence[tuple[str, Item]], alias: str | None) -> None:
        self.named, self._alias = list(named), alias
        self._results = Results(draft, "none")
        self.builder = Builder(self._leaf, released=True, meter=draft.row.builder.meter)

    def item(self, node: exp.Expr) -> Item | None:
        """Give the column that `node` names, None when it is no name. Raises unknown_column."""
        if not isinstance(node, exp.Column):
            return None
        _check_qualifier(node, self._alias)
        quoted = bool(node.this.args.get("quoted"))
        matching = [(name, item) for name, item in self.named if name.lower() == node.name.lower()]
        found = [item for name, item in matching if name == node.name] or [item for _, item in matching if not quoted]
        if not found:
            known = ", ".join(dict.fromkeys(name for name, _ in self.named))
            raise Problem("unknown_column", f"The subquery gives no column {node.name[:60]!r}; write {known[:300]}.")
        return found[0]

    def _leaf(self, node: exp.Expr) -> Term | None:
        item = self.item(node)
        return None if item is None else self._results.item_term(item)


def _check(tree: exp.Select, below: Draft) -> None:
    again = next((node for part in tree.args.values() for node in _found(part)), None)
    if tree.args.get("group") or tree.args.get("having") or again:
        raise refuse("Aggregates of released groups are not built yet; ask for columns of the subquery, one by one.")
    parts = ("where", "order", "limit", "offset")
    if (below.post.limit is not None or below.post.offset) and any(tree.args.get(part) for part in parts):
        raise refuse("The subquery has a LIMIT; write WHERE, ORDER BY and LIMIT in the outermost SELECT only.")


def _found(part: object) -> list[exp.Expr]:
    nodes = part if isinstance(part, list) else [part]
    return [
        found
        for node in nodes
        if isinstance(node, exp.Expr) and not isinstance(node, (exp.From, exp.With))
        for found in node.find_all(*AGGREGATE)
    ]


def _picks(item: exp.Expr, place: int, shown: dict[str, Item]) -> list[_Pick]:
    """What an item of SELECT stands for; a star for every column."""
    node = item.unalias().unnest()
    if isinstance(node, exp.Star):
        return [(exp.column(name, quoted=True), name, False) for name in shown]
    if isinstance(node, exp.Column) and isinstance(node.this, exp.Star):
        raise refuse(f"{quote(node)}: write * alone, or name the columns.")
    return [(node, item.alias, True) if isinstance(item, exp.Alias) else (node, name_of(node, place), False)]


def _titles(picks: Sequence[_Pick], given: set[str]) -> list[str]:
    """The names of the answer: those that are given stay, others move out of the way."""
    taken = set(given)
    titles = []
    for _, wanted, is_given in picks:
        title, number = wanted, 1
        while not is_given and title.lower() in taken:
            number += 1
            title = f"{wanted}_{number}"
        taken.add(title.lower())
        titles.append(title)
    return titles


def _aside(below: Draft, titles: list[str]) -> tuple[Draft, dict[str, str]]:
    """Hide all columns of `below` under names that no title has; gives the new names too."""
    taken = {title.lower() for title in titles}
    free = (f"inner_{number}" for number in range(1, len(below.items) + len(taken) + 1))
    names = {item.name: next(name for name in free if name not in taken) for item in below.items}
    items = tuple(
        replace(
            item,
            name=names[item.name],
            hidden=True,
            term=item.term and replace(item.term, node=renamed(item.term.node, names)),
        )
        for item in below.items
    )
    order = tuple(replace(one, expr=renamed(one.expr, names)) for one in below.post.order)
    having = below.post.having and renamed(below.post.having, names)
    return replace(below, items=items, post=replace(below.post, having=having, order=order)), names


def _called(draft: Draft, name: str) -> Item:
    return next(item for item in draft.items if item.name == name)


def _filtered(tree: exp.Select, post: Post, reading: _Reading) -> Post:
    clause = tree.args.get("where")
    if clause is None:
        return post
    inner = [] if post.having is None else [truth(post.having)]
    having = logic("and", [*inner, reading.builder.condition(clause.this, "WHERE")]).node
    reading.builder.meter.add(having, clause.this)
    return replace(post, having=having)


def _check_qualifier(node: exp.Column, alias: str | None) -> None:
    qualifier = tuple(part.name.lower() for part in (node.args.get("db"), node.args.get("table")) if part)
    if qualifier and qualifier != (alias and alias.lower(),):
        raise Problem("unknown_column", f"{quote(node)}: FROM has no such table; write the subquery's alias or none.")


def _pruned(draft: Draft) -> Draft:
    """Leave out what neither SELECT, WHERE nor ORDER BY uses: what is not shown takes no share of the budget."""
    reading = [draft.post.having, *(one.expr for one in draft.post.order)]
    reading += [item.term.node for item in draft.items if item.term and not item.hidden]
    used = frozenset[str]().union(*(columns(node) for node in reading if node))
    items = [item for item in draft.items if not item.hidden or item.name in used]
    asks = sorted({item.source for item in items if item.what == "aggregate"}) or [0]
    moved = [replace(item, source=asks.index(item.source)) if item.what == "aggregate" else item for item in items]
    return replace(draft, items=tuple(moved), asks=tuple(draft.asks[place] for place in asks))
