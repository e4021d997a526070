"""The pipeline: text → checked tree → tables of fields → question. Opens no file and asks nothing but the declarations
and the facts of public tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlglot import exp

from sandbox.catalogue.entry import Entry
from sandbox.catalogue.facts import TableFacts
from sandbox.errors import Problem
from sandbox.sql.asked import asked
from sandbox.sql.draft import Asked
from sandbox.sql.fields import Table
from sandbox.sql.parse import parse
from sandbox.sql.rules.intersect import intersect
from sandbox.sql.rules.select import select
from sandbox.sql.rules.table import values
from sandbox.sql.rules.union import union
from sandbox.sql.statement import Scope, Statement
from sandbox.sql.terms import refuse


def compile_sql(
    text: str,
    entry: Entry,
    facts: Mapping[str, TableFacts] | None = None,
    today: date | None = None,
    dialect: str = "duckdb",
) -> Asked:
    """Give the question `text`, in a dialect of `DIALECTS`, over the tables of `entry`; `facts` are those of its public
    tables, `today` is what CURRENT_DATE means. Raises `Problem`: sql_syntax, sql_not_allowed, unknown_column,
    bound_missing."""
    tree = parse(text, dialect)
    statement = Statement(entry, facts or {}, today, _query)
    try:
        return asked(statement.query(tree, {}), statement)
    except ValueError as error:  # a plan node refused its parts: a sentence of ours
        raise refuse(f"{error}; write it in another way.") from None
    except RecursionError:
        raise Problem("sql_not_allowed", "The text is nested too deeply; write it with fewer brackets.") from None


def _query(tree: exp.Expr, scope: Scope, statement: Statement) -> Table:
    """Give what a SELECT, or several of them put together, give."""
    tree = tree.unnest() if isinstance(tree, exp.Subquery) else tree
    match tree:
        case exp.Select():
            return select(tree, scope, statement)
        case exp.Union():
            return union(tree, scope, statement)
        case exp.Values():
            return values(tree, statement)
        case exp.SetOperation():
            return intersect(tree, scope, statement)
        case _:
            raise refuse("FROM takes a table without brackets, or a SELECT in them.")
