"""Subqueries for one value that name the row around them: as joins with groups, one for each value that they name.

`(SELECT COUNT(*) FROM visits v WHERE v.pid = p.pid)` is the column `n` of LEFT JOIN (SELECT v.pid AS k, COUNT(*) AS n
FROM visits v GROUP BY v.pid) ON k = p.pid, or 0 where there is no partner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

from sqlglot import exp

from sandbox.sql.aggregated import aggregates, is_grouped
from sandbox.sql.links import conjuncts
from sandbox.sql.terms import quote, refuse

_ALONE = ("group", "having", "qualify", "limit", "offset", "distinct", "with_")
_COUNTS = (exp.Count, exp.CountIf, exp.RegrCount, exp.ApproxDistinct)


def joined(tree: exp.Expr) -> exp.Expr:
    """Give the tree with such subqueries as joins. Changes `tree`; raises `Problem` for those of another form."""
    numbers = count(1)
    for select in list(tree.find_all(exp.Select))[::-1]:  # the innermost first
        if not select.args.get("from_"):
            continue
        for node in list(_subqueries(select)):
            inner = node.this.unnest()
            if isinstance(inner, exp.Select) and inner.args.get("from_") and _named_outside(inner, select):
                _join(select, node, inner, next(numbers))
    return tree


def _subqueries(select: exp.Select) -> Iterator[exp.Subquery]:
    """Subqueries for a value in SELECT and WHERE themselves, not those of their own subqueries."""
    waiting: list[exp.Expr] = [*select.expressions, *([select.args["where"]] if select.args.get("where") else [])]
    while waiting:
        one = waiting.pop()
        if isinstance(one, exp.Exists) or (isinstance(one, exp.In) and one.args.get("query")):
            continue
        if isinstance(one, exp.Subquery):
            yield one
        elif not isinstance(one, exp.Select):
            waiting.extend(one.iter_expressions())


def _tables(select: exp.Select) -> set[str]:
    """The names under which FROM has its tables."""
    found = set()
    parts = [select.args["from_"], *(select.args.get("joins") or [])] if select.args.get("from_") else []
    waiting: list[exp.Expr] = [part.this for part in parts]
    while waiting:
        one = waiting.pop()
        waiting.extend(join.this for join in one.args.get("joins") or [])
        if one.alias_or_name:
            found.add(one.alias_or_name.lower())
        elif isinstance(one, exp.Subquery):
            waiting.append(one.this)
    return found


def _outer(node: exp.Expr, own: set[str], around: set[str]) -> list[bool]:
    """Of each column in `node` whether it is one of the row around."""
    return [column.table.lower() in around and column.table.lower() not in own for column in node.find_all(exp.Column)]


def _named_outside(inner: exp.Select, select: exp.Select) -> bool:
    where = inner.args.get("where")
    return where is not None and any(_outer(where, _tables(inner), _tables(select)))


def _join(select: exp.Select, node: exp.Subquery, inner: exp.Select, number: int) -> None:
    own, around = _tables(inner), _tables(select)
    pairs, rest = _split(node, inner, own, around)
    if len(inner.expressions) != 1 or any(inner.args.get(part) for part in _ALONE):
        raise refuse(f"{quote(node)}: a subquery that names the row around it gives one aggregate; write it as a join.")
    item = inner.expressions[0].unalias()
    folds = list(aggregates(item))
    if not folds or any(_outer(item, own, around)) or item.find(exp.Select, exp.Window):
        raise refuse(f"{quote(node)}: a subquery that names the row around it gives one aggregate; write it as a join.")
    if is_grouped(select) and not _within_rows(node, select):
        raise refuse(f"{quote(node)} names a row of a group; write it in FROM, in a subquery of the rows.")
    if any(one.find(exp.Star) and not one.find(exp.Count) for one in select.expressions):
        raise refuse(f"{quote(node)} beside * is not built; name the columns.")
    name = f"__value{number}"
    for place, one in enumerate(folds):
        column: exp.Expr = exp.column(f"a{place}", table=name)
        bare = one.this.unnest() if isinstance(one, exp.Filter) else one
        if isinstance(bare, _COUNTS):
            column = exp.Coalesce(this=column, expressions=[exp.Literal.number(0)])
        if one is item:
            item = column
        else:
            one.replace(column)
    keys = [exp.alias_(mine.copy(), f"k{place}") for place, (mine, _) in enumerate(pairs)]
    values = [exp.alias_(one.copy(), f"a{place}") for place, one in enumerate(folds)]
    groups = exp.Select(expressions=[*keys, *values])
    groups.set("from_", inner.args["from_"].copy())
    groups.set("joins", [one.copy() for one in inner.args.get("joins") or []])
    if rest:
        groups.set("where", exp.Where(this=_and(rest)))
    groups.set("group", exp.Group(expressions=[mine.copy() for mine, _ in pairs]))
    on = _and(
        [
            exp.EQ(this=exp.column(f"k{place}", table=name), expression=its.copy())
            for place, (_, its) in enumerate(pairs)
        ]
    )
    table = exp.Subquery(this=groups, alias=exp.TableAlias(this=exp.to_identifier(name)))
    select.append("joins", exp.Join(this=table, side="LEFT", on=on))
    node.replace(exp.Paren(this=item))


def _within_rows(node: exp.Expr, select: exp.Select) -> bool:
    """Whether a value is of a row: in WHERE, or in an aggregate."""
    one: exp.Expr | None = node
    while one is not None and one is not select:
        if isinstance(one, exp.Where | exp.AggFunc):
            return True
        one = one.parent
    return False


def _split(
    node: exp.Expr, inner: exp.Select, own: set[str], around: set[str]
) -> tuple[list[tuple[exp.Expr, exp.Expr]], list[exp.Expr]]:
    """The equalities with the row around, the subquery's side first, and the other conditions."""
    pairs, rest = [], []
    for one in conjuncts(inner.args["where"].this):
        if not any(_outer(one, own, around)):
            rest.append(one.copy())
            continue
        sides = [one.this, one.expression] if isinstance(one, exp.EQ) else []
        outside = [_outer(side, own, around) for side in sides]
        inside = [place for place, several in enumerate(outside) if not any(several)]
        if len(inside) == 1 and all(outside[1 - inside[0]]):
            pairs.append((sides[inside[0]], sides[1 - inside[0]]))
        else:
            raise refuse(
                f"{quote(node)}: a subquery names the row around it in equalities, inner.column = outer.column, "
                "joined by AND; write others as a join."
            )
    return pairs, rest


def _and(parts: Sequence[exp.Expr]) -> exp.Expr:
    found = parts[0]
    for one in parts[1:]:
        found = exp.And(this=found, expression=one)
    return found
