"""Lists of ranks: QUANTILE_CONT(x, [0.1, 0.5, 0.9]) stands for one column each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from sqlglot import exp

from sandbox.sql.results import name_of
from sandbox.sql.spelling import RANKED
from sandbox.sql.standard import repeated
from sandbox.sql.terms import quote, refuse

MOST_RANKS = 32


def spread(tree: exp.Expr) -> exp.Expr:
    """Give the tree with every list of ranks in SELECT as columns of their own, called name_10, name_50 and so on, and
    an element of such a list as its one rank. Changes `tree`; raises `Problem` for ranks that are not written out."""
    for node in list(tree.find_all(exp.Bracket)):
        ranks = _ranks(node.this.unnest())
        if ranks is not None:
            _put(node, _with(node.this.unnest(), ranks[_place(node, len(ranks))]))
    for select in list(tree.find_all(exp.Select)):
        if any(_ranks(_ranked(item)) for item in select.expressions):
            _spread(select)
    return tree


def _spread(select: exp.Select) -> None:
    items: list[exp.Expr] = []
    starts = []
    for place, item in enumerate(select.expressions, 1):
        starts.append(len(items) + 1)
        ranks = _ranks(_ranked(item))
        if ranks is None:
            items.append(item)
            continue
        repeated(item, len(ranks))
        name = item.alias if isinstance(item, exp.Alias) else name_of(item, place)
        quoted = isinstance(item, exp.Alias) and bool(item.args["alias"].args.get("quoted"))
        for rank in dict.fromkeys(ranks):
            one = item.unalias().copy()
            _put(_ranked(one), _with(_ranked(one), rank))
            column = exp.to_identifier(f"{name}_{_percent(rank)}", quoted=quoted)
            items.append(exp.Alias(this=one, alias=column))
    for clause in ("group", "order"):
        for written in select.args[clause].expressions if select.args.get(clause) else []:
            _moved(written.this if isinstance(written, exp.Ordered) else written, starts)
    select.set("expressions", items)


def _ranked(item: exp.Expr) -> exp.Expr:
    """The function of a column of SELECT, without its FILTER."""
    inner = item.unalias().unnest()
    return inner.this.unnest() if isinstance(inner, exp.Filter) else inner


def _argument(node: exp.Expr) -> str:
    return "quantile" if isinstance(node, (exp.Quantile, exp.ApproxQuantile)) else "expression"


def _ranks(node: exp.Expr) -> Sequence[Decimal] | None:
    """The ranks of a function that has a list of them, from above when the order falls, else None."""
    said = node.args.get(_argument(node)) if isinstance(node, RANKED) else None
    turned = isinstance(said, exp.Sub) and isinstance(said.expression, exp.Array)
    listed = said.expression if turned and said is not None else said
    if not isinstance(listed, exp.Array):
        return None
    found = list(_numbers(node, listed))
    return [1 - one for one in found] if turned else found


def _numbers(node: exp.Expr, listed: exp.Array) -> Iterator[Decimal]:
    if not 0 < len(listed.expressions) <= MOST_RANKS:
        raise refuse(f"{quote(node)}: a list has 1 to {MOST_RANKS} ranks; write them out.")
    for one in listed.expressions:
        inner = one.unnest()
        if not isinstance(inner, exp.Literal) or inner.is_string or len(inner.this) > 12:
            raise refuse(f"{quote(node)}: the ranks of a list are numbers between 0 and 1; write them out.")
        try:
            yield Decimal(inner.this)
        except ArithmeticError:
            raise refuse(f"{quote(node)}: the ranks of a list are numbers between 0 and 1; write them out.") from None


def _place(node: exp.Bracket, size: int) -> int:
    """Which element of the list is meant; the first is number 1."""
    said = node.expressions[0] if len(node.expressions) == 1 else None
    if not isinstance(said, exp.Literal) or said.is_string or not said.this.isdecimal() or len(said.this) > 3:
        raise refuse(f"{quote(node)}: write the place of one rank, counted from 1.")
    if not 1 <= int(said.this) <= size:
        raise refuse(f"{quote(node)}: there are {size} ranks; write the place of one, counted from 1.")
    return int(said.this) - 1


def _with(node: exp.Expr, rank: Decimal) -> exp.Expr:
    one = node.copy()
    one.set(_argument(one), exp.Literal.number(f"{rank:f}"))
    return one


def _put(node: exp.Expr, instead: exp.Expr) -> None:
    if node.parent is None:
        node.set("this", instead.this)
        node.set(_argument(node), instead.args[_argument(instead)])
    else:
        node.replace(instead)


def _percent(rank: Decimal) -> str:
    return f"{(rank * 100).normalize():f}".replace(".", "_").replace("-", "minus_")


def _moved(written: exp.Expr, starts: Sequence[int]) -> None:
    """Let a place of SELECT mean what it meant."""
    inner = written.unnest()
    if isinstance(inner, exp.Literal) and not inner.is_string and inner.this.isdecimal():
        place = int(inner.this[:9])
        if 1 <= place <= len(starts):
            inner.set("this", str(starts[place - 1]))
