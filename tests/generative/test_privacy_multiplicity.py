"""How many rows of a unit a join can have is found again by trying all small tables, and is never less nor more."""

from __future__ import annotations

from itertools import product

import pytest

from sandbox.engines.relations import rows_of
from sandbox.plan import scalar as s
from sandbox.plan.relation import Join, Public, Scan, Semi, Union
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


def forced(kind, **parts):
    """A relation that its own class would refuse, as after a fault in memory."""
    made = object.__new__(kind)
    for name, value in parts.items():
        object.__setattr__(made, name, value)
    return made


UNITS, PLACES = Scan("a", 0, (LEFT,), 3), Public("b", 1, (RIGHT,))
PAIRS = {"equal": (), "condition": None}


@pytest.mark.parametrize(
    "wrong",
    [
        forced(Join, how="left", left=PLACES, right=UNITS, fanout=1, **PAIRS),
        forced(Join, how="inner", left=PLACES, right=UNITS, fanout=1, **PAIRS),
        forced(Join, how="full", left=UNITS, right=PLACES, fanout=1, **PAIRS),
        forced(Join, how="inner", left=UNITS, right=PLACES, fanout=None, **PAIRS),
        forced(Semi, left=PLACES, right=UNITS, anti=False, **PAIRS),
        forced(Semi, left=PLACES, right=UNITS, anti=True, **PAIRS),
    ],
    ids=lambda node: f"{type(node).__name__} {getattr(node, 'how', node.anti if hasattr(node, 'anti') else '')}",
)
def test_what_no_relation_may_be_is_found_again(wrong):
    with pytest.raises(ValueError, match="public"):
        most_rows(wrong)


@pytest.mark.parametrize("sizes", [(1, 1), (2, 3), (1, 2, 3)])
def test_a_union_has_the_rows_of_all_its_sources(sizes):
    """They are all there at once: the largest source alone would say too little."""
    union = Union(tuple(Scan(f"t{at}", 0, (LEFT,), size) for at, size in enumerate(sizes)))
    tables = {f"t{at}": [_row(order, order) for order in range(size)] for at, size in enumerate(sizes)}
    assert len(rows_of(union, tables)) == most_rows(union) == union.rows == sum(sizes)


def tables_of(left, right, equal, fanout):
    """All tables of a unit with up to so many rows, of which no left row could meet more than the fan-out."""
    for mine, other in product(range(left + 1), range(right + 1)):
        for xs, ys in product(product(range(2), repeat=mine), product(range(2), repeat=other)):
            met = max(map(ys.count, range(2))) if equal else other
            if fanout is None or met <= fanout:
                yield {name: [_row(*cell) for cell in enumerate(cells)] for name, cells in (("a", xs), ("b", ys))}


def _row(order, value):
    return {"__unit": 1, "__ord": order, "x": value}
