"""Bounds chosen from a public profile: what is chosen, why, and from nothing else."""

from __future__ import annotations

import copy
import json
import math
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from sandbox.catalogue.entry import parse_entry
from sandbox.catalogue.profile import Histogram, profile_of
from sandbox.errors import Problem
from sandbox.jobs.buckets import count_ends, falling_ends
from sandbox.jobs.product import Question
from sandbox.plan.block import Block
from sandbox.plan.codec import to_json
from sandbox.plan.plan import Plan
from sandbox.privacy.rederive import loss
from sandbox.privacy.released import Released
from sandbox.products.query.compile import compile_query
from sandbox.products.query.kind import QueryProduct
from sandbox.products.query.spread import Alike, Spread, spread

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
    assert sum(alone._sizes[0]) == pytest.approx(10) and len(alone._sizes[0]) == 4
    assert alone.kept(4, 10) == pytest.approx(1) and alone.kept(2, 10) == pytest.approx(0.5)


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
