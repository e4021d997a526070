"""The pipeline: text → checked tree → draft. Opens no file and asks nothing but the declarations."""

from __future__ import annotations

from sandbox.catalogue.entry import Entry
from sandbox.errors import Problem
from sandbox.sql.draft import Draft
from sandbox.sql.parse import parse
from sandbox.sql.rules import RULES
from sandbox.sql.rules.table import table
from sandbox.sql.terms import refuse


def compile_sql(text: str, entry: Entry) -> Draft:
    """Give the draft of the question `text` over the tables of `entry`. Raises `Problem`: sql_syntax,
    sql_not_allowed, unknown_column, bound_missing."""
    tree = parse(text)
    try:
        draft = table(tree, entry)
        for rule in RULES:
            draft = rule(tree, draft)
    except ValueError as error:  # a plan node refused its parts: a sentence of ours
        raise refuse(f"{error}; write it in another way.") from None
    except RecursionError:
        raise Problem("sql_not_allowed", "The text is nested too deeply; write it with fewer brackets.") from None
    return draft
