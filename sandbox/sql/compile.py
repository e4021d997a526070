"""The pipeline: text → checked tree → draft. Opens no file and asks nothing but the declarations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlglot import exp

from sandbox.catalogue.entry import Entry
from sandbox.errors import Problem
from sandbox.sql.asked import asked
from sandbox.sql.draft import Asked, Draft
from sandbox.sql.parse import parse
from sandbox.sql.rules import RULES
from sandbox.sql.rules.derive import derive, row_wise
from sandbox.sql.rules.outer import outer
from sandbox.sql.rules.table import table
from sandbox.sql.scalars import Meter
from sandbox.sql.terms import refuse

Scope = Mapping[str, Draft]  # what WITH defines, by its name in small letters


def compile_sql(text: str, entry: Entry) -> Asked:
    """Give the question `text` over the tables of `entry`. Raises `Problem`: sql_syntax,
    sql_not_allowed, unknown_column, bound_missing."""
    tree = parse(text)
    try:
        return asked(_query(tree, entry, {}, Meter(), nested=False))
    except ValueError as error:  # a plan node refused its parts: a sentence of ours
        raise refuse(f"{error}; write it in another way.") from None
    except RecursionError:
        raise Problem("sql_not_allowed", "The text is nested too deeply; write it with fewer brackets.") from None


def _query(tree: exp.Select, entry: Entry, scope: Scope, meter: Meter, *, nested: bool) -> Draft:
    """Give the draft of one SELECT: over rows the clauses one after the other, or, in a subquery without aggregates,
    other rows; over an aggregated subquery what is done to released groups."""
    scope = _scope(tree, entry, scope, meter)
    below, alias = _source(tree, entry, scope, meter)
    if below.items:
        return outer(tree, below, alias)
    if nested and row_wise(tree):
        return derive(tree, below)
    for rule in RULES:
        below = rule(tree, below)
    return below


def _scope(tree: exp.Select, entry: Entry, scope: Scope, meter: Meter) -> Scope:
    """What can be named in FROM: each of WITH may use those before it."""
    defined = dict(scope)
    own: set[str] = set()
    for one in tree.args["with_"].expressions if tree.args.get("with_") else []:
        if one.alias.lower() in own:
            raise refuse(f"WITH defines {one.alias[:60]} twice; give each its own name.")
        own.add(one.alias.lower())
        defined[one.alias.lower()] = _query(one.this, entry, defined, meter, nested=True)
    return defined


def _source(tree: exp.Select, entry: Entry, scope: Scope, meter: Meter) -> tuple[Draft, str | None]:
    """What FROM names, and the alias that it has there: a subquery, one of WITH, or a registered table."""
    source = tree.args["from_"].this if tree.args.get("from_") else None
    alias = source.alias or None if source is not None else None
    if isinstance(source, exp.Subquery):
        inner = source.unnest()
        if not isinstance(inner, exp.Select):
            raise refuse("FROM takes a table without brackets, or a SELECT in them.")
        found = _query(inner, entry, scope, meter, nested=True)
    elif isinstance(source, exp.Table) and not source.args.get("db") and source.name.lower() in scope:
        found, alias = scope[source.name.lower()], alias or source.name
    else:
        return table(tree, entry, meter), None
    return replace(found, row=found.row.under(alias)), alias
