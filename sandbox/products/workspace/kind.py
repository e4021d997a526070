"""The workspace product (数据工作区): users' own code and tables, admitted by a review, on blocks of units.

What runs is a program: isolation, blocks, clamping and noise are the program's. The vault puts the own tables in at
step 5; plan and base key name them by their digest only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sandbox.catalogue.entry import Entry
from sandbox.core.canonical import canonical_bytes
from sandbox.errors import Problem
from sandbox.jobs.owntables import ADMITTED, NAMED
from sandbox.jobs.product import Question
from sandbox.plan.plan import Plan
from sandbox.plan.worked import Worked
from sandbox.products.program.compile import compile_program
from sandbox.products.program.kind import ProgramProduct
from sandbox.products.workspace.specification import TRIED, read

ONE = [{"name": "n", "lower": 0, "upper": 1}]


class WorkspaceProduct(ProgramProduct):
    """The kind `workspace` of the product protocol."""

    kind = "workspace"
    admits = True

    def review(self, spec: Mapping[str, Any], entries: Sequence[Entry]) -> None:
        """Refuse a specification in which no code could run. Raises like a program's."""
        super().review(_without(read(spec).program(TRIED, ONE).model_dump(exclude_none=True)), entries)

    def compile(self, question: Question) -> Plan:
        """Give the plan of what was admitted: its code on these rows, its tables by their digests. Raises like a
        program's; field_invalid for what a workspace has not."""
        admitted = question.request.get(ADMITTED)
        if admitted is None:
            raise Problem("field_invalid", 'Field parameters: write {"admission": "admission_…"}, what was admitted.')
        spec = read(question.spec).program(admitted["code"], admitted["outputs"])
        request = {"epsilon": question.request["epsilon"]} if "epsilon" in question.request else {}
        plan = compile_program(replace(question, request=request), spec)
        [block] = plan.blocks
        assert isinstance(block.rows, Worked)
        named = canonical_bytes({NAMED: {"admission": admitted["id"], "tables": admitted["tables"]}}).decode()
        return replace(plan, blocks=(replace(block, rows=replace(block.rows, parameters=named)),))


def _without(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A program's specification as it is written: what is there by default is left out."""
    return {name: value for name, value in spec.items() if name != "parameters"}
