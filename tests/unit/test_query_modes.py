"""What bounds leave out, what is given back of it, and which mode a measure is bounded in."""

from __future__ import annotations

import copy
from decimal import Decimal

import pytest
from query_town import MOST, PRIVATE, SUMS, block, histogram, planned, profile_json

from sandbox.catalogue.profile import profile_of
from sandbox.errors import Problem
from sandbox.jobs.buckets import falling_ends
from sandbox.plan.plan import Plan
from sandbox.plan.relation import Group
from sandbox.privacy.rederive import pure_loss
from sandbox.privacy.released import Released
from sandbox.products.query.kind import QueryProduct
from sandbox.products.query.spread import spread


def bias(plan: Plan, name: str) -> float | None:
    found = next(one["bias"] for one in QueryProduct().expect(plan) if one["name"] == name)
    return None if found is None else float(found)


def test_what_bounds_leave_out_of_all_rows_is_given_back() -> None:
    plan = planned(PRIVATE)
    [count] = block(plan).measurements
    left_out = bias(plan, "n") or 0.0
    assert left_out > 0.01 and float(count.kept) == pytest.approx(1 - left_out)
    assert any("is added to every group alike" in note for note in plan.notes)
    base = [Released([("H1", "D00")], [(1_000,)])]
    answer = QueryProduct().present(plan, base, [base[0].values])
    assert answer.rows[0][-1] == round(1_000 / count.kept)
    [half], sigma = (Decimal(str(error)) for error in answer.errors[0] if error is not None), count.sigma / 1024
    assert float(half) == pytest.approx((1.96 * 1.09**0.5 * sigma + 0.5) / float(count.kept), rel=0.01)


@pytest.mark.parametrize(
    "sql",
    [
        PRIVATE.replace("GROUP BY", "WHERE cost > 5 GROUP BY"),  # what is left out of these rows nobody knows
        "SELECT sex, COUNT(*) AS n FROM visits JOIN persons ON visits.pid = persons.pid GROUP BY sex",
        "SELECT cost % 7 AS k, COUNT(*) AS n FROM visits GROUP BY cost % 7",  # nor in groups that are not profiled
        "SELECT dept, AVG(cost) AS mean FROM visits GROUP BY dept",
    ],
)
def test_nothing_is_given_back_where_it_is_not_known(sql: str) -> None:
    assert all(m.kept == 1 for m in block(planned(sql)).measurements)


def test_asked_for_bounds_are_not_given_back() -> None:
    made = block(planned(PRIVATE, spec={"bounds": {"groups": 5}}))
    assert made.bounds.groups == 5 and all(m.kept == 1 for m in made.measurements)


def test_a_count_beside_an_average_says_what_is_left_out_of_it() -> None:
    plan = planned("SELECT dept, COUNT(*) AS n, AVG(cost) AS mean FROM visits GROUP BY dept", units=10_000)
    made, known = block(plan), spread(profile_of(profile_json(10_000)).tables["visits"], frozenset({"dept"}), 40)
    assert known is not None and not any(m.norm for m in made.measurements)
    left_out = 1 - known.kept(min(made.bounds.groups, 40), made.bounds.rows_per_group)
    assert bias(plan, "n") == pytest.approx(left_out, rel=0.01) and left_out > 0
    assert bias(plan, "mean") is None  # this profile has no means


@pytest.mark.parametrize(("dear", "differs"), [(1.0, False), (3.0, True)])
def test_the_bias_of_an_average_follows_from_the_means_of_units_with_many_rows(dear: float, differs: bool) -> None:
    raw = profile_json()
    ends = [1, 2, 4, 8, 16, 32, 64, 128, 200]
    units = [100_000] * len(ends)
    means = [900 * (dear if end > 16 else 1.0) for end in ends]
    sums = [round(100 * (mean - 5_000) * n) for mean, n in zip(means, units, strict=True)]
    raw["tables"]["visits"]["means"] = {
        "cost": {"upper": ends, "units": units, "sums": sums, "finer": 100, "centre": 5_000, "sigma": "100000"}
    }
    [made] = [profile_of(raw)]
    assert made.tables["visits"].means["cost"].at(20) == pytest.approx((900 * dear, 1))
    sql = "SELECT dept, AVG(cost) AS mean FROM visits GROUP BY dept"
    plan = planned(sql, profile=made)
    found, bounds = bias(plan, "mean"), block(plan).bounds
    known = spread(made.tables["visits"], frozenset({"dept"}), 40)
    assert known is not None
    parts = known.parts(min(bounds.groups, 40), bounds.rows_per_group)
    mean = [sum(part[at] * (900 * dear if part[0] > 16 else 900) for part in parts) for at in (1, 2)]
    kept = sum(part[2] for part in parts)
    clamped = block(plan).measurements[0].upper < 10_000 or block(plan).measurements[-1].upper < 10_000
    assert found == pytest.approx(abs(mean[1] / kept / mean[0] - 1), abs=0.03 if clamped else 1e-3)
    assert (kept < 0.999 and abs(mean[1] / kept / mean[0] - 1) > 1e-3) == differs


def test_noise_hides_means_of_few_units() -> None:
    few = {"upper": [1, 2], "units": [1_000, 3], "sums": [0, 0], "finer": 100, "centre": 100, "sigma": "1000"}
    raw = profile_json()
    raw["tables"]["visits"]["means"] = {"cost": few}
    means = profile_of(raw).tables["visits"].means["cost"]
    assert means.means == ((100.0, 1.0), None) and means.at(2) == (100.0, 1.0)


def test_a_quantile_of_part_of_the_rows_has_no_known_bias() -> None:
    plan = planned("SELECT dept, MEDIAN(cost) AS half FROM visits GROUP BY dept")
    assert block(plan).bounds.truncates and bias(plan, "half") is None
    base = [Released([("D00",)], [(1,)])]
    answer = QueryProduct().present(plan, base, [base[0].values])
    assert next(column.bias for column in answer.columns if column.name == "half") == "unknown"


@pytest.mark.parametrize(
    "sql", ["SELECT sex, AVG(cost) AS x FROM visits JOIN persons ON visits.pid = persons.pid GROUP BY sex"]
)
def test_the_more_values_differ_the_more_rows_an_average_keeps(sql: str) -> None:
    kept = []
    for spread_of_costs in (0.05, 1.5):
        raw = profile_json(1_000)
        raw["tables"]["visits"]["values"]["cost"] = histogram(falling_ends(0, 10_000), 900, spread_of_costs, 1_000, 0)
        kept.append(block(planned(sql, profile=profile_of(raw))).bounds.total)
    assert kept[0] < kept[1]


def test_rows_that_noise_hides_are_in_the_tail() -> None:
    raw = profile_json(10_000)["tables"]["visits"]
    whole = spread(profile_of({"version": "v", "tables": {"visits": raw}}).tables["visits"], frozenset(), None)
    hidden = copy.deepcopy(raw)
    counts = hidden["per_unit"]["units"]
    hidden["per_unit"]["units"] = [
        n if end <= 30 else 0 for n, end in zip(counts, hidden["per_unit"]["upper"], strict=True)
    ]
    hidden["rows"] = round(sum(one.share * one.rows for one in whole.alike) * hidden["units"]) if whole else 0
    seen = spread(profile_of({"version": "v", "tables": {"visits": hidden}}).tables["visits"], frozenset(), None)
    assert whole is not None and seen is not None
    assert sum(one.share for one in seen.alike) == pytest.approx(1)
    assert sum(one.share * one.rows for one in seen.alike) == pytest.approx(hidden["rows"] / hidden["units"], rel=0.02)
    assert seen.kept(1, 32) == pytest.approx(whole.kept(1, 32), abs=0.06) and seen.kept(1, 32) < 0.97


def mode(plan: Plan) -> str:
    made = block(plan)
    return "totals" if isinstance(made.rows, Group) else "weights" if any(m.norm for m in made.measurements) else "rows"


@pytest.mark.parametrize(
    ("sql", "wins"),
    [
        (PRIVATE, "rows"),
        ("SELECT dept, AVG(cost) AS mean FROM visits GROUP BY dept", "rows"),
        (SUMS, "weights"),
        ("SELECT SUM(cost) AS t FROM visits", "totals"),
        ("SELECT COUNT(*) AS n, SUM(cost) AS t FROM visits WHERE dept < 'D09'", "totals"),
        ("SELECT sex, SUM(cost) AS t FROM visits JOIN persons ON visits.pid = persons.pid GROUP BY sex", "totals"),
        ("SELECT hospital, dept, SUM(cost) AS t FROM visits GROUP BY hospital, dept", "rows"),  # totals take too long
    ],
)
def test_the_mode_with_the_smallest_predicted_error_is_taken(sql: str, wins: str) -> None:
    plan = planned(sql, units=10_000)
    assert mode(plan) == wins
    with_keys = [key.domain for key in block(plan).keys]
    assert with_keys == [key.domain for key in block(planned(sql, units=10_000, spec={"mode": "rows"})).keys]


def test_a_total_is_clamped_where_units_have_more() -> None:
    plan = planned("SELECT SUM(cost) AS t FROM visits", units=10_000)
    [total] = block(plan).measurements
    assert 10_000 < total.upper < 10_000 * MOST and total.square == total.upper**2
    assert any("totals of cost of one person in a group count as at least 0" in note for note in plan.notes)
    by_hand = planned("SELECT SUM(cost) AS t FROM visits", units=10_000, spec={"mode": "rows"})
    widths = [float(QueryProduct().expect(one)[0]["relative"] or "nan") for one in (plan, by_hand)]
    assert widths[0] < widths[1] / 2


@pytest.mark.parametrize(
    "sql", ["SELECT SUM(cost) AS t FROM visits", "SELECT dept, SUM(cost) AS t FROM visits GROUP BY dept"]
)
def test_a_budget_without_delta_gets_totals_where_it_gets_no_weights(sql: str) -> None:
    plan = planned(sql, pure=True, units=100_000, spec={"mode": "totals"} if "dept" in sql else {})
    assert mode(plan) == "totals" and {m.mechanism for m in block(plan).measurements} == {"laplace"}
    assert pure_loss(plan) is not None


@pytest.mark.parametrize(
    ("asked", "sql", "said"),
    [
        ("totals", "SELECT dept, AVG(cost) AS x FROM visits GROUP BY dept", "counts and sums"),
        ("totals", "SELECT SUM(income) AS x FROM persons", "several rows"),
        ("weights", "SELECT dept, AVG(cost) AS x FROM visits GROUP BY dept", "declared groups"),
        ("weights", PRIVATE, "declared groups"),
        ("weights", "SELECT SUM(cost) AS x FROM visits", "declared groups"),
    ],
)
def test_a_mode_that_does_not_fit_is_refused(asked: str, sql: str, said: str) -> None:
    with pytest.raises(Problem, match=said):
        planned(sql, spec={"mode": asked})
    with pytest.raises(Problem, match="public profile"):
        planned(sql, spec={"mode": asked}, units=None)


@pytest.mark.parametrize("asked", ["rows", "weights", "totals"])
def test_a_mode_that_was_asked_for_is_taken(asked: str) -> None:
    for units in (1_000, 1_000_000):
        assert mode(planned(SUMS, spec={"mode": asked}, units=units)) == asked


def test_an_unknown_mode_is_refused_at_once() -> None:
    with pytest.raises(Problem, match="rows, weights, totals"):
        planned(SUMS, spec={"mode": "best"})
    with pytest.raises(Problem, match="rows, weights, totals"):
        QueryProduct().review({"mode": "best"}, [])
    with pytest.raises(Problem, match="without bounds"):
        planned(SUMS, spec={"mode": "totals", "bounds": {"groups": 3}})


def test_a_unit_with_keys_of_its_own_has_one_row() -> None:
    sql = "SELECT sex, SUM(cost) AS t FROM visits JOIN persons ON visits.pid = persons.pid GROUP BY sex"
    made = block(planned(sql, units=10_000))
    assert isinstance(made.rows, Group) and made.rows.rows == 1 and not made.bounds.truncates
    [total] = made.measurements
    assert total.square == total.upper**2  # one group of one unit, whatever its rows are
    by_rows = block(planned(sql, units=10_000, spec={"mode": "rows"}))
    assert [key.domain for key in made.keys] == [key.domain for key in by_rows.keys] == [("f", "m")]
