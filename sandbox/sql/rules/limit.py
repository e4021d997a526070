"""LIMIT and OFFSET: how many released groups are shown."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from sandbox.sql.draft import Draft
from sandbox.sql.terms import refuse


def limit(tree: exp.Select, draft: Draft) -> Draft:
    """Read the two whole numbers."""
    most, skipped = _whole(tree.args.get("limit"), "LIMIT"), _whole(tree.args.get("offset"), "OFFSET")
    return replace(draft, post=replace(draft.post, limit=most, offset=skipped or 0))


def _whole(clause: exp.Expr | None, name: str) -> int | None:
    if clause is None:
        return None
    number = clause.expression.unnest()
    if not (
        isinstance(number, exp.Literal) and not number.is_string and number.this.isdecimal() and len(number.this) < 16
    ):
        raise refuse(f"{name} takes a whole number, for example {name} 10.")
    return int(number.this)
