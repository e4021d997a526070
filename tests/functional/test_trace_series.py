"""Leaks of indices and workspaces: copies of an index by districts are traced; the few numbers of a series without, and
of a workspace, are said to name nobody – and stay the recipient's by digest alone."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from estate import Estate, estate
from programs import needs_isolation
from workspace_site import site

from sandbox.core.clock import now
from sandbox.jobs.result import result_of
from sandbox.oversight.evidence import verify_bundle

YEAR = now().year
LAST = str(YEAR - 1)
PLANNED: dict[str, Any] = {"schedule": "P1Y", "epsilon": "2", "runs": 4, "epsilon_per_year": "8", "revise": 1}
BY_AGE = {"sql": "SELECT age, AVG(wage) AS wage, COUNT(*) AS n FROM people GROUP BY age", "weights": {"wage": "1"}}
ONE = {"sql": "SELECT COUNT(*) AS n FROM people", "weights": {"n": "1"}}


class City(Estate):
    """An estate whose operator offers indices; two users are subscribed to each."""

    def offer(self, spec: dict[str, Any]) -> str:
        grant = self.ok("POST", "/grants", self.grant())["id"]
        made = {"grant": grant, "kind": "index", "name": "i", "resources": [self.resource], "spec": spec | PLANNED}
        index = str(self.ok("POST", "/products", made, "operator")["id"])
        self.ok("POST", f"/products/{index}/submit", {}, "operator")
        self.ok("POST", f"/products/{index}/approve", {})
        self.ok("POST", f"/products/{index}/price", {"unit": "call", "price": "2.00", "trial": True}, "operator")
        for user in ("firm", "other"):
            asked = {"product": index, "purpose": "industry", "commitment": {"accepted": True}}
            self.subscriptions[user] = self.ok("POST", "/subscriptions", asked, user)["id"]
            self.ok("POST", f"/subscriptions/{self.subscriptions[user]}/approve", {}, "operator")
        return index

    def run(self, index: str, period: str) -> None:
        self.beat()
        headers = {"Idempotency-Key": f"k-{now().timestamp()}"}
        self.ok("POST", f"/products/{index}/runs", {"period": period}, "operator", headers=headers)
        self.finish()

    def copy(self, user: str, period: str) -> str:
        self.beat()
        body = {"subscription": self.subscriptions[user], "parameters": {"period": period}}
        headers = {"Idempotency-Key": f"k-{now().timestamp()}"}
        job = str(self.ok("POST", "/jobs", body, user, headers=headers)["id"])
        self.finish()
        return job


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with estate(tmp_path_factory.mktemp("city") / "home", quantum_ms=0) as made:
        made.__class__ = City
        assert isinstance(made, City)
        rows = [{"person": n, "town": "东", "age": n % 40, "wage": 100 * (n % 500)} for n in range(8000)]
        made.publish(("firm", "other"), rows=rows, epsilon="80", per_user={"epsilon": "40", "delta": "1e-7"})
        made.web.join("regulator")
        yield made


def traced(box: Estate, leak: bytes) -> dict[str, Any]:
    begun = box.ok("POST", "/traces", key="regulator", data={"file": (io.BytesIO(leak), "leak.csv", "text/csv")})
    box.finish()
    found = box.ok("GET", f"/traces/{begun['id']}", key="regulator")
    assert isinstance(found, dict)
    return found


def lines(rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def test_a_leaked_copy_of_an_index_by_groups_is_traced_though_damaged(city: City) -> None:
    index = city.offer(BY_AGE)
    city.run(index, LAST)
    city.copy("other", LAST)
    job = city.copy("firm", LAST)
    file = city.web.call("GET", f"/jobs/{job}/result?format=csv", key="firm").data.decode("utf-8-sig")
    copy = list(csv.DictReader(io.StringIO(file)))
    assert len(copy) == 40
    random.Random(1).shuffle(copy)
    leak = lines([{"alter": one["age"], "lohn": one["wage"], "n": one["n"]} for one in copy[:36]])
    found = traced(city, leak)
    assert (found["verdict"], [one["party"] for one in found["findings"]]) == ("traced", [city.web.ids["firm"]])
    assert found["findings"][0]["log10_p"] < -6
    bundle = city.web.call("GET", f"/traces/{found['id']}/evidence", key="regulator")
    said = verify_bundle(bundle.data, city.house.log_public_key, result_of(city.house.products))
    assert said["verdict"] == "traced"


def test_one_number_a_year_names_nobody_and_the_outcome_says_so(city: City) -> None:
    index = city.offer(ONE)
    city.run(index, LAST)
    city.copy("other", LAST)
    city.copy("firm", LAST)
    [period] = city.ok("GET", f"/products/{index}/series", key="firm")["items"]
    leak = [{"index": one["measured"]} for one in period["rows"]]
    found = traced(city, lines(leak))
    assert (found["verdict"], found["findings"], found["too_few"]) == ("insufficient_evidence", [], 1)
    assert "is shown by receipts and deliveries alone." in found["statement"]["en"]


@needs_isolation
def test_the_few_numbers_of_a_workspace_name_nobody_and_the_outcome_says_so(tmp_path: Path) -> None:
    with site(tmp_path / "home") as box:
        jobs = {user: box.ran(user) for user in ("firm", "other")}
        for job in jobs.values():
            box.ok("POST", f"/jobs/{job}/exit", {"verdict": "passed"}, "operator")
        answer = box.ok("GET", f"/jobs/{jobs['firm']}/result", key="firm")
        assert any("fewer than 20 cells that carry marks" in note for note in answer["notes"])
        leak = box.web.call("GET", f"/jobs/{jobs['firm']}/result?format=csv", key="firm").data
        found = traced(box, leak)
        assert (found["verdict"], found["findings"]) == ("insufficient_evidence", [])
        assert found["too_few"] in (1, 2), "the answer itself, and the other one where noise made it alike"
        assert "is shown by receipts and deliveries alone." in found["statement"]["en"]
        assert found["statement"]["zh"].endswith("只能凭存证回执和交付记录证明。")
