"""The pipeline: text → checked tree → tables of fields → question, or rows of exact service. Opens no file and asks
nothing but the declarations and the facts of public tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeVar

from sqlglot import exp

from sandbox.catalogue.entry import Entry
from sandbox.catalogue.facts import TableFacts
from sandbox.errors import Problem
from sandbox.plan import relation as r
from sandbox.sql.asked import asked
from sandbox.sql.draft import Asked
from sandbox.sql.exact import rows_asked
from sandbox.sql.fields import Table
from sandbox.sql.own import OwnTable
from sandbox.sql.parse import parse
from sandbox.sql.rules.intersect import intersect
from sandbox.sql.rules.select import select
from sandbox.sql.rules.table import values
from sandbox.sql.rules.union import union
from sandbox.sql.statement import Scope, Statement
from sandbox.sql.terms import refuse
from sandbox.sql.unit_rows import UnitRows, units_asked

T = TypeVar("T")


def compile_sql(
    text: str,
    entry: Entry,
    facts: Mapping[str, TableFacts] | None = None,
    today: date | None = None,
    dialect: str = "duckdb",
    own: Mapping[str, OwnTable] | None = None,
) -> Asked:
    """Give the question `text`, in a dialect of `DIALECTS`, over the tables of `entry`, and `own` ones of its asker;
    `facts` are those of public tables, `today` is what CURRENT_DATE means. Raises `Problem`: sql_syntax,
    sql_not_allowed, unknown_column, bound_missing."""
    return _compiled(text, entry, facts or {}, today, dialect, asked, own)


def compile_rows(
    text: str, entry: Entry, facts: Mapping[str, TableFacts], today: date | None = None, dialect: str = "duckdb"
) -> tuple[r.Sort, int]:
    """Give the rows that `text` asks for of an `entry` that is served exactly, in their order, and how many of their
    columns are shown. Takes and raises what `compile_sql` does."""
    return _compiled(text, entry, facts, today, dialect, rows_asked)


def compile_units(
    text: str, entry: Entry, facts: Mapping[str, TableFacts] | None = None, dialect: str = "duckdb"
) -> UnitRows:
    """Give the rows of units that `text` says, for what works on them inside the vault. Takes and raises what
    `compile_sql` does; CURRENT_DATE means nothing here."""
    return _compiled(text, entry, facts or {}, None, dialect, units_asked)


def _compiled(
    text: str,
    entry: Entry,
    facts: Mapping[str, TableFacts],
    today: date | None,
    dialect: str,
    finished: Callable[[Table, Statement], T],
    own: Mapping[str, OwnTable] | None = None,
) -> T:
    try:
        tree = parse(text, dialect)
        statement = Statement(entry, facts, today, _query, own)
        return finished(statement.query(tree, {}), statement)
    except Problem as problem:
        if problem.detail.isprintable():
            raise
        plain = "".join(letter if letter.isprintable() else "�" for letter in problem.detail)
        raise Problem(problem.code, plain, **problem.fields) from None  # a name must not move the asker's terminal
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
