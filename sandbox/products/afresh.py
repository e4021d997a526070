"""`fresh`: the same question with noise of its own. Only a test instance has it; its answers say what they are.

A condition that always holds, with a number that nobody had before, makes another canonical plan of the same meaning:
another base, charged in full and joined by nobody. So the walk needs to know nothing of it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sandbox.catalogue.entry import Entry
from sandbox.errors import Problem
from sandbox.jobs.product import (
    Answer,
    ExactService,
    Groups,
    ProductKind,
    Question,
    admits,
    by_operator,
    exact_service,
    measured_by,
    settled_by,
    takes_several,
)
from sandbox.plan.fitted import Fitted
from sandbox.plan.plan import Plan
from sandbox.plan.reading import Reading
from sandbox.plan.relation import Filter, Worked
from sandbox.plan.scalar import INTEGER, Compare, Constant, Value

NOTE = "a test instance gave this: its budgets do not bind and its numbers protect nobody (测试实例，不作为正式服务)"


class Afresh:
    """A kind of product that reads `fresh`: it asks anew where `allowed`, and is refused elsewhere."""

    def __init__(self, kind: ProductKind, allowed: bool) -> None:
        self.kind, self._inner, self._allowed = kind.kind, kind, allowed
        self.by_operator, self.admits, self.several = by_operator(kind), admits(kind), takes_several(kind)
        self.measure, self.settle = measured_by(kind), settled_by(kind)
        inner = exact_service(kind)
        self.exact = None if inner is None else ExactlySaid(inner, allowed)

    def review(self, spec: Mapping[str, Any], entries: Sequence[Entry]) -> None:
        """As the kind itself does."""
        self._inner.review(spec, entries)

    def compile(self, question: Question) -> Plan:
        """Give the plan, one of its own if `fresh` is asked. Raises field_invalid on a real instance, and what the
        kind raises."""
        request = dict(question.request)
        fresh = request.pop("fresh", None)
        if fresh and not self._allowed:
            raise Problem(
                "field_invalid",
                "Field fresh: only a test instance draws noise anew; leave it out – an answer that you hold is free.",
                field="fresh",
            )
        plan = self._inner.compile(replace(question, request=request))
        return anew(plan) if fresh else plan

    def explain(self, plan: Plan, unit: str, language: str) -> list[str]:
        """As the kind itself does."""
        return self._inner.explain(plan, unit, language)

    def expect(self, plan: Plan) -> list[dict[str, Any]]:
        """As the kind itself does."""
        return self._inner.expect(plan)

    def present(self, plan: Plan, base: Sequence[Groups], marked: Sequence[Sequence[tuple[int, ...]]]) -> Answer:
        """As the kind itself does; the notes of a test instance begin with what it is."""
        answer = self._inner.present(plan, base, marked)
        return replace(answer, notes=(NOTE, *answer.notes)) if self._allowed else answer


class ExactlySaid:
    """Exact service; on a test instance its answers say what they are, too. `fresh` means nothing without noise."""

    def __init__(self, inner: ExactService, allowed: bool) -> None:
        self._inner, self._allowed = inner, allowed

    def compile(self, question: Question) -> Reading:
        """As the kind itself does."""
        return self._inner.compile(question)

    def present(self, reading: Reading, rows: Sequence[tuple[Value, ...]]) -> Answer:
        """As the kind itself does; the notes of a test instance begin with what it is."""
        answer = self._inner.present(reading, rows)
        return replace(answer, notes=(NOTE, *answer.notes)) if self._allowed else answer

    def explain(self, reading: Reading, language: str) -> list[str]:
        """As the kind itself does."""
        return self._inner.explain(reading, language)


def anew(plan: Plan) -> Plan:
    """Give a plan of the same meaning and cost that has never been asked."""
    number = Constant(secrets.randbelow(1 << 60), INTEGER)
    always = Compare("=", number, number)
    if plan.stages:
        model = plan.stages[0].model
        model = replace(model, rows=Filter(model.rows, always))
        return replace(plan, fitted=tuple(replace(s, model=model) if isinstance(s, Fitted) else s for s in plan.fitted))
    first, *others = plan.blocks
    program = first.rows if isinstance(first.rows, Worked) else None
    rows = replace(program, source=Filter(program.source, always)) if program else Filter(first.rows, always)
    return replace(plan, blocks=(replace(first, rows=rows), *others))
