"""The workspace product (数据工作区): users' own code and tables, admitted by a review, beside the data.

Code runs as a program: isolation, blocks, clamping and noise are the program's. A question in SQL is a query, own
tables among its tables. The vault puts own tables in at step 5; plan and base key name them by their digest only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sandbox.catalogue.entry import Entry
from sandbox.core.canonical import canonical_bytes
from sandbox.errors import Problem
from sandbox.jobs.owntables import ADMITTED, BY_UNIT, NAMED, by_unit
from sandbox.jobs.product import Answer, Groups, Question
from sandbox.plan.plan import Plan
from sandbox.plan.worked import Worked
from sandbox.products.program.compile import compile_program
from sandbox.products.program.kind import ProgramProduct
from sandbox.products.query.explain import explain
from sandbox.products.query.foretold import expected
from sandbox.products.query.present import present
from sandbox.products.workspace.questions import compile_question
from sandbox.products.workspace.specification import TRIED, read

SPREAD = {
    "en": "Of own tables by {unit} ({names}) each block gets the rows of its own units; how many there are, and who is "
    "in no block, is told to nobody.",
    "zh": "按 {unit} 标识接入的自带表（{names}），每块只得到本块单位的行；匹配了多少、哪些不在数据中，不对外告知。",
}
ONE = [{"name": "n", "lower": 0, "upper": 1}]


class WorkspaceProduct(ProgramProduct):
    """The kind `workspace` of the product protocol."""

    kind = "workspace"
    admits = True

    def review(self, spec: Mapping[str, Any], entries: Sequence[Entry]) -> None:
        """Refuse a specification in which no code could run, or no question be asked. Raises like a program's."""
        own = read(spec)
        for entry in entries:
            if entry.unit is None or entry.privacy is None:
                raise Problem("unit_missing", f"{entry.name} declares no privacy unit; ask the holder to declare it.")
            protected = [table.name for table in entry.tables if not table.public]
            if unknown := [name for name in own.tables if name not in protected]:
                say = f"{unknown[0][:60]} is no protected table; write {' or '.join(protected)}"
                raise Problem("field_invalid", f"Field spec.tables: {say}.", field="spec.tables")
        if own.sql is not None:
            super().review(_without(own.program(TRIED, ONE).model_dump(exclude_none=True)), entries)

    def compile(self, question: Question) -> Plan:
        """Give the plan of what was admitted: its code on these rows, or a question, its tables by their digests.
        Raises like a program's and a query's; field_invalid for what a workspace or an admission has not."""
        admitted = question.request.get(ADMITTED)
        if admitted is None:
            raise Problem("field_invalid", 'Field parameters: write {"admission": "admission_…"}, what was admitted.')
        own = read(question.spec)
        if "sql" in question.request:
            return compile_question(question, own, admitted)
        if not admitted["code"]:
            say = "this admission has no code; write a question, for example SELECT COUNT(*) FROM own.…"
            raise Problem("field_invalid", f"Field sql: {say}.", field="sql")
        spec = own.program(admitted["code"], admitted["outputs"])
        request = {"epsilon": question.request["epsilon"]} if "epsilon" in question.request else {}
        plan = compile_program(replace(question, request=request), spec)
        [block] = plan.blocks
        assert isinstance(block.rows, Worked)
        tables: dict[str, Any] = {"admission": admitted["id"], "tables": admitted["tables"]}
        if spread := [told["name"] for told in admitted["told"] if told.get(BY_UNIT)]:
            tables[BY_UNIT] = spread
        named = canonical_bytes({NAMED: tables}).decode()
        return replace(plan, blocks=(replace(block, rows=replace(block.rows, parameters=named)),))

    def explain(self, plan: Plan, unit: str, language: str) -> list[str]:
        """Say what the code or the question does."""
        if not plan.on_rows:
            return explain(plan, unit, language)
        names = ", ".join(by_unit(plan))
        told = [SPREAD[language].format(unit=unit, names=names)] if names else []
        return super().explain(plan, unit, language) + told

    def expect(self, plan: Plan) -> list[dict[str, Any]]:
        """Say of each number how far off it may be."""
        return super().expect(plan) if plan.on_rows else expected(plan)

    def present(self, plan: Plan, base: Sequence[Groups], marked: Sequence[Sequence[tuple[int, ...]]]) -> Answer:
        """Give the numbers of the code, or the rows of the question."""
        return present(plan, base, marked)


def _without(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A program's specification as it is written: what is there by default is left out."""
    return {name: value for name, value in spec.items() if name != "parameters"}
