"""The reference engine: a plan's meaning in plain Python, slow and obviously right. The oracle of all others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sandbox.engines.base import Exact, OpenVersion
from sandbox.engines.files import read_table
from sandbox.engines.fixed import grains
from sandbox.plan.evaluate import evaluate
from sandbox.plan.plan import Measurement, Plan
from sandbox.plan.scalar import Value

if TYPE_CHECKING:
    from typing import Any

Row = Mapping[str, Value]
Group = tuple[Value, ...]


class ReferenceEngine:
    """Runs plans over rows in memory – dicts that hold `__unit`, `__h`, `__ord` too – or, without any, over the
    version's file."""

    def __init__(self, tables: Mapping[str, Sequence[Row]] | None = None) -> None:
        self._tables = tables

    def run(self, version: OpenVersion, plan: Plan) -> Exact:
        """Execute `plan`, definition by definition."""
        table = read_table(version.path, version.key, plan.table) if self._tables is None else self._tables[plan.table]
        rows = [row for row in table if plan.where is None or evaluate(plan.where, row) is True]
        kept = bounded(plan, rows)
        if not plan.keys:
            kept = {(): kept.get((), [])}
        values = [tuple(measure(m, members) for m in plan.measurements) for members in kept.values()]
        return Exact(list(kept), values)

    def close(self) -> None:
        """Nothing to let go of."""


def bounded(plan: Plan, rows: Sequence[Row]) -> dict[Group, list[Row]]:
    """Give the rows that count, by group: of each unit the first L0 groups, in each its first R rows.

    Rows stand in order of (`__h`, `__ord`); groups in order of (their least `__h`, their key with NULL first)."""
    units: dict[Value, dict[Group, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        units[row["__unit"]][tuple(evaluate(key.expr, row) for key in plan.keys)].append(row)
    kept: dict[Group, list[Row]] = defaultdict(list)
    for groups in units.values():
        placed = [(sorted(members, key=_place), group) for group, members in groups.items()]
        placed.sort(key=lambda one: (_place(one[0][0])[0], [(value is not None, value) for value in one[1]]))
        for members, group in placed[: plan.bounds.groups]:
            kept[group] += members[: plan.bounds.rows_per_group]
    return kept


def measure(m: Measurement, rows: Sequence[Row]) -> int:
    """Give the exact integer of one measurement over the rows of a group."""
    if m.what == "rows":
        return len(rows)
    if m.what == "units":
        return len({row["__unit"] for row in rows})
    assert m.expr is not None
    present: list[Any] = [value for row in rows if (value := evaluate(m.expr, row)) is not None]
    if m.what == "values":
        return len(present)
    return sum(min(max(grains(value, m.scale), m.lower), m.upper) - m.centre for value in present)


def _place(row: Row) -> tuple[Any, Any]:
    return row["__h"], row["__ord"]
