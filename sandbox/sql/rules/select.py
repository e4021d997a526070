"""SELECT: keys, aggregates, and what is computed from them."""

from __future__ import annotations

from sqlglot import exp

from sandbox.sql.draft import Draft, Item
from sandbox.sql.results import Results, name_of
from sandbox.sql.terms import refuse

MOST_LETTERS = 120


def select(tree: exp.Select, draft: Draft) -> Draft:
    """Build the visible columns. At least one aggregate is asked for: only aggregates leave."""
    if not next((node for item in tree.expressions for node in item.find_all(exp.AggFunc)), None):
        raise refuse("Only aggregates leave, never rows; select COUNT(*), SUM(…) or AVG(…), with GROUP BY for keys.")
    aliases = aliases_of(tree)
    results = Results(draft, "none", frozenset(alias.lower() for alias in aliases if alias))
    for place, (item, alias) in enumerate(zip(tree.expressions, aliases, strict=True), 1):
        node = item.unalias()
        primitive = results.primitive(node)
        if primitive is None:
            term = results.builder.term(node)
            name = alias or results.free(name_of(node, place))
            results.items.append(Item(name, "computed", 0, term.type, term))
        else:
            name = alias or results.free(name_of(node, place))
            what, source, kind = primitive
            results.items.append(Item(name, what, source, kind))
    return results.finish()


def aliases_of(tree: exp.Select) -> list[str | None]:
    """Give the alias of each item of SELECT; refuses two that are one."""
    aliases = [_alias(item) for item in tree.expressions]
    given = [alias.lower() for alias in aliases if alias]
    if len(set(given)) != len(given):
        raise refuse("Two columns of the answer have one name; give each its own alias.")
    return aliases


def _alias(item: exp.Expr) -> str | None:
    name = item.alias if isinstance(item, exp.Alias) else None
    if name is not None and (not name.isprintable() or not 0 < len(name) <= MOST_LETTERS):
        raise refuse(f"An alias has 1 to {MOST_LETTERS} printable letters; choose another.")
    return name
