"""The verification product (数据核验): approved claims about one subject, asked with POST /verifications and answered
by a path of their own (`desk`, `asking`, `answering`, `leaving`): a word each, hundreds a second, and no noise. How a
claim falls over many subjects is a job (`batch`, `counting`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.catalogue.entry import Entry
from sandbox.engines.base import Exact
from sandbox.errors import Problem
from sandbox.jobs.product import Answer, Groups, Inside, Question
from sandbox.plan.plan import Plan
from sandbox.products.query.explain import explain
from sandbox.products.query.foretold import expected
from sandbox.products.query.present import present
from sandbox.products.verification.batch import compile_batch
from sandbox.products.verification.specification import read


class VerificationProduct:
    """The kind `verification` of the product protocol."""

    kind = "verification"

    def review(self, spec: Mapping[str, Any], entries: Sequence[Entry]) -> None:
        """Refuse a specification that is not fixed in every claim. Raises field_invalid."""
        if len(entries) != 1:
            raise Problem("field_invalid", "Field resources: name one; a claim is about one register.")
        read(spec, entries[0])

    def compile(self, question: Question) -> Plan:
        return compile_batch(question)

    def measure(self, inside: Inside, plan: Plan) -> list[Exact]:
        """Count a batch, in the vault; see `counting`. Raises `EngineFailed`."""
        from sandbox.products.verification.counting import measure  # numpy: only the vault has it

        return measure(inside, plan)

    def explain(self, plan: Plan, unit: str, language: str) -> list[str]:
        return explain(plan, unit, language)

    def expect(self, plan: Plan) -> list[dict[str, Any]]:
        return expected(plan)

    def present(self, plan: Plan, base: Sequence[Groups], marked: Sequence[Sequence[tuple[int, ...]]]) -> Answer:
        return present(plan, base, marked)
