"""How many rows of a unit a join can have is found again by trying all small tables, and is never less nor more."""

from __future__ import annotations

from itertools import product

import pytest

from sandbox.engines.relations import rows_of
from sandbox.plan import scalar as s
from sandbox.plan.relation import Join, Scan
from sandbox.privacy.multiplicity import most_rows

LEFT, RIGHT = (s.Column(name, s.INTEGER) for name in ("x@0", "x@1"))


@pytest.mark.parametrize("how", ["inner", "left", "full"])
@pytest.mark.parametrize("equal", [True, False])
@pytest.mark.parametrize("fanout", [None, 1, 2])
def test_no_small_table_has_more_rows_of_a_unit(how, equal, fanout):
    pairs = ((LEFT, RIGHT),) if equal else ()
    for left, right in product(range(1, 4), repeat=2):
        join = Join(how, Scan("a", 0, (LEFT,), left), Scan("b", 1, (RIGHT,), right), pairs, None, fanout)
        found = max(len(rows_of(join, tables)) for tables in tables_of(left, right, equal, fanout))
        assert found <= most_rows(join) == join.rows
        if fanout is None:
            assert found == join.rows


def tables_of(left, right, equal, fanout):
    """All tables of a unit with up to so many rows, of which no left row could meet more than the fan-out."""
    for mine, other in product(range(left + 1), range(right + 1)):
        for xs, ys in product(product(range(2), repeat=mine), product(range(2), repeat=other)):
            met = max(map(ys.count, range(2))) if equal else other
            if fanout is None or met <= fanout:
                yield {name: [_row(*cell) for cell in enumerate(cells)] for name, cells in (("a", xs), ("b", ys))}


def _row(order, value):
    return {"__unit": 1, "__ord": order, "x": value}
