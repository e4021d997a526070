"""A declared resource to ask questions about, and the two steps every test of the query product starts with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from sandbox.catalogue.entry import Entry, parse_entry
from sandbox.catalogue.facts import TableFacts
from sandbox.errors import Problem
from sandbox.jobs.product import Question
from sandbox.plan.block import Block
from sandbox.plan.plan import Plan
from sandbox.products.query.kind import QueryProduct


def column(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "role": "quasi_identifier", **more}


def registration(name: str, tables: list[dict[str, Any]], unit: str) -> dict[str, Any]:
    return {
        "name": name,
        "title": {"zh": "就诊", "en": "Visits"},
        "holder": "Health Bureau",
        "domain": "health",
        "grade": "general",
        "personal_information": True,
        "legal_basis": {"type": "statutory_duty", "instrument": "Health Act", "purpose": "statistics"},
        "update_frequency": "P1M",
        "unit": {"name": "person", "column": unit},
        "tables": tables,
        "privacy": {"epsilon": "20", "delta": "1e-6", "per_user": {"epsilon": "4", "delta": "1e-7"}},
    }


PERSONS = {
    "name": "persons",
    "unit": "pid",
    "max_rows_per_unit": 1,
    "columns": [
        column("pid", "integer", role="identifier"),
        column("sex", "string", domain=["m", "f"]),
        column("age", "integer", bounds=[0, 100]),
        column("income", "integer", bounds=[0, 500_000]),
        column("wage", "decimal(10,2)", bounds=["-10.00", "990.50"], required=True),
        column("town", "string"),
        column("code", "integer"),
        column("insured", "boolean"),
        column("born", "date", bounds=["1920-05-01", "2019-12-31"], required=True),
        column("Order", "string"),
    ],
}
VISITS = {
    "name": "visits",
    "unit": "pid",
    "max_rows_per_unit": 20,
    "columns": [
        column("visit_id", "integer", role="identifier"),
        column("pid", "integer", role="identifier"),
        column("dept", "string"),
        column("ward", "string", domain=["a", "b", "c"]),
        column("cost", "decimal(10,2)", bounds=[0, 20_000]),
        column("day", "date", bounds=["2023-04-01", "2023-09-30"]),
    ],
}
PLACES = {"name": "places", "public": True, "columns": [column("town", "string", role="public")]}


@cache
def clinic() -> Entry:
    return parse_entry(registration("clinic", [PERSONS, VISITS, PLACES], "persons.pid"))


def plan_of(
    sql: str,
    *,
    entry: Entry | None = None,
    spec: Mapping[str, Any] | None = None,
    facts: Mapping[str, TableFacts] | None = None,
    today: date | None = None,
    **request: Any,
) -> Plan:
    """Compile `sql` over the clinic with small δs."""
    asked = {"sql": sql, "epsilon": "1", **request}
    small = Decimal("1e-9"), Decimal("1e-10")
    return QueryProduct().compile(
        Question(asked, "res", "pop", "v1", entry or clinic(), spec or {}, *small, facts=facts or {}, today=today)
    )


def only(plan: Plan) -> Block:
    """The one block of a plan."""
    [block] = plan.blocks
    return block


def refusal(sql: str, **request: Any) -> Problem:
    """Give the problem that `sql` meets; fails the test when it is answered."""
    try:
        plan_of(sql, **request)
    except Problem as problem:
        return problem
    raise AssertionError(f"answered: {sql}")
