"""A subquery that gives rows: each of its columns is made of one row of the relation below it."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from sandbox.sql.columns import AGGREGATE, Field
from sandbox.sql.draft import Draft
from sandbox.sql.results import name_of
from sandbox.sql.rules.where import where
from sandbox.sql.terms import refuse


def row_wise(tree: exp.Select) -> bool:
    """Say whether `tree` gives a row for each row, as far as it filters none out."""
    grouped = tree.args.get("group") or tree.args.get("having")
    return not grouped and not next((node for item in tree.expressions for node in item.find_all(*AGGREGATE)), None)


def derive(tree: exp.Select, below: Draft) -> Draft:
    """Give the rows of the subquery `tree` over the rows `below`: their filters joined, their columns substituted.
    Identifiers keep their role under any name."""
    for part in ("order", "limit", "offset"):
        if tree.args.get(part):
            raise refuse(f"{part.upper()} in a subquery of rows would pick single rows; leave it out.")
    fields: list[Field] = []
    for place, item in enumerate(tree.expressions, 1):
        fields += _fields(item, place, below)
    names = [field.name.lower() for field in fields]
    if len(set(names)) != len(names):
        raise refuse("Two columns of a subquery have one name; give each its own alias.")
    filtered = where(tree, below)
    return replace(filtered, row=below.row.made_of(fields))


def _fields(item: exp.Expr, place: int, below: Draft) -> list[Field]:
    node = item.unalias().unnest()
    name = item.alias if isinstance(item, exp.Alias) else None
    if isinstance(node, exp.Star) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star)):
        below.row.check_qualifier(node)
        return list(below.row.fields)
    if isinstance(node, exp.Column):
        field = below.row.column(node)
        return [replace(field, name=name or field.name)]
    return [Field(name or name_of(node, place), below.row.builder.term(node))]
