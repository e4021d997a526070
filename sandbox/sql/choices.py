"""CASE and its like: one of several values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import reduce
from typing import Any, Literal

from sqlglot import exp

from sandbox.plan import scalar as s
from sandbox.plan.ordering import value_key
from sandbox.sql.conditions import compare, is_null, logic, negate, truthy
from sandbox.sql.numbers import arithmetic
from sandbox.sql.terms import Bound, Calls, Reader, Term, computed, literal, refuse


def case(whens: Sequence[tuple[Term, Term]], otherwise: Term) -> Term:
    """CASE: results brought to one type; untyped NULL takes it."""
    results = [*(result for _, result in whens), otherwise]
    kinds = {result.type.kind for result in results if not result.null}
    if any(condition.type != s.BOOLEAN for condition, _ in whens):
        raise refuse("CASE takes conditions after WHEN; write a comparison there.")
    if len(kinds - {"integer", "decimal"}) + bool(kinds & {"integer", "decimal"}) > 1:
        raise refuse("All results of a CASE have one type; write them all as numbers, texts or dates.")
    scale = max(result.type.scale for result in results)
    kind = s.Type("decimal", scale) if "decimal" in kinds else s.Type(_only(kinds))
    typed = [_to(result, kind) for result in results]
    known = [result for result in typed if not result.null]
    ranged = bool(known) and all(result.low is not None and result.high is not None for result in known)
    listed = [value for result in typed for value in result.domain or ()]
    return Term(
        s.Case(tuple((c.node, r.node) for (c, _), r in zip(whens, typed[:-1], strict=True)), typed[-1].node, kind),
        min(result.low for result in known) if ranged else None,  # type: ignore[type-var]
        max(result.high for result in known) if ranged else None,  # type: ignore[type-var]
        any(result.nullable for result in typed),
        tuple(sorted(set(listed), key=value_key)) if all(result.domain for result in typed) else None,
    )


def _only(kinds: set[s.Kind]) -> s.Kind:
    return next(iter(kinds), "boolean")


def _to(term: Term, kind: s.Type) -> Term:
    if term.null:
        return replace(term, node=s.Constant(None, kind))
    if term.type.kind == "integer" and kind.kind == "decimal":
        return arithmetic("+", term, literal(Decimal(0).scaleb(-kind.scale)))
    return term


def extreme(op: Literal["greatest", "least"], args: Sequence[Term]) -> Term:
    """GREATEST and LEAST: NULLs are passed over."""
    args = [arg for arg in args if not arg.null]
    if len(args) < 2:
        return args[0] if args else literal(None)
    if any(not s.comparable(arg.type, args[0].type) for arg in args):
        raise refuse(f"{op.upper()} takes values of one type; write them all as numbers, texts or dates.")
    scale = max(arg.type.scale for arg in args)
    kind = args[0].type
    if kind.numeric:
        kind = s.Type("decimal", scale) if any(arg.type.kind == "decimal" for arg in args) else s.INTEGER
    if all(arg.type == s.BOOLEAN for arg in args):
        return logic("or" if op == "greatest" else "and", [_known(arg, op == "least") for arg in args])
    missing = all(arg.nullable for arg in args)
    return computed(lambda *nodes: s.Extreme(op, nodes, kind), *args, span=_between(op, args), nullable=missing)


def _known(arg: Term, instead: bool) -> Term:
    return case([(is_null(arg), literal(instead))], arg) if arg.nullable else arg


def _between(op: str, args: Sequence[Term]) -> tuple[Bound, Bound]:
    """What the greatest (least) of values can be: no less than the lowest of all, nor than any that is always there."""
    if any(arg.low is None or arg.high is None for arg in args):
        return None, None
    lows: list[Any] = [arg.low for arg in args]
    highs: list[Any] = [arg.high for arg in args]
    there = [arg for arg in args if not arg.nullable]
    if op == "greatest":
        return max([min(lows), *(arg.low for arg in there)]), max(highs)
    return min(lows), min([max(highs), *(arg.high for arg in there)])


def coalesce(values: Sequence[Term]) -> Term:
    """The first value that is not NULL."""

    def first(rest: Term, value: Term) -> Term:
        if value.null or not value.nullable:
            return rest if value.null else value
        chosen = case([(negate(is_null(value)), value)], rest)
        return replace(chosen, nullable=rest.nullable)

    return reduce(first, reversed(values[:-1]), values[-1])


def _extreme(reader: Reader, node: exp.Expr) -> Term:
    op: Literal["greatest", "least"] = "greatest" if isinstance(node, exp.Greatest) else "least"
    return extreme(op, [reader.term(part) for part in (node.this, *node.expressions)])


def _case(reader: Reader, node: exp.Expr) -> Term:
    subject = reader.term(node.this) if node.this is not None else None
    whens = []
    for when in node.args["ifs"]:
        condition = reader.term(when.this)
        if subject is not None:
            condition = compare("=", subject, condition)
        whens.append((truthy(condition), reader.term(when.args["true"])))
    return case(whens, reader.term(node.args.get("default") or exp.null()))


def _if(reader: Reader, node: exp.Expr) -> Term:
    condition, result = truthy(reader.term(node.this)), reader.term(node.args["true"])
    return case([(condition, result)], reader.term(node.args.get("false") or exp.null()))


def _nullif(reader: Reader, node: exp.Expr) -> Term:
    value = reader.term(node.this)
    return case([(compare("=", value, reader.term(node.expression)), literal(None))], value)


CALLS: Calls = {
    exp.Greatest: _extreme,
    exp.Least: _extreme,
    exp.Case: _case,
    exp.If: _if,
    exp.Nvl2: lambda reader, node: case(
        [(negate(is_null(reader.term(node.this))), reader.term(node.args["true"]))], reader.term(node.args["false"])
    ),
    exp.Coalesce: lambda reader, node: coalesce([reader.term(part) for part in (node.this, *node.expressions)]),
    exp.Nullif: _nullif,
}
