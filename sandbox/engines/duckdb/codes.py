"""Conditions on one coded column: asked of each value once, not of each row.

The values of a domain are known: the condition is computed for all of them here. Those of a dictionary are asked in the
file. Either way NULL keeps its meaning: what the condition says of NULL, and for which values it is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from sandbox.engines.duckdb.scans import Cell, table, whole
from sandbox.engines.duckdb.terms import case, cast, digits
from sandbox.plan import scalar as s
from sandbox.plan.evaluate import evaluate

if TYPE_CHECKING:
    from sandbox.engines.duckdb.scalars import Scalars

MOST_VALUES = 4096  # of a domain for which a condition is computed here
NEVER_UNKNOWN = (
    s.Compare, s.Logic, s.Not, s.IsNull, s.In, s.Like, s.Column, s.Constant, s.Extreme,
    s.Text, s.Length, s.Position, s.Concat, s.Replace, s.Pad, s.Split,
)  # fmt: skip
"""Nodes that give NULL only when they are given one."""


def known(scalars: Scalars, node: s.Scalar) -> exp.Expression | None:
    """Give a condition in terms of codes, exactly; None when it is not of that kind."""
    found = _coded(scalars, node)
    if found is None:
        return None
    cell, name = found
    if _few(cell):
        return _listed(cell, *_outcomes(node, name, cell.stored.domain))
    if not _certain(node):
        return None
    code = cell.code()
    of_null = _truth(evaluate(node, {name: None}))
    among = exp.In(this=code, query=_codes(scalars, cell, node))
    return exp.Paren(this=case([(_is_null(code.copy()), of_null)], among))


def kept(scalars: Scalars, node: s.Scalar) -> exp.Expression | None:
    """Give a condition that is true for the same rows, in terms of codes; None when it is not of that kind."""
    found = _coded(scalars, node)
    if found is None:
        return None
    cell, name = found
    if _few(cell):
        outcomes = _outcomes(node, name, cell.stored.domain)
        among = _among(cell.code(), [code for code, one in enumerate(outcomes[0]) if one is True], len(outcomes[0]))
        of_null = outcomes[1] is True
    else:
        among = exp.In(this=cell.code(), query=_codes(scalars, cell, node))
        of_null = evaluate(node, {name: None}) is True
    return exp.Paren(this=exp.Or(this=_is_null(cell.code()), expression=among)) if of_null else among


def _coded(scalars: Scalars, node: s.Scalar) -> tuple[Cell, str] | None:
    """The only column that a condition reads, if it has codes."""
    if isinstance(node, s.Column | s.Constant):
        return None
    names = s.columns(node)
    if len(names) != 1:
        return None
    [name] = names
    cell = scalars.scope.get(name)
    if cell is None or not cell.coded:
        return None
    return (cell, name) if _few(cell) or scalars.asking else None


def _few(cell: Cell) -> bool:
    return cell.stored.kind == "domain" and len(cell.stored.domain) <= MOST_VALUES


def _outcomes(node: s.Scalar, name: str, values: Sequence[s.Value]) -> tuple[list[s.Value], s.Value]:
    """What the condition says of each value, and of NULL."""
    return [evaluate(node, {name: value}) for value in values], evaluate(node, {name: None})


def _listed(cell: Cell, outcomes: list[s.Value], of_null: s.Value) -> exp.Expression:
    true = [code for code, one in enumerate(outcomes) if one is True]
    among = _among(cell.code(), true, len(outcomes))
    if None in outcomes:
        false = [code for code, one in enumerate(outcomes) if one is False]
        whens = [
            (_is_null(cell.code()), _truth(of_null)),
            (among, exp.true()),
            (_among(cell.code(), false, len(outcomes)), exp.false()),
        ]
        return exp.Paren(this=case(whens, _truth(None)))
    match of_null:
        case None:
            return among
        case True:
            return exp.Paren(this=exp.Or(this=_is_null(cell.code()), expression=among))
        case _:
            return exp.Paren(this=exp.And(this=exp.Not(this=_is_null(cell.code())), expression=among))


def _among(code: exp.Expression, codes: list[int], size: int) -> exp.Expression:
    """Give whether a code is one of `codes`, which ascend; NULL for NULL."""
    if not codes:
        return exp.Paren(this=exp.LT(this=code, expression=digits(0)))
    if len(codes) == size:
        return exp.Paren(this=exp.GTE(this=code, expression=digits(0)))
    if len(codes) == 1:
        return exp.Paren(this=exp.EQ(this=code, expression=digits(codes[0])))
    if codes[-1] - codes[0] == len(codes) - 1:
        return exp.Paren(this=exp.Between(this=code, low=digits(codes[0]), high=digits(codes[-1])))
    return exp.Paren(this=exp.In(this=code, expressions=[digits(one) for one in codes]))


def _codes(scalars: Scalars, cell: Cell, node: s.Scalar) -> exp.Subquery:
    """The codes of the values for which the condition is true."""
    value = exp.column("value", table="dictionary", quoted=True)
    own = whole(value, cell.column)
    listed = exp.select(exp.column("code", quoted=True), exp.alias_(own, cell.column.name, quoted=True))
    listed = listed.from_(exp.alias_(table(str(cell.stored.dictionary)), "dictionary", table=True), copy=False)
    true = scalars.on({}).render(node)
    return (
        exp.select(exp.column("code", quoted=True))
        .from_(listed.subquery("listed", copy=False), copy=False)
        .where(true, copy=False)
        .subquery(copy=False)
    )


def _certain(node: s.Scalar) -> bool:
    if isinstance(node, s.Constant):
        return node.value is not None
    return isinstance(node, NEVER_UNKNOWN) and all(_certain(child) for child in s.children(node))


def _truth(value: s.Value) -> exp.Expression:
    if value is None:
        return cast(exp.null(), "BOOLEAN")
    return exp.true() if value else exp.false()


def _is_null(code: exp.Expression) -> exp.Expression:
    return exp.Paren(this=exp.Is(this=code, expression=exp.null()))
