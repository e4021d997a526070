"""The program product (沙箱程序): the operator's code, reviewed, on blocks of units; means and ranks of its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sandbox.catalogue.entry import Entry
from sandbox.errors import Problem
from sandbox.isolation.available import missing
from sandbox.jobs.product import Answer, Groups, Question
from sandbox.plan.plan import Plan
from sandbox.products.program.compile import compile_program
from sandbox.products.program.specification import read
from sandbox.products.program.words import errors, explained
from sandbox.products.query.present import present

USUAL, SMALL = Decimal(1), (Decimal("1e-9"), Decimal("1e-10"))
"""ε and δs that a specification is tried with: they move the noise, not what may be asked."""


class ProgramProduct:
    """The kind `program` of the product protocol."""

    kind = "program"

    def review(self, spec: Mapping[str, Any], entries: Sequence[Entry]) -> None:
        """Refuse a specification that cannot run, and any where programs cannot be kept in. Raises field_invalid,
        unit_missing, state_conflict and what its SQL raises."""
        _require_isolation()
        own = read(spec)
        for entry in entries:
            if not any(table.public for table in entry.tables):  # facts of public tables are known with the data
                epsilon = min(USUAL, own.max_epsilon or USUAL)
                tried = Question({"epsilon": f"{epsilon:f}"}, "", "", "", entry, spec, *SMALL)
                compile_program(tried, own)

    def compile(self, question: Question) -> Plan:
        """Give the plan of one run. Raises field_invalid for what a program has not: SQL, bounds, modes."""
        _require_isolation()
        for name in sorted(set(question.request) - {"subscription", "epsilon", "parameters", "confidence"}):
            say = "a program has none; it takes parameters and epsilon"
            raise Problem("field_invalid", f"Field {name[:60]}: {say}.", field=name[:60])
        return compile_program(question, read(question.spec))

    def explain(self, plan: Plan, unit: str, language: str) -> list[str]:
        """Say how the program is run and what is made of its numbers."""
        return explained(plan, unit, language)

    def expect(self, plan: Plan) -> list[dict[str, Any]]:
        """Say of each number how far off noise and marks may move it."""
        return [
            {"name": column.name, "error_95": error, "bias": None, "usual": None, "relative": None}
            for column, error in zip(plan.post.columns, errors(plan), strict=True)
        ]

    def present(self, plan: Plan, base: Sequence[Groups], marked: Sequence[Sequence[tuple[int, ...]]]) -> Answer:
        """Give the one row of numbers."""
        return present(plan, base, marked)


def _require_isolation() -> None:
    if (why := missing()) is not None:
        raise Problem("state_conflict", f"this instance does not run programs: {why}")
