"""ORDER BY, LIMIT and OFFSET: in which order released groups – or rows that are served exactly – are shown, and how
many."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from sandbox.plan import relation as r
from sandbox.plan.parts import Order
from sandbox.sql.statement import Statement
from sandbox.sql.terms import refuse


def cut(relation: r.Relation, order: Sequence[Order], tree: exp.Expr, statement: Statement) -> r.Relation:
    """Give the rows in order, cut as LIMIT and OFFSET of `tree` say. Raises `Problem` unless they are released, or
    served exactly."""
    most, skipped = _whole(tree.args.get("limit"), "LIMIT"), _whole(tree.args.get("offset"), "OFFSET") or 0
    if not order and most is None and not skipped:
        return relation
    if relation.state != "released" and not statement.exact:
        whose = "rows of units would pick single ones" if relation.state == "unit" else "public rows is not built"
        clause = "LIMIT" if most is not None or skipped else "ORDER BY"
        raise refuse(f"{clause} over {whose}; leave it out, or write it over aggregates.")
    if isinstance(relation, r.Sort) and relation.limit is None and not relation.offset:
        if not order:
            return r.Sort(relation.source, relation.order, most, skipped)
        relation = relation.source
    return r.Sort(relation, tuple(order), most, skipped)


def _whole(clause: exp.Expr | None, name: str) -> int | None:
    if clause is None:
        return None
    number = clause.expression.unnest()
    if isinstance(number, exp.Var) and number.name.upper() == "ALL":
        return None
    if not (
        isinstance(number, exp.Literal) and not number.is_string and number.this.isdecimal() and len(number.this) < 16
    ):
        raise refuse(f"{name} takes a whole number, for example {name} 10.")
    return int(number.this)
