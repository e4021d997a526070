"""WITH: what it defines, for all that comes after it."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from sandbox.sql.rules.table import renamed
from sandbox.sql.statement import Scope, Statement
from sandbox.sql.terms import refuse


def defined(tree: exp.Expr, scope: Scope, statement: Statement) -> Scope:
    """Give what can be named in FROM: each of WITH may use those before it."""
    found = dict(scope)
    own: set[str] = set()
    for one in tree.args["with_"].expressions if tree.args.get("with_") else []:
        if one.alias.lower() in own:
            raise refuse(f"WITH defines {one.alias[:60]} twice; give each its own name.")
        own.add(one.alias.lower())
        table = statement.query(one.this, found)
        found[one.alias.lower()] = replace(table, fields=renamed(table.fields, one.args.get("alias")))
    return found
