"""What is worked out once for statements that come again: in the parent how a block is written, in the child how DuckDB
runs it. Both follow from the plan and from how the version is stored, not from what its rows say while it is open.

A question may so be answered a millisecond sooner where somebody asked it before. Answers wait for their quantum, which
covers that as it covers pages that are in memory already."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from sandbox.engines.duckdb.facts import Facts
from sandbox.plan.block import Block

if TYPE_CHECKING:  # one side has DuckDB, the other writes statements
    import duckdb
    import pyarrow as pa

    from sandbox.engines.duckdb.render import Query

KEPT = 64


class Written:
    """The statements of the blocks that were last rendered for one version."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, list[Query]] = OrderedDict()

    def of(self, block: Block, facts: Facts) -> list[Query]:
        """Give what `render` gives for the block; `facts` are always those of the version. Raises what it raises."""
        asked = repr(block)  # equal numbers may be spelled in different places: 1.0 and 1.00
        found = self._kept.get(asked)
        if found is None:
            from sandbox.engines.duckdb.render import render

            found = self._kept[asked] = render(block, facts)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(asked)
        return found


class Planned:
    """Runs statements without parameters on a connection of its own. One that comes a second time is prepared, which
    spares reading, binding and planning it from then on: half of what DuckDB needs where rows are few."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection.cursor()
        self._kept: OrderedDict[str, str | None] = OrderedDict()
        self._number = 0

    def table(self, sql: str) -> pa.Table:
        """Give what the statement gives."""
        name = self._name(sql)
        return self._connection.execute(sql if name is None else f"EXECUTE {name}").to_arrow_table()

    def _name(self, sql: str) -> str | None:
        """Give what the statement is prepared as, None when it comes for the first time."""
        name = self._kept.get(sql)
        if name is None and sql in self._kept:
            self._number += 1
            name = f"kept_{self._number}"
            self._connection.execute(f"PREPARE {name} AS {sql}")
        self._kept[sql] = name
        self._kept.move_to_end(sql)
        if len(self._kept) > KEPT:
            _, gone = self._kept.popitem(last=False)
            if gone is not None:
                self._connection.execute(f"DEALLOCATE {gone}")
        return name
