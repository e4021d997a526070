"""Where aggregates stand in a tree: those of the SELECT itself, not those of its subqueries nor the functions of its
windows."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from sandbox.sql.columns import AGGREGATE, SUBQUERY


def aggregates(node: exp.Expr) -> Iterator[exp.Expr]:
    """Give the outermost aggregates in `node`."""
    waiting: list[exp.Expr] = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, SUBQUERY):
            continue
        if isinstance(one, exp.Window):
            function = one.this
            inner = [function.expression, function.this] if isinstance(function, exp.Filter) else [function]
            waiting.extend(child for part in inner for child in part.iter_expressions())
            waiting.extend(child for child in one.iter_expressions() if child is not function)
        elif isinstance(one, (*AGGREGATE, exp.Grouping)):
            yield one
        else:
            waiting.extend(one.iter_expressions())


def is_grouped(tree: exp.Select) -> bool:
    """Say whether a SELECT puts rows into groups."""
    if tree.args.get("group") or tree.args.get("having"):
        return True
    parts = [*tree.expressions, tree.args.get("qualify"), tree.args.get("order")]
    return any(next(aggregates(part), None) is not None for part in parts if part is not None)
