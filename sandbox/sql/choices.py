"""CASE and parts of dates: expressions whose values the declarations can list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Literal

from sandbox.plan import scalar as s
from sandbox.plan.evaluate import evaluate
from sandbox.plan.ordering import value_key
from sandbox.sql.numbers import arithmetic
from sandbox.sql.terms import Term, literal, refuse


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


def date_part(part: Literal["year", "quarter", "month", "day"], day: Term) -> Term:
    """YEAR and its like; bounds of the date, where declared, list the values."""
    if day.type != s.DATE:
        raise refuse(f"{part.upper()} takes a date column.")
    first, last = {"year": (1, 9999), "quarter": (1, 4), "month": (1, 12), "day": (1, 31)}[part]
    bounded = isinstance(day.low, date) and isinstance(day.high, date)
    if isinstance(day.low, date) and isinstance(day.high, date):
        same = {"year": True, "quarter": day.low.year == day.high.year, "month": day.low.year == day.high.year}
        if same.get(part, (day.low.year, day.low.month) == (day.high.year, day.high.month)):
            ends = [evaluate(s.DatePart(part, s.Constant(end, s.DATE)), {}) for end in (day.low, day.high)]
            first, last = int(str(ends[0])), int(str(ends[1]))
    domain = tuple(range(first, last + 1)) if bounded or part != "year" else None
    return Term(s.DatePart(part, day.node), Decimal(first), Decimal(last), day.nullable, domain)
