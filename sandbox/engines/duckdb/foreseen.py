"""Whether a plan can be written as SQL at all, said before anything is spent. Opens no file: the layout is what
declarations tell, and sizes are as large as they can be."""

from __future__ import annotations

from sandbox.engines.duckdb.facts import Facts
from sandbox.engines.duckdb.render import render
from sandbox.engines.layout import Layout
from sandbox.plan.plan import Plan

UNITS, CODES = 1 << 32, 1 << 16


def renders(plan: Plan, layout: Layout) -> bool:
    """Say whether the engine has statements for `plan` over a version of this layout."""
    dictionaries = [one.dictionary for table in layout.tables.values() for one in table.columns]
    codes = {name: CODES for name in dictionaries if name is not None}
    facts = Facts(layout, whole=True, units=UNITS, rows=UNITS, codes=codes, required=frozenset())
    try:
        return all(render(block, facts) for block in plan.blocks)
    except Exception:  # noqa: BLE001 – whatever it trips over would end the job after its privacy is spent
        return False
