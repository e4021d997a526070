"""An index from its specification to its series: own runs, copies, revisions, a schedule and its budget of the year."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from estate import PEOPLE, Estate, estate, table

from sandbox.core.clock import now
from sandbox.errors import Problem
from sandbox.jobs import own
from sandbox.jobs.records import Base, Job, Run
from sandbox.metering.records import UsageEvent
from sandbox.privacy.records import Charge
from sandbox.service.runs import Runs

YEAR = now().year
LAST, BEFORE = str(YEAR - 1), str(YEAR - 2)
SPEC: dict[str, Any] = {
    "sql": f"SELECT town, AVG(wage) AS wage, COUNT(*) AS n FROM people WHERE age >= {YEAR} - :year GROUP BY town",
    "weights": {"wage": "0.5", "n": "0.5"},
    "normalisation": "minmax",
    "ranges": {"wage": ["0", "60000"], "n": ["0", "1000"]},
    "schedule": "P1Y",
    "epsilon": "1",
    "runs": 4,
    "epsilon_per_year": "4",
    "revise": 1,
}


class City(Estate):
    """An estate whose operator offers an index."""

    index: str
    copies: str

    def offer(self, spec: dict[str, Any]) -> str:
        grant = self.ok("POST", "/grants", self.grant())["id"]
        body = {"grant": grant, "kind": "index", "name": "城市指数", "resources": [self.resource], "spec": spec}
        index = str(self.ok("POST", "/products", body, "operator")["id"])
        self.ok("POST", f"/products/{index}/submit", {}, "operator")
        self.ok("POST", f"/products/{index}/approve", {})
        self.ok("POST", f"/products/{index}/price", {"unit": "call", "price": "2.00", "trial": True}, "operator")
        return index

    def run(self, index: str, period: str | None = None) -> Job:
        self.beat()
        body = {"period": period} if period else {}
        headers = {"Idempotency-Key": f"k-{now().timestamp()}"}
        job = self.ok("POST", f"/products/{index}/runs", body, "operator", headers=headers)["id"]
        self.finish()
        with self.house.store.read() as tx:
            found = tx.get(Job, job)
        assert found is not None
        return found

    def copy(self, user: str, period: str | None = None) -> Job:
        self.beat()
        body: dict[str, Any] = {"subscription": self.subscriptions[user]}
        if period:
            body["parameters"] = {"period": period}
        headers = {"Idempotency-Key": f"k-{now().timestamp()}"}
        job = self.ok("POST", "/jobs", body, user, headers=headers)["id"]
        self.finish()
        with self.house.store.read() as tx:
            found = tx.get(Job, job)
        assert found is not None
        return found


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    with estate(tmp_path / "home", quantum_ms=0) as made:
        made.__class__ = City
        assert isinstance(made, City)
        made.publish(users=("firm", "other"), epsilon="40", per_user={"epsilon": "20", "delta": "1e-7"})
        made.index = made.offer(SPEC)
        for user in ("firm", "other"):
            asked = {"product": made.index, "purpose": "industry", "commitment": {"accepted": True}}
            made.subscriptions[user] = made.ok("POST", "/subscriptions", asked, user)["id"]
            made.ok("POST", f"/subscriptions/{made.subscriptions[user]}/approve", {}, "operator")
        yield made


def series(city: City, user: str, **query: str) -> dict[str, Any]:
    found = city.ok("GET", f"/products/{city.index}/series", key=user, query_string=query)
    assert isinstance(found, dict)
    return found


def test_a_run_is_the_operators_job_free_of_charge_and_paid_from_its_share(city: City) -> None:
    job = city.run(city.index)
    assert (job.status, job.party, job.fee, job.price) == ("done", city.web.ids["operator"], 0, None)
    with city.house.store.read() as tx:
        [event] = tx.find(UsageEvent, job=job.id)
        assert (event.fee, event.free, event.unit) == (0, "own", "call")
        assert len(tx.find(Charge, job=job.id, state="spent")) == 2
        assert [run.period for run in tx.find(Run)] == [LAST]
    again = {"subscription": job.subscription, "parameters": {"period": BEFORE}}
    answer = city.web.call("POST", "/jobs", again, "operator", headers={"Idempotency-Key": "past the plan"})
    assert (answer.status_code, answer.json["code"]) == (409, "state_conflict"), "that would be past the year's plan"


def test_users_get_copies_of_what_was_run_and_draw_nothing(city: City) -> None:
    nothing = city.web.call(
        "POST", "/jobs", {"subscription": city.subscriptions["firm"]}, "firm", headers={"Idempotency-Key": "early"}
    )
    assert (nothing.status_code, nothing.json["code"]) == (404, "not_found")
    run = city.run(city.index)
    firm, other = city.copy("firm"), city.copy("other", LAST)
    assert firm.status == other.status == "done"
    assert firm.base == other.base == run.base and firm.rho == run.rho > 0
    assert firm.fee == Decimal("2.00")
    with city.house.store.read() as tx:
        assert len(tx.find(Base)) == 1
        whole = [charge.loss for charge in tx.find(Charge, job=[firm.id, other.id])]
    assert sorted(whole) == [0, 0, run.rho, run.rho], "the population pays once, each user for itself"
    wrong = {"subscription": city.subscriptions["firm"], "sql": "SELECT 1", "epsilon": "1"}
    answer = city.web.call("POST", "/jobs", wrong, "firm", headers={"Idempotency-Key": "own question"})
    assert (answer.status_code, answer.json["code"]) == (422, "field_invalid")


def test_each_party_sees_its_own_copies_with_intervals_that_hold_the_truth(city: City) -> None:
    city.run(city.index, BEFORE)
    city.run(city.index)
    city.copy("firm", BEFORE), city.copy("firm"), city.copy("other")
    firm, other = series(city, "firm"), series(city, "other")
    assert [item["period"] for item in firm["items"]] == [BEFORE, LAST]
    assert [bool(item["rows"]) for item in other["items"]] == [False, True], "what one holds no copy of has no value"
    years = {BEFORE: 2, LAST: 1}
    for item in firm["items"]:
        assert {row["key"]["town"] for row in item["rows"]} == {"东", "西"}
        for row in item["rows"]:
            people = [
                one for one in PEOPLE if one["town"] == row["key"]["town"] and one["age"] >= years[item["period"]]
            ]
            wage = sum(one["wage"] for one in people) / len(people)
            truth = 50 * wage / 60000 + 50 * len(people) / 1000
            assert abs(float(row["value"]) - truth) < 3 * float(row["half_width"]), (row, truth)
            assert float(row["low"]) < float(row["value"]) < float(row["high"])
    assert series(city, "firm", **{"from": LAST})["items"] == firm["items"][1:]
    page = city.web.call("GET", f"/products/{city.index}/series", key="firm", query_string={"format": "html"})
    assert page.mimetype == "text/html" and "<svg" in page.text and "城市指数" in page.text


def test_a_replaced_version_makes_a_revision_beside_the_former(city: City) -> None:
    look = Runs(city.house).look
    city.run(city.index), city.copy("firm")
    with city.working():
        files = {"people": (io.BytesIO(table(PEOPLE[:500])), "people.csv", "text/csv")}
        city.ok("PUT", f"/resources/{city.resource}/data", data=files)
    assert (look(), look()) == (1, 0)
    city.finish()
    [item] = series(city, "firm")["items"]
    assert (item["number"], item["held"], item["revised"]) == (2, 1, True), "there is a newer one than the firm holds"
    city.copy("firm")
    [item] = series(city, "firm")["items"]
    assert item["held"] == 2 and [one["number"] for one in item["rows"][0]["former"]] == [1]
    runs = city.ok("GET", f"/products/{city.index}/runs", key="firm")["items"]
    assert [(run["number"], run["reason"]) for run in runs] == [(1, "operator"), (2, "revision")]


def test_what_was_due_while_the_service_was_down_is_run_once(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    late = datetime(YEAR + 5, 6, 1, tzinfo=UTC)
    monkeypatch.setattr("sandbox.service.runs.now", lambda: late)
    monkeypatch.setattr("sandbox.products.index.kind.now", lambda: late)
    looks = [Runs(city.house), Runs(city.house)]
    assert [look.look() for look in (*looks, *looks)] == [1, 0, 0, 0]
    with city.house.store.read() as tx:
        assert [run.period for run in tx.find(Run)] == [str(YEAR + 4)], "not once for each year that was missed"


def test_a_crash_while_a_run_begins_leaves_neither_run_nor_charge(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    real = own.left_of_year

    def crashes(*given: Any) -> int:
        """Once the job is reserved, before its run is written."""
        monkeypatch.setattr(own, "left_of_year", real)
        raise KeyboardInterrupt

    monkeypatch.setattr(own, "left_of_year", crashes)
    with pytest.raises(KeyboardInterrupt):
        Runs(city.house).look()
    with city.house.store.read() as tx:
        assert tx.find(Run) == [] and tx.find(Charge) == [] and tx.find(Job) == []
    assert Runs(city.house).look() == 1 and Runs(city.house).look() == 0
    city.finish()
    with city.house.store.read() as tx:
        [run] = tx.find(Run)
        assert len(tx.find(Charge, job=run.job, state="spent")) == len(tx.find(Charge)) == 2


def test_the_plan_of_the_year_holds(city: City) -> None:
    for period in (LAST, BEFORE, str(YEAR - 3), LAST):
        city.run(city.index, period)
    with pytest.raises(Problem, match="planned for") as refused:
        own.run_own(city.house, city.index, BEFORE)
    assert refused.value.code == "quota_exhausted"
    with city.house.store.read() as tx:
        assert len(tx.find(Run)) == len(tx.find(Job)) == 4
    assert Runs(city.house).look() == 0


def test_a_schedule_is_refused_like_anybody(city: City) -> None:
    city.ok("POST", f"/products/{city.index}/pause", {}, "operator")
    assert Runs(city.house).look() == 0, "a paused product is not run"
    city.ok("POST", f"/products/{city.index}/resume", {})
    city.ok("POST", "/emergency", {"scope": "product", "target": city.index, "reason": "check"})
    runs = Runs(city.house)
    assert (runs.look(), runs.look()) == (0, 0)
    with city.house.store.read() as tx:
        assert tx.find(Run) == []
