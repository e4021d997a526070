"""Each attack that the specification of query products names in brackets, by its name: it works on a system without the
rule that it is the reason of, and not on this one."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from estate import PEOPLE, Estate, estate
from query_examples import column, only, plan_of, refusal, registration

from sandbox.audit.run import Bench, bench
from sandbox.audit.worlds import World
from sandbox.catalogue.records import Resource
from sandbox.core.canonical import digest
from sandbox.engines.base import Exact, OpenVersion
from sandbox.engines.reference import ReferenceEngine
from sandbox.plan.plan import Plan
from sandbox.privacy.rederive import PlanUnsound, loss
from sandbox.privacy.threshold import tail, tau
from sandbox.transparency.records import LogEntry

YEAR = date(2024, 1, 1)
MARCH = date(2024, 3, 1)


def world(name: str, rows: Sequence[Sequence[Any]], most: int = 255) -> World:
    """Visits of persons: whose, which ward, how much, when. Person 1 is the one who is there or not."""
    columns = [
        column("person", "integer", role="identifier"),
        column("ward", "string", domain=["a", "b"]),
        column("cost", "decimal(10,2)", bounds=[0, 100], required=True),
        column("day", "date", bounds=["2024-01-01", "2024-12-31"], required=True),
    ]
    table = {"name": "visits", "unit": "person", "max_rows_per_unit": most, "columns": columns}
    table |= {"key_sets": [["day"], ["ward"]], "measures": ["cost"]}
    declared = registration(name, [table], "visits.person")
    return World(name, declared, {"visits": [["person", "ward", "cost", "day"], *rows]})


@pytest.fixture(scope="module")
def on() -> Iterator[Bench]:
    with bench() as made:
        yield made


def both(on: Bench, of: World, plan: Plan) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """The cells of the plan's block, with the unit and without it."""
    pair = on.pair(of)
    here, there = (cells(on.engine.run(version, plan)[0]) for version in (pair.present, pair.absent))
    return here, there


def cells(exact: Exact) -> dict[Any, Any]:
    return dict(zip(map(tuple, exact.groups), map(tuple, exact.values), strict=True))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    with estate(tmp_path_factory.mktemp("place") / "home") as made:
        made.publish()
        made.finish()
        yield made


def test_a_public_table_made_of_visits_would_reveal_keys_so_the_holder_answers_for_it(place: Estate) -> None:
    """Nothing can see from a table that it was made by SELECT DISTINCT. What is public is declared, and the leaf of the
    registration commits to the declaration before anybody asks: the holder cannot deny its word."""
    with place.house.store.read() as tx:
        [leaf] = [json.loads(entry.leaf) for entry in tx.find(LogEntry, kind="resource.registered")]
        stored = tx.get(Resource, place.resource)
    assert stored is not None and leaf["public"]["entry"] == digest(stored.entry)
    denied = json.loads(json.dumps(stored.entry))
    denied["tables"][0]["public"] = True
    assert digest(denied) != leaf["public"]["entry"]


def test_no_plan_knows_that_a_unit_happens_to_be_unique(on: Bench) -> None:
    """What is compiled on a version where every unit has one row is what is compiled where one has twelve."""
    few = world("few", [[person, "a", 1, YEAR] for person in range(1, 9)])
    many = world("many", [[person, "a", 1, YEAR] for person in range(1, 9) for _ in range(40)])
    plans = [
        plan_of("SELECT ward, COUNT(*) AS n FROM visits GROUP BY ward", entry=one.entry, facts=on.pair(one).facts)
        for one in (few, many)
    ]
    assert plans[0] == plans[1] and only(plans[0]).bounds.rows == 255
    assert both(on, few, plans[0])[0] != both(on, many, plans[1])[0]


@pytest.mark.parametrize(
    "rows",
    [
        "places LEFT JOIN persons USING (town) WHERE persons.pid IS NULL",
        "persons RIGHT JOIN places USING (town)",
        "persons FULL JOIN places USING (town)",
        "places WHERE town NOT IN (SELECT town FROM persons)",
        "places WHERE NOT EXISTS (SELECT 1 FROM persons WHERE persons.town = places.town)",
        "places WHERE town IN (SELECT town FROM persons)",
    ],
)
def test_one_visit_cannot_take_a_thousand_public_rows_to_none(rows: str) -> None:
    said = refusal(f"SELECT COUNT(*) AS n FROM {rows}")
    assert said.code == "sql_not_allowed"


PICKED = (
    "SELECT ROW_NUMBER() OVER (PARTITION BY person ORDER BY day) AS p, cost FROM visits",
    "SELECT FIRST_VALUE(cost) OVER (PARTITION BY person ORDER BY day) AS p, cost FROM visits",
    "SELECT LAG(cost) OVER (PARTITION BY person ORDER BY day) AS p, cost FROM visits",
    "SELECT person, ANY_VALUE(cost) AS p, MAX(cost) AS cost FROM visits GROUP BY person",
)


@pytest.mark.parametrize("sub", PICKED)
def test_ties_do_not_flip_when_files_move(on: Bench, sub: str) -> None:
    """All visits of a person are on one day: only content and key say which is the first."""
    rows = [[person, "ab"[at % 2], 7 * at % 41, MARCH] for person in range(1, 6) for at in range(20)]
    plan = plan_of(f"SELECT SUM(cost * p) AS n FROM ({sub})", entry=world("moved_0", rows).entry, epsilon="100")
    found = set()
    for number, moved in enumerate((rows, rows[::-1], sorted(rows, key=str))):
        here, there = both(on, world(f"moved_{number}", moved), plan)
        found.add((str(here), str(there)))
    assert len(found) == 1


def test_sub_aggregates_that_files_could_move_are_refused() -> None:
    text = "SELECT COUNT(*) AS n FROM (SELECT pid, {} AS x FROM visits GROUP BY pid) WHERE x IS NULL"
    for asked in ("APPROX_QUANTILE(cost, 0.5)", "LIST(cost)", "STRING_AGG(dept, ',')"):
        assert refusal(text.format(asked)).code == "sql_not_allowed", asked
    exact, near = (plan_of(text.format(asked)) for asked in ("COUNT(DISTINCT cost)", "APPROX_COUNT_DISTINCT(cost)"))
    assert exact.base_key() == near.base_key()  # it is counted exactly


def test_forty_days_of_five_visits_are_not_five_visits_of_a_month(on: Bench) -> None:
    """The index is by day. A month is coarser: five rows of each of forty days would be two hundred of two months."""
    mine = [[1, "a", 1, YEAR + timedelta(days=20 + at)] for at in range(40) for _ in range(5)]
    of = world("months", [*mine, *([person, "b", 1, MARCH] for person in range(2, 9))])
    for groups, each in ((40, 5), (1, 5), (3, 60)):
        bounds = {"groups": groups, "rows_per_group": each}
        for key in ("MONTH(day)", "EXTRACT(QUARTER FROM day)", "day"):
            sql = f"SELECT {key} AS k, COUNT(*) AS n FROM visits GROUP BY 1"
            plan = plan_of(sql, entry=of.entry, bounds=bounds, epsilon="100")
            here, there = both(on, of, plan)
            place = next(i for i, m in enumerate(only(plan).measurements) if m.what == "rows")
            moved = [here[key][place] - there.get(key, (0,) * 9)[place] for key in here]
            assert max(moved) <= each and sum(step > 0 for step in moved) <= groups, (key, bounds, moved)
            assert sum(step**2 for step in moved) <= only(plan).measurements[place].square
            assert sum(moved) > 0


def test_the_first_visit_is_the_first_whatever_index_there_is(on: Bench) -> None:
    """Bounded before the window, it would be the first of what an index kept: a random one."""
    rows = [
        [person, "ab"[(at + person) % 2], 1, YEAR + timedelta(days=at)] for person in range(1, 30) for at in range(9)
    ]
    of = world("firsts", rows)
    first = "SELECT ward FROM visits QUALIFY ROW_NUMBER() OVER (PARTITION BY person ORDER BY day) = 1"
    plan = plan_of(
        f"SELECT ward, COUNT(*) AS n FROM ({first}) GROUP BY ward",
        entry=of.entry, bounds={"groups": 1, "rows_per_group": 1}, epsilon="100",
    )  # fmt: skip
    here, _ = both(on, of, plan)
    wanted: dict[str, int] = defaultdict(int)
    for person in range(1, 30):
        wanted["ab"[person % 2]] += 1
    assert {key: values[0] for (key,), values in here.items()} == wanted


def test_having_of_a_unit_sees_all_its_rows(on: Bench) -> None:
    """Bounded before HAVING COUNT(*) > 50 with five rows of each unit, nobody would be left."""
    of = world("busy", [[person, "a", 1, MARCH] for person in range(1, 9) for _ in range(30 + 6 * person)])
    sub = "SELECT person FROM visits GROUP BY person HAVING COUNT(*) > 50"
    plan = plan_of(f"SELECT COUNT(*) AS n FROM ({sub})", entry=of.entry, bounds={"rows_per_group": 1}, epsilon="100")
    here, there = both(on, of, plan)
    assert here == {(): (5,)} and there == {(): (5,)}  # persons 4 … 8


def test_small_costs_do_not_become_zero() -> None:
    """A grid for rows would round most of them away; what is added up is the column's own precision."""
    plan = plan_of("SELECT SUM(cost) AS n FROM visits", epsilon="0.01")
    [measured] = only(plan).measurements
    rows = [{"__unit": unit, "__ord": 0, "cost": Decimal("0.40")} for unit in range(100)]
    [found] = ReferenceEngine({"visits": rows}).run(OpenVersion("v", Path(), b""), plan)
    assert [Fraction(value) / 10**measured.scale for (value,) in found.values] == [40]


def test_completeness_to_six_places_is_one_person_and_for_the_holder_only(place: Estate) -> None:
    """The quality report is exact: whoever registers the data gets it, nobody else sees any of it."""
    for who in ("firm", "operator", ""):
        for path in (f"/resources/{place.resource}", "/resources", "/catalogue.jsonld", "/disclosure", "/products"):
            seen = place.web.call("GET", path, key=who).text
            for word in ("completeness", "uniqueness", "dropped", f": {len(PEOPLE)}", f":{len(PEOPLE)},"):
                assert word not in seen, (who, path, word)
    with place.house.store.read() as tx:
        leaves = [json.loads(entry.leaf) for entry in tx.find(LogEntry)]
    assert not any("completeness" in json.dumps(leaf["public"]) for leaf in leaves)


def test_a_threshold_counts_the_groups_that_a_unit_may_touch() -> None:
    """With τ for one group, a unit in forty would show in one of them with forty times δ."""
    sql, bounds = "SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept", {"groups": 20, "rows_per_group": 1}
    plan = plan_of(sql, bounds=bounds)
    block = only(plan)
    assert block.threshold is not None
    sigma, delta = block.measurements[block.threshold.measurement].sigma, block.threshold.delta
    lower = tau(sigma, 1, delta)
    assert Fraction(tail(sigma, lower - 1)) <= Fraction(delta) < 20 * Fraction(tail(sigma, lower - 1))
    assert 20 * Fraction(tail(sigma, block.threshold.tau - 1)) <= Fraction(delta)
    wrong = replace(plan, blocks=(replace(block, threshold=replace(block.threshold, tau=lower)),))
    with pytest.raises(PlanUnsound, match="more often"):
        loss(wrong)


def test_rows_bounded_by_k_alone_may_all_fall_into_one_group(on: Bench) -> None:
    """Not √K: K rows in one group move it by K."""
    of = world("one_group", [*([1, "a", 1, MARCH] for _ in range(255)), [2, "b", 1, MARCH]])
    plan = plan_of("SELECT ward, COUNT(*) AS n FROM visits GROUP BY ward", entry=of.entry, epsilon="100")
    here, there = both(on, of, plan)
    moved = sum((here[key][0] - there.get(key, (0,))[0]) ** 2 for key in here)
    assert moved == 255**2 == only(plan).measurements[0].square
