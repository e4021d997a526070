"""Bounds chosen from a public profile: what is chosen, why, and from nothing else."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from decimal import Decimal

import pytest
from query_town import ENTRY, MOST, PRIVATE, SUMS, block, planned, profile_json

from sandbox.catalogue.profile import Histogram, profile_of
from sandbox.errors import Problem
from sandbox.jobs.product import Question
from sandbox.plan.codec import to_json
from sandbox.products.query.compile import compile_query
from sandbox.products.query.kind import QueryProduct
from sandbox.products.query.spread import Alike, Spread, spread


def test_counts_and_sums_in_declared_groups_are_weighed_by_norms() -> None:
    made = block(planned(SUMS))
    assert not made.bounds.truncates
    for measured in made.measurements:
        assert measured.norm is not None and [key.name for key in measured.norm.keys] == ["dept"]
        assert measured.square == (measured.norm.cap * 10**5) ** 2
    count, total = (m.norm.cap for m in made.measurements if m.norm)
    assert 4 <= count <= MOST and 10_000 <= total < 10_000 * MOST


def test_more_units_allow_wider_caps() -> None:
    caps = [
        [m.norm.cap for m in block(planned(SUMS, units=units)).measurements if m.norm]
        for units in (10_000, 100_000, 1_000_000)
    ]
    for place in range(2):
        found = [one[place] for one in caps]
        assert found == sorted(found) and found[0] < found[-1]


def test_private_keys_measure_units_once_when_a_unit_has_one_row_a_group() -> None:
    made = block(planned(PRIVATE))
    assert made.bounds.rows_per_group == 1 and 8 <= made.bounds.groups <= 80
    assert [m.what for m in made.measurements] == ["units"] and made.threshold is not None


def test_an_average_keeps_the_same_rows_above_and_below() -> None:
    made = block(planned("SELECT dept, AVG(cost) AS mean FROM visits GROUP BY dept"))
    assert {m.what for m in made.measurements} == {"rows", "sum"} and not any(m.norm for m in made.measurements)
    assert made.bounds.truncates


def test_groups_by_what_a_unit_has_once_need_one_group() -> None:
    sql = "SELECT sex, AVG(cost) AS mean FROM visits JOIN persons ON visits.pid = persons.pid GROUP BY sex"
    assert block(planned(sql)).bounds.groups == 1


def test_values_are_clamped_where_that_is_better_and_the_notes_say_so() -> None:
    plan = planned("SELECT sex, SUM(income) AS total FROM persons GROUP BY sex", units=10_000)
    [total] = block(plan).measurements
    assert total.upper < 100_000_000
    assert any("income count as at least 0 and at most" in note for note in plan.notes)
    near = planned("SELECT sex, SUM(income) AS total FROM persons GROUP BY sex", units=100_000_000)
    assert block(near).measurements[0].upper > total.upper


def test_a_variance_is_not_clamped_apart_from_its_squares() -> None:
    [*sums] = block(planned("SELECT sex, AVG(income), VAR_POP(income) FROM persons GROUP BY sex")).measurements
    assert max(m.upper for m in sums if m.what == "sum" and m.scale == 2) == 100_000_000


@pytest.mark.parametrize("bounds", [{"groups": 3}, {"rows_per_group": 7}, {"groups": 200, "rows_per_group": 200}])
def test_bounds_that_were_asked_for_are_kept(bounds: dict[str, int]) -> None:
    made = block(planned(SUMS, spec={"bounds": bounds}))
    assert (made.bounds.groups, made.bounds.rows_per_group) == (
        bounds.get("groups", MOST),
        bounds.get("rows_per_group", MOST),
    )
    assert not any(m.norm for m in made.measurements)


def test_without_a_profile_nothing_is_left_out() -> None:
    plan = planned(SUMS, units=None)
    assert not block(plan).bounds.truncates and not any(m.norm for m in plan.blocks[0].measurements)
    assert all(output.bias is None for output in plan.outputs[0])


def test_a_pure_budget_gets_bounds_but_no_weights() -> None:
    made = block(planned(SUMS, pure=True, units=10_000))
    assert {m.mechanism for m in made.measurements} == {"laplace"} and not any(m.norm for m in made.measurements)
    assert made.bounds.truncates


def test_published_keys_are_groups_of_their_own_version_unless_asked_otherwise() -> None:
    sql = "SELECT hospital, COUNT(*) AS n FROM visits GROUP BY hospital"
    plan = planned(sql)
    assert block(plan).keys[0].domain == ("H1", "H2", "H3") and plan.delta == 0
    assert any("public profile lists" in note for note in plan.notes)
    assert block(planned(sql, version="v2")).keys[0].domain is None
    assert block(planned(sql, spec={"keys": "private"})).keys[0].domain is None
    assert block(planned(PRIVATE)).threshold is not None
    with pytest.raises(Problem, match="private"):
        QueryProduct().review({"keys": "all"}, [])


def test_a_plan_follows_from_declarations_and_the_profile_alone() -> None:
    for sql in (SUMS, PRIVATE, "SELECT dept, MEDIAN(cost) FROM visits WHERE cost > 7 GROUP BY dept"):
        first = json.dumps(to_json(planned(sql)))
        raw = profile_json()
        again = Question(
            {"sql": sql, "epsilon": "1"}, "r", "p", "v1", copy.deepcopy(ENTRY), {},
            Decimal("5e-7"), Decimal("1e-8"), profile=profile_of(json.loads(json.dumps(raw))),
        )  # fmt: skip
        assert json.dumps(to_json(compile_query(again))) == first
        assert compile_query(replace(again, version="v2")).blocks == compile_query(again).blocks


def test_an_estimate_says_what_to_expect() -> None:
    plan = planned(SUMS)
    n, total = QueryProduct().expect(plan)
    assert (n["name"], total["name"]) == ("n", "total")
    assert n["usual"] == "2.5E+5".replace("2.5E+5", f"{Decimal('2.5E+5'):f}")
    assert float(n["relative"]) == pytest.approx(float(n["error_95"]) / 250_000, rel=1e-3)
    assert 0 <= float(n["bias"]) < 0.01
    unknown = QueryProduct().expect(planned(SUMS, units=None))
    assert unknown[0]["bias"] is None and unknown[0]["error_95"] is not None


def test_a_histogram_of_noise_alone_says_nothing() -> None:
    quiet = Histogram(0, (1, 2, 3, 4), (5, -3, 2, -9), 10.0)
    assert quiet.parts == () and quiet.quantile(0.5) is None and quiet.mean is None
    sure = Histogram(0, (1, 2, 3, 4), (500, -3, 500, 9), 10.0)
    assert [part.high for part in sure.parts] == [1, 3] and sure.quantile(0.5) == 1 and sure.quantile(0.51) == 3
    tail = Histogram(0, (1, 2, 3, 4, 5), (500, 25, 25, 25, 25), 10.0)
    assert len(tail.parts) == 2 and sum(part.share for part in tail.parts) == pytest.approx(1)


def test_what_bounds_keep_grows_with_them_to_everything() -> None:
    profile = profile_of(profile_json())
    known = spread(profile.tables["visits"], frozenset({"dept"}), 40)
    assert known is not None
    steps = (1, 2, 5, 20, MOST)
    kept = [[known.kept(groups, rows) for rows in steps] for groups in steps]
    assert all(row == sorted(row) for row in kept)
    assert all(list(line) == sorted(line) for line in zip(*kept, strict=True))
    assert 0 < kept[0][0] < 0.5 and kept[-1][-1] == pytest.approx(1)


def test_sizes_of_groups_add_up_to_the_rows_of_a_unit() -> None:
    alone = Spread(1, 1, (Alike(1.0, 10.0, 4.0, 6.0, {}),))
    assert sum(alone.sizes[0]) == pytest.approx(10) and len(alone.sizes[0]) == 4
    assert alone.kept(4, 10) == pytest.approx(1) and alone.kept(2, 10) == pytest.approx(0.5)


@pytest.mark.parametrize("units", [2_000, 10_000, 1_000_000])
def test_a_sum_and_an_average_of_one_column_have_one_sum_however_it_is_clamped(units: int) -> None:
    plan = planned("SELECT sex, SUM(income) AS total, AVG(income) AS mean FROM persons GROUP BY sex", units=units)
    made = block(plan)
    assert sorted(m.what for m in made.measurements) == ["rows", "sum"]
    [total] = [m for m in made.measurements if m.what == "sum"]
    assert total.centre == total.upper // 2
    assert (total.upper < 100_000_000) == (units < 1_000_000)


def test_an_average_gets_what_its_size_needs() -> None:
    """Its values are far below the middle of what they may be. Against half of the range, which is taken where no
    profile says how large they are, its sum would get less than the count."""
    plan = planned("SELECT sex, COUNT(*) AS n, AVG(income) AS mean FROM persons GROUP BY sex", units=10_000_000)
    rho = {m.what: float(m.rho) for m in block(plan).measurements}
    assert rho["sum"] > rho["rows"]


def test_what_counts_as_something_else_is_not_weighed() -> None:
    """Only what does not count at all is as near to 0 as the column that is weighed."""
    other = "SELECT dept, SUM(CASE WHEN cost > 5 THEN cost ELSE 3 END) AS s FROM visits GROUP BY dept"
    filtered = "SELECT dept, SUM(cost) FILTER (WHERE cost > 5) AS s FROM visits GROUP BY dept"
    assert [m.norm is not None for sql in (other, filtered) for m in block(planned(sql)).measurements] == [False, True]


@pytest.mark.parametrize("sign", ["", "-1 * "])
def test_a_total_is_not_clamped_below_what_it_is_at_least(sign: str) -> None:
    sql = f"SELECT dept, SUM({sign}(cost + 500000)) AS s FROM visits GROUP BY dept"
    [made] = block(planned(sql, units=200, spec={"mode": "totals"})).measurements
    assert 500_000 in (made.lower, -made.upper) and made.lower < made.upper
