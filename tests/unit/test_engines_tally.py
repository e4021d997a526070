"""The child's own arithmetic, against plain Python: exact sums, first rows of groups, weights by norms."""

from __future__ import annotations

import numpy as np
import pytest

from sandbox.engines.duckdb import weights as weighing
from sandbox.engines.duckdb.ordinals import first_rows, numbers
from sandbox.engines.duckdb.tally import sums
from sandbox.engines.duckdb.weights import weights
from sandbox.engines.reference import edge


@pytest.fixture(params=range(5))
def chance(request):
    return np.random.default_rng(request.param)


@pytest.mark.parametrize("bits", [1, 20, 49, 50, 51, 52, 53])
def test_sums_are_exact_beyond_what_doubles_hold(chance, bits):
    code = chance.integers(0, 3, 700)
    most = (1 << bits) - 1
    given = np.where(chance.random(700) < 0.5, chance.integers(-most, most, 700, endpoint=True), most - code)
    expected = [sum(int(one) for one in given[code == cell]) for cell in range(5)]
    assert sums(code, given, 5, bits).tolist() == expected


@pytest.mark.parametrize("groups", [None, 1, 2, 5])
def test_first_rows_are_those_whose_ordinals_are_the_first(chance, groups):
    unit, key = np.sort(chance.integers(0, 30, 300)) * 7, chance.integers(0, 6, 300)
    group, row = numbers(unit, key, 6)
    expected = (row == 0) & (group < (groups or 300))
    assert first_rows(unit, key, groups).tolist() == expected.tolist()


def test_first_rows_of_units_with_many_keys_that_want_the_same_slots(chance):
    unit = np.repeat([3, 5, 8], [1, 4000, 7])
    key = chance.integers(0, 1 << 11, len(unit)) << chance.integers(0, 10)
    seen, expected = set(), []
    for row in zip(unit.tolist(), key.tolist(), strict=True):
        expected.append(row not in seen)
        seen.add(row)
    assert first_rows(unit, key, None).tolist() == expected


@pytest.mark.parametrize("sparse", [0, 1 << 20])
@pytest.mark.parametrize(("most", "cap"), [(None, 9), (3, 4), (1 << 20, 1 << 22), (1 << 40, 1 << 43)])
def test_weights_are_those_of_the_definition(chance, monkeypatch, sparse, most, cap):
    """Also where the sum of squares is beyond what doubles hold, and lies on an edge."""
    monkeypatch.setattr(weighing, "SPARSE", sparse)
    monkeypatch.setattr(weighing, "CELLS", 15)  # three units at a time
    unit, key = np.sort(chance.integers(0, 40, 400)) * 3, chance.integers(0, 5, 400)
    x = None if most is None else chance.choice([0, 1, most, -most, most // 2], 400)
    expected = []
    for one in unit:
        of_unit = [np.flatnonzero((unit == one) & (key == each)) for each in range(5)]
        totals = [len(rows) if x is None else sum(abs(int(number)) for number in x[rows]) for rows in of_unit]
        expected.append(min(10**5, cap * 10**5 // edge(sum(total**2 for total in totals))))
    assert weights(unit, key, 5, x, cap).tolist() == expected


def test_an_empty_piece_has_nothing():
    nothing = np.zeros(0, np.int64)
    assert weights(nothing, nothing, 5, None, 3).tolist() == []
    assert first_rows(nothing, nothing, 2).tolist() == []
    assert sums(nothing, nothing, 2, 60).tolist() == [0, 0]
