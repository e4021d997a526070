"""HAVING: which released groups are shown."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from sandbox.sql.draft import Draft
from sandbox.sql.results import Results


def having(tree: exp.Select, draft: Draft) -> Draft:
    """Build the condition on released groups; a key's own name counts before an alias."""
    clause = tree.args.get("having")
    if clause is None:
        return draft
    results = Results(draft, "last")
    term = results.builder.condition(clause.this, "HAVING")
    draft = results.finish()
    return replace(draft, post=replace(draft.post, having=term.node))
