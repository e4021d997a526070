"""A declared town, its public profile, and questions planned by it."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from sandbox.catalogue.entry import parse_entry
from sandbox.catalogue.profile import profile_of
from sandbox.jobs.buckets import count_ends, falling_ends
from sandbox.jobs.product import Question
from sandbox.plan.block import Block
from sandbox.plan.plan import Plan
from sandbox.privacy.rederive import loss
from sandbox.products.query.compile import compile_query

MOST = 200
DEPTS = [f"D{number:02}" for number in range(40)]
LEGAL = {"type": "statutory_duty", "instrument": "Act", "purpose": "statistics"}


def column(name: str, kind: str, **declared: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "role": "sensitive", **declared}


ENTRY = parse_entry(
    {
        "name": "town",
        "title": {"zh": "城", "en": "Town"},
        "holder": "Bureau",
        "domain": "health",
        "grade": "general",
        "personal_information": True,
        "legal_basis": LEGAL,
        "update_frequency": "P1M",
        "unit": {"name": "person", "column": "persons.pid"},
        "tables": [
            {
                "name": "persons",
                "unit": "pid",
                "max_rows_per_unit": 1,
                "columns": [
                    column("pid", "integer"),
                    column("sex", "string", domain=["f", "m"], required=True),
                    column("income", "decimal(9,2)", bounds=[0, 1_000_000], required=True),
                ],
            },
            {
                "name": "visits",
                "unit": "pid",
                "max_rows_per_unit": MOST,
                "key_sets": [["dept"], ["hospital", "dept"]],
                "columns": [
                    column("pid", "integer", references="persons.pid"),
                    column("hospital", "string", required=True),
                    column("dept", "string", domain=DEPTS, required=True),
                    column("cost", "integer", bounds=[0, 10_000], required=True),
                ],
            },
        ],
        "privacy": {"epsilon": "100", "delta": "1e-6", "per_user": {"epsilon": "50", "delta": "1e-6"}},
    }
)


def histogram(ends: tuple[int, ...], centre: float, spread: float, units: int, lower: int) -> dict[str, Any]:
    """A lognormal histogram of `units`, rounded, without noise but with that much of it announced."""

    def below(x: float) -> float:
        return 0.5 * (1 + math.erf((math.log(max(x, 1e-9)) - math.log(centre)) / spread / math.sqrt(2)))

    edges = [below(end + 0.5) for end in ends]
    edges[-1] = 1.0
    shares = [high - low for low, high in zip([0.0, *edges[:-1]], edges, strict=True)]
    return {"lower": lower, "upper": list(ends), "units": [round(units * one) for one in shares], "sigma": "1"}


def table_profile(units: int) -> dict[str, Any]:
    counts, costs = count_ends(MOST), falling_ends(0, 10_000)
    sums = falling_ends(0, 10_000 * MOST)
    rows = histogram(counts, 6, 1, units, 1)

    def key_set(keys: list[str], groups: float, most: float) -> dict[str, Any]:
        norms = {
            "*": histogram(falling_ends(0, MOST), 3.5, 0.8, units, 0),
            "cost": histogram(sums, 5_000, 1, units, 0),
        }
        return {
            "keys": keys,
            "groups": histogram(counts, groups, 0.9, units, 1),
            "most": histogram(counts, most, 0.5, units, 1),
            "norms": norms,
        }

    return {
        "rows": 10 * units,
        "units": units,
        "per_unit": rows,
        "key_sets": [key_set(["dept"], 5, 2), key_set(["hospital", "dept"], 6, 1)],
        "values": {"cost": histogram(costs, 900, 1, units, 0)},
        "keys": {"hospital": ["H1", "H2", "H3"]},
    }


def profile_json(units: int = 1_000_000, version: str = "v1") -> dict[str, Any]:
    income = histogram(falling_ends(0, 100_000_000), 3_000_000, 0.8, units, 0)
    persons = {"rows": units, "units": units, "values": {"income": income}}
    return {"version": version, "tables": {"persons": persons, "visits": table_profile(units)}}


def planned(sql: str, *, units: int | None = 1_000_000, epsilon: str = "1", version: str = "v1", **more: Any) -> Plan:
    spec = more.pop("spec", {})
    profile = more.pop("profile", None if units is None else profile_of(profile_json(units)))
    return compile_query(
        Question(
            request={"sql": sql, "epsilon": epsilon},
            resource="r",
            population="p",
            version=version,
            entry=ENTRY,
            spec=spec,
            delta_conv=Decimal("5e-7"),
            delta_threshold=Decimal("1e-8"),
            profile=profile,
            **more,
        )
    )


def block(plan: Plan) -> Block:
    [only] = plan.blocks
    loss(plan)  # whatever was chosen, the second derivation agrees
    return only


SUMS = "SELECT dept, COUNT(*) AS n, SUM(cost) AS total FROM visits GROUP BY dept"
PRIVATE = "SELECT hospital, dept, COUNT(*) AS n FROM visits GROUP BY hospital, dept"
