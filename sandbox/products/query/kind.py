"""The query product: SQL in, private aggregates out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.catalogue.entry import Entry
from sandbox.catalogue.exact import EXACT
from sandbox.errors import Problem
from sandbox.jobs.product import Answer, Groups, Question
from sandbox.plan.plan import Plan
from sandbox.products.query.compile import compile_query
from sandbox.products.query.exact import ExactQuery, check_exact_spec
from sandbox.products.query.explain import explain
from sandbox.products.query.foretold import expected
from sandbox.products.query.present import present
from sandbox.products.query.request import check_spec


class QueryProduct:
    """The kind `query` of the product protocol."""

    kind = "query"
    exact = ExactQuery()
    several = True

    def review(self, spec: Mapping[str, Any], entries: Sequence[Entry]) -> None:
        """Refuse a specification or resources that cannot be queried. Raises field_invalid, epsilon_invalid,
        grade_refused."""
        if len({entry.protection for entry in entries}) > 1:
            raise Problem(
                "field_invalid", "Field resources: some are served exactly, some with noise; make two products."
            )
        if entries and entries[0].protection == EXACT:
            check_exact_spec(spec, entries)
            return
        check_spec(spec)
        for entry in entries:
            if all(table.public for table in entry.tables):
                raise Problem("field_invalid", f"Field resources: {entry.name} has no protected table; leave it out.")

    def compile(self, question: Question) -> Plan:
        return compile_query(question)

    def explain(self, plan: Plan, unit: str, language: str) -> list[str]:
        return explain(plan, unit, language)

    def expect(self, plan: Plan) -> list[dict[str, Any]]:
        return expected(plan)

    def present(
        self,
        plan: Plan,
        base: Sequence[Groups],
        marked: Sequence[Sequence[tuple[int, ...]]],
    ) -> Answer:
        return present(plan, base, marked)
