"""Whether a plan can be written as SQL at all, said before anything is spent. Opens no file: the layout is what
declarations tell, and sizes are as large as they can be."""

from __future__ import annotations

from sandbox.engines.duckdb.facts import Facts
from sandbox.engines.duckdb.reads import read_statement
from sandbox.engines.duckdb.render import render
from sandbox.engines.duckdb.unit_rows import rows_statement
from sandbox.engines.layout import Layout
from sandbox.engines.own import with_named
from sandbox.plan.block import Block
from sandbox.plan.plan import Plan
from sandbox.plan.reading import Reading
from sandbox.plan.relation import Worked

UNITS, CODES = 1 << 32, 1 << 16


def renders(plan: Plan | Reading, layout: Layout) -> bool:
    """Say whether the engine has statements for `plan` over a version of this layout."""
    layout = layout if isinstance(plan, Reading) else with_named(layout, plan.own)
    dictionaries = [one.dictionary for table in layout.tables.values() for one in table.columns]
    codes = {name: CODES for name in dictionaries if name is not None}
    facts = Facts(layout, whole=True, units=UNITS, rows=UNITS, codes=codes, required=frozenset())
    try:
        if isinstance(plan, Reading):
            return bool(read_statement(plan, facts).sql)
        if plan.stages:
            return bool(rows_statement(plan.stages[0].rows, facts)[0])
        return all(_renders(block, facts) for block in plan.blocks)
    except Exception:  # noqa: BLE001 – whatever it trips over would end the job after its privacy is spent
        return False


def _renders(block: Block, facts: Facts) -> bool:
    if isinstance(block.rows, Worked):
        return bool(rows_statement(block.rows.source, facts)[0])
    return bool(render(block, facts))
