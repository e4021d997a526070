"""The index product (评价指数): a reviewed formula over private aggregates, run by its operator for each period.

The question of a period is an ordinary query: its parts are measured, the value is worked out from what was released,
and intervals, marks, notes and traces are the query's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sandbox.catalogue.entry import Entry
from sandbox.core.clock import now
from sandbox.errors import Problem
from sandbox.jobs.product import Answer, Groups, Question
from sandbox.plan.plan import Plan
from sandbox.products.index.specification import IndexSpec, question_of, read
from sandbox.products.periods import EXAMPLES, read_period
from sandbox.products.query.compile import compile_query
from sandbox.products.query.explain import explain
from sandbox.products.query.foretold import expected
from sandbox.products.query.present import present
from sandbox.products.schedule import PLANNED, check_period, check_plan, default_period, read_plan
from sandbox.products.specification import OURS

SMALL = Decimal("1e-9"), Decimal("1e-10")
"""δs that a specification is tried with: they move the noise, not what may be asked."""


class IndexProduct:
    """The kind `index` of the product protocol."""

    kind = "index"
    by_operator = True

    def review(self, spec: Mapping[str, Any], entries: Sequence[Entry]) -> None:
        """Refuse a specification whose plan does not last the year or whose question cannot be asked. Raises
        field_invalid, epsilon_invalid, unit_missing and what a question raises."""
        plan, own = check_plan(spec, entries), spec_of(spec)
        if own.base is not None:
            try:
                read_period(plan.schedule, own.base)
            except ValueError:
                say = f"write a period like {EXAMPLES[plan.schedule]}"
                raise Problem("field_invalid", f"Field spec.base: {say}.", field="spec.base") from None
            if plan.last is not None and own.base > plan.last:
                say = f"{own.base} is after {plan.last}, the last period, so that nothing would be held against it"
                raise Problem("field_invalid", f"Field spec.base: {say}.", field="spec.base")
        for entry in entries:
            tried = Question({"parameters": {"period": default_period(spec, now())}}, "", "", "", entry, spec, *SMALL)
            tried = replace(tried, pure=entry.privacy is not None and entry.privacy.pure)
            self._tried(tried)

    def compile(self, question: Question) -> Plan:
        """Give the plan of one period. Raises field_invalid for one that is not over."""
        parameters = question.request.get("parameters") or {}
        check_period(question.spec, parameters.get("period"), now())
        if unknown := sorted(set(parameters) - {"period"}):
            raise Problem("field_invalid", f"Field parameters.{unknown[0]}: an index takes a period only.")
        spec = read_plan(question.spec)
        own = spec_of(question.spec)
        asked = {
            "sql": question_of(own, read_period(spec.schedule, parameters["period"])),
            "epsilon": f"{spec.epsilon:f}",
            "bounds": own.bounds,
        }
        return compile_query(replace(question, request=asked, spec={}, today=None))

    def explain(self, plan: Plan, unit: str, language: str) -> list[str]:
        """As of a question."""
        return explain(plan, unit, language)

    def expect(self, plan: Plan) -> list[dict[str, Any]]:
        """As of a question."""
        return expected(plan)

    def present(self, plan: Plan, base: Sequence[Groups], marked: Sequence[Sequence[tuple[int, ...]]]) -> Answer:
        """Give the parts and the value."""
        return present(plan, base, marked)

    def _tried(self, question: Question) -> None:
        """Refuse a formula that gives no number, and columns of the weights that sql does not give."""
        if not self.compile(question).post.columns[-1].type.numeric:
            raise Problem("field_invalid", "Field spec.formula: it must give a number.", field="spec.formula")


def spec_of(spec: Mapping[str, Any]) -> IndexSpec:
    """Read what is the index's own in a product's specification. Raises field_invalid."""
    return read({name: value for name, value in spec.items() if name not in (*PLANNED, *OURS)})
