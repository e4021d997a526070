"""Questions in SQL over the data and own tables of their asker: compiled as any other, of the tables that a workspace
offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.errors import Problem
from sandbox.jobs.ownreading import declared
from sandbox.jobs.product import Question
from sandbox.plan.own import SCHEMA, Own
from sandbox.plan.plan import Plan
from sandbox.plan.relation import Scan
from sandbox.plan.walk import walk
from sandbox.products.query.compile import compile_query
from sandbox.products.workspace.specification import WorkspaceSpec
from sandbox.sql.own import OwnTable


def compile_question(question: Question, spec: WorkspaceSpec, admitted: Mapping[str, Any]) -> Plan:
    """Give the plan of a question with what was admitted. Raises field_invalid, what a query raises, and
    sql_not_allowed for a table that the workspace does not offer."""
    if not spec.tables:
        say = "this workspace runs code only; leave sql out, or ask its operator to offer tables to questions"
        raise Problem("field_invalid", f"Field sql: {say}.", field="sql")
    own = {told["name"]: declared(told, admitted["id"]) for told in admitted["told"]}
    request = {name: given for name, given in question.request.items() if name not in ("parameters", "admitted")}
    limits = {} if spec.max_epsilon is None else {"max_epsilon_per_query": spec.max_epsilon}
    try:
        plan = compile_query(replace(question, request=request, spec=limits, own=own))
    except Problem as refused:
        raise _of_own(refused, own) from None
    for relation in plan.relations:
        for node in walk(relation):
            if isinstance(node, Scan) and not isinstance(node, Own) and node.table not in spec.tables:
                offered = ", ".join(spec.tables)
                raise Problem("sql_not_allowed", f"This workspace offers {offered} to questions, not {node.table}.")
    return plan


def _of_own(refused: Problem, own: Mapping[str, OwnTable]) -> Problem:
    """The refusal of a number without bounds; of an own column, the one that says where these are declared."""
    said = refused.fields.get("columns")
    missing = [str(one) for one in said] if isinstance(said, list) else []
    mine = {column.name: table.name for table in own.values() for column in table.columns}
    if refused.code != "bound_missing" or not missing or not set(missing) <= set(mine):
        return refused
    name = missing[0]
    say = f'bring {SCHEMA}.{mine[name]} with columns [{{"name": "{name}", "bounds": [least, most]}}]'
    return Problem("bound_missing", f"This needs the bounds of your own column {name}; {say}.", columns=list(missing))
