"""Dates as columns of a synthetic table: bins of the calendar within declared days, drawn, shown and traced."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from synthetic_world import registration
from test_synthetic_trace import World, named, part
from versions import DuckDBEngine, ReferenceEngine, write_version

from sandbox.catalogue.entry import Entry, parse_entry
from sandbox.errors import Problem
from sandbox.jobs.product import Question
from sandbox.modelling.drawing import shown
from sandbox.oversight.drawn import rows_of
from sandbox.plan.codec import from_json
from sandbox.plan.plan import Plan
from sandbox.plan.scalar import DATE
from sandbox.products.synthetic import kind as offered
from sandbox.products.synthetic.kind import SyntheticProduct
from watermarking.leak import Leak

FIRST, LAST = date(2019, 3, 15), date(2024, 12, 31)
SPEC: dict[str, Any] = {
    "rows": "SELECT visitor, joined, town FROM visitors",
    "columns": [{"name": "joined", "bins": "month", "nulls": True}, "town"],
    "target": "town",
    "size": 2000,
    "epsilon": "4",
    "use": {"zh": "测试", "en": "to try"},
}


def entry() -> Entry:
    declared = registration()
    bounds = [str(FIRST), str(LAST)]
    declared["tables"][0]["columns"] += [
        {"name": "joined", "type": "date", "role": "sensitive", "bounds": bounds},
        {"name": "seen", "type": "date", "role": "sensitive"},
    ]
    return parse_entry(declared)


@pytest.fixture(autouse=True, scope="module")
def library() -> Any:
    """Nothing is fitted here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(offered, "available", lambda: True)
        yield


def planned(column: dict[str, Any] | None = None, rows: str = SPEC["rows"]) -> Plan:
    spec = SPEC | {"rows": rows} | ({"columns": [column, "town"]} if column else {})
    return SyntheticProduct().compile(Question({}, "r", "p", "v1", entry(), spec, Decimal("5e-7"), Decimal("1e-8")))


def begins(plan: Plan) -> list[date]:
    assert plan.drawn is not None and plan.drawn.columns[0].type == DATE
    *edges, end = plan.drawn.columns[0].edges
    return [date.fromordinal(edge) for edge in edges] + [date.fromordinal(end - 1)]


@pytest.mark.parametrize(
    ("column", "wanted"),
    [
        ({"bins": "year"}, ["2019-03-15", *(f"{year}-01-01" for year in range(2020, 2025)), "2024-12-31"]),
        ({"bins": "quarter", "bounds": ["2023-02-01", "2023-10-01"]},
         ["2023-02-01", "2023-04-01", "2023-07-01", "2023-10-01", "2023-10-01"]),
        ({"bins": "month", "bounds": ["2023-11-30", "2024-02-01"]},
         ["2023-11-30", "2023-12-01", "2024-01-01", "2024-02-01", "2024-02-01"]),
        ({"bins": "week", "bounds": ["2024-02-21", "2024-03-04"]},  # a Wednesday; Mondays follow
         ["2024-02-21", "2024-02-26", "2024-03-04", "2024-03-04"]),
        ({"bins": "day", "bounds": ["2024-02-28", "2024-03-01"]},
         ["2024-02-28", "2024-02-29", "2024-03-01", "2024-03-01"]),
        ({"cuts": ["2020-01-23", "2022-12-07"]}, ["2019-03-15", "2020-01-23", "2022-12-07", "2024-12-31"]),
        ({"bins": 2, "bounds": ["2024-01-01", "2024-01-10"]}, ["2024-01-01", "2024-01-06", "2024-01-10"]),
        ({"bins": "year", "bounds": ["9998-01-01", "9999-12-31"]}, ["9998-01-01", "9999-01-01", "9999-12-31"]),
    ],
)  # fmt: skip
def test_bins_are_of_the_calendar_and_end_with_the_bounds(column: dict[str, Any], wanted: list[str]) -> None:
    assert list(map(str, begins(planned({"name": "joined"} | column)))) == wanted


def test_declared_days_bound_a_date_and_one_made_of_it() -> None:
    assert len(begins(planned())) == 70 + 1  # March 2019 to December 2024
    assert (begins(planned({"name": "joined"}))[0], begins(planned({"name": "joined"}))[-1]) == (FIRST, LAST)
    later = "SELECT visitor, joined + INTERVAL 1 DAY AS joined, town FROM visitors"
    assert begins(planned({"name": "joined"}, later))[0] == FIRST + timedelta(days=1)
    plan = planned()
    assert from_json(plan.json) == plan


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ({"name": "seen"}, 'nothing bounds seen; write {"name": "seen", "bounds": ["2020-01-01"'),
        ({"name": "joined", "bins": "day"}, "more than 1000 bins of a day; write longer ones"),
        ({"name": "joined", "bins": "year", "bounds": ["2023-01-01", "2023-12-31"]}, "one bin only"),
        ({"name": "joined", "bins": "decade"}, "spec.columns.0.bins"),
        ({"name": "joined", "bounds": [2019, 2024]}, "joined is a date, and 2019 is none; write days"),
        ({"name": "joined", "bounds": ["2024-01-01", "2019-01-01"]}, "write the lower bound first"),
        ({"name": "joined", "bounds": ["2023-02-30", "2024-01-01"]}, "of a date a day, for example 2026-01-31"),
        ({"name": "joined", "bounds": ["yesterday", "2024-01-01"]}, "spec.columns.0.bounds.0: it should be a number"),
        ({"name": "joined", "cuts": ["2018-01-01"]}, "the cuts of joined ascend, above 2019-03-15 and up to"),
        ({"name": "joined", "bins": 3, "cuts": ["2020-01-01"]}, "joined has bins and cuts"),
    ],
)
def test_what_cannot_be_made_of_a_date_is_refused_with_what_to_write(column: dict[str, Any], said: str) -> None:
    with pytest.raises(Problem) as caught:
        planned(column, "SELECT visitor, joined, seen, town FROM visitors")
    assert said in caught.value.detail
    assert caught.value.code in ("field_invalid", "bound_missing")


def test_a_number_has_no_bins_of_the_calendar() -> None:
    rows = "SELECT visitor, age, town FROM visitors"
    with pytest.raises(Problem, match="age is a number; write how many bins"):
        planned({"name": "age", "bins": "month"}, rows)
    with pytest.raises(Problem, match="age is a number, and 2024-01-01 is none"):
        planned({"name": "age", "bounds": ["2024-01-01", "2024-12-31"]}, rows)


DAYS = [FIRST, date(2019, 3, 31), date(2019, 4, 1), LAST, None, date(2018, 1, 1), date(2025, 1, 1)]


def test_engines_count_days_alike_and_what_is_beyond_in_the_outermost_bins(tmp_path: Path) -> None:
    rows = [{"__unit": n, "__ord": n, "__h": n, "joined": day, "town": "东"} for n, day in enumerate(DAYS)]
    version = write_version(tmp_path / "t.db", {"visitors": (rows, {"joined": "DATE", "town": "VARCHAR"})})
    engines = [DuckDBEngine(seconds=60), ReferenceEngine({"visitors": rows})]
    try:
        for engine in engines:
            months, *_ = engine.run(version, planned())
            counted = dict(zip(map(tuple, months.groups), map(tuple, months.values), strict=True))
            assert {key: count for key, count in counted.items() if count != (0,)} == {
                (0,): (3,), (1,): (1,), (69,): (2,), (70,): (1,)
            }  # fmt: skip
    finally:
        for engine in engines:
            engine.close()


def test_a_day_is_drawn_within_its_bin_and_each_day_of_it_alike() -> None:
    """30,000 days of February and March 2024: each of 29 and of 31 is drawn about 1,000 times (σ below 32); with this
    seed they are within 5 σ."""
    drawn = planned({"name": "joined", "bins": "month", "bounds": ["2024-02-01", "2024-03-31"]}).drawn
    assert drawn is not None
    codes = np.stack([np.repeat([0, 1], [29_000, 31_000]), np.zeros(60_000, np.int64)], axis=1)
    days = shown(drawn.columns, codes, bytes(32))[0]
    assert {day.month for day in days[:29_000]} == {2} and {day.month for day in days[29_000:]} == {3}  # type: ignore
    counts = [days.count(date(2024, 2, 1) + timedelta(days=n)) for n in range(60)]
    assert all(840 < count < 1160 for count in counts)


@pytest.fixture(scope="module")
def world(library: None) -> World:
    return World(planned())


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日", "%Y-%m-%d 00:00:00", "%Y-%m"])
def test_leaked_days_name_their_recipient_however_they_are_written(world: World, form: str) -> None:
    rows = [
        (date.fromisoformat(joined).strftime(form) if joined else "", town)
        for joined, town in part(world.rows("party 4"), 0.6)
    ]
    assert named(world.scores(rows)) == ["party 4"]


def test_days_of_a_stranger_name_nobody(world: World) -> None:
    draw = random.Random(6)
    days = (LAST - FIRST).days
    rows = [(str(FIRST + timedelta(days=draw.randint(0, days))), draw.choice("东南西北")) for _ in range(1500)]
    assert named(world.scores(rows)) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2019-03-15", 0), ("2019-03-31", 0), ("2019/4/1", 1), ("2024-12-31", 69), ("2019-03", 0), ("2019", 0),
        ("2020-02", 11), ("2020", 10), ("", 70), ("2019-03-14", None), ("2025-01-01", None), ("2018", None),
        ("2023-02-30", None), ("20230228", None), ("soon", None),
    ],
)  # fmt: skip
def test_a_day_is_read_into_the_bin_that_it_is_of(world: World, text: str, code: int | None) -> None:
    """A month or a year alone counts as the first day that there is in it."""
    found = rows_of(Leak(("joined", "town"), ((text, "东"),) * 8), world.plan, world.bases)
    assert found is not None
    assert found.codes.tolist() == [[0] if code is None else [code, 0]]


def test_days_are_told_apart_where_bins_are_days(library: None) -> None:
    daily = World(planned({"name": "joined", "bins": "day", "bounds": ["2024-02-20", "2024-03-10"]}))
    found = rows_of(Leak(("joined", "town"), (("2024-03-02", "东"),) * 8), daily.plan, daily.bases)
    assert found is not None and found.codes.tolist() == [[11, 0]]
