"""A synthetic table from its offer to a traced leak, on the real API, vault and scribe."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from shell import shell
from synthetic_world import SPEC, TOWNS, Mall, mall, needs_library, visitors

from sandbox.bootstrap import inspector
from sandbox.engines.base import EngineFailed
from sandbox.jobs.result import result_of
from sandbox.oversight.evidence import verify_bundle
from sandbox.products.synthetic import kind as offered
from sandbox.products.synthetic import settle
from sandbox.transparency.records import LogEntry

pytestmark = needs_library
Rows = list[list[Any]]


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mall]:
    with ExitStack() as stack:
        made = mall(tmp_path_factory.mktemp("synthetic") / "home", stack)
        made.web.join("regulator")
        yield made


@pytest.fixture(scope="module")
def jobs(shops: Mall) -> dict[str, str]:
    return {user: shops.take(user) for user in ("shop", "bank")}


def result(shops: Mall, jobs: dict[str, str], user: str) -> dict[str, Any]:
    found: dict[str, Any] = shops.ok("GET", f"/jobs/{jobs[user]}/result", None, user)
    return found


def old(age: int) -> int:
    return sum(age >= cut for cut in (30, 40, 50, 60, 70))


def test_rows_are_as_the_data_were_where_they_were_counted(shops: Mall, jobs: dict[str, str]) -> None:
    """Of 24 cells of age and town, each share is near the truth: drawing 2,000 rows moves it by 0.0112 at most (one σ),
    the noise of a count (σ below 6 of 6,000) by 0.001; 0.1 is more than 8 of their σ, the model's own error beside
    them: fewer than one in 10¹³ runs is farther off."""
    rows = result(shops, jobs, "shop")["rows"]
    assert len(rows) == SPEC["size"]
    truth = visitors()
    for band in range(6):
        for town in TOWNS:
            there = sum(old(row[0]) == band and row[1] == town for row in rows) / len(rows)
            wanted = sum(old(row["age"]) == band and row["town"] == town for row in truth) / len(truth)
            assert abs(there - wanted) < 0.1, (band, town)
    north = [sum(r[1] == "北" for r in rows if ok(r[0])) / sum(ok(r[0]) for r in rows) for ok in (_young, _aged)]
    assert north[1] - north[0] > 0.25  # 0.6 and 0.1 in the data
    assert {type(row[3]) for row in rows} == {bool, type(None)}
    assert all(18 <= row[0] <= 90 and 0 <= Decimal(str(row[2])) <= 500 for row in rows)


def _young(age: int) -> bool:
    return age < 30


def _aged(age: int) -> bool:
    return age >= 60


def test_the_population_pays_once_and_each_recipient_gets_rows_of_its_own(shops: Mall, jobs: dict[str, str]) -> None:
    own, other = (result(shops, jobs, user) for user in ("shop", "bank"))
    assert own["privacy"]["rho"] == other["privacy"]["rho"]
    assert {column["role"] for column in own["columns"]} == {"synthetic"}  # whoever reads them is told
    assert Decimal("3.9") < Decimal(own["privacy"]["epsilon"]) <= 4
    shared = next(one for one in shops.ok("GET", "/budgets")["items"] if one["party"] is None)
    assert Decimal(shared["spent"]["epsilon"]) < Decimal("4")  # once, at its larger δ
    assert own["fee"] == other["fee"] == "20"
    same = sum(a == b for a, b in zip(own["rows"], other["rows"], strict=True))
    assert same < 100  # of 2,000 independent rows, with 1,440 cells and steps within them
    shops.beat()
    body = {"subscription": shops.subscriptions["shop"]}
    again = shops.ok("POST", "/jobs", body, "shop", headers={"Idempotency-Key": "again"})
    shops.finish()
    repeated = shops.ok("GET", f"/jobs/{again['id']}/result", None, "shop")
    assert (repeated["rows"], repeated["fee"], repeated["privacy"]["rho"]) == (own["rows"], "0", "0")


def test_what_it_costs_and_does_is_said_beforehand(shops: Mall, jobs: dict[str, str]) -> None:
    tag = shops.ok("POST", "/jobs/estimate", {"subscription": shops.subscriptions["shop"]}, "shop")
    assert tag["held_already"]
    assert any("visitor" in sentence and "8 marginals" in sentence for sentence in tag["explain"]["en"])
    assert any("边际分布" in sentence for sentence in tag["explain"]["zh"])
    assert [one["name"] for one in tag["expected"]][-1] == "town × member"
    said = shops.ok("GET", f"/products/{shops.product}", None, "shop")
    assert "rows of its own" in said["traceable"]["en"]


def test_the_report_says_how_near_the_rows_are(shops: Mall, jobs: dict[str, str]) -> None:
    found = shops.ok("GET", f"/jobs/{jobs['shop']}/utility", None, "shop")
    assert [(one["columns"], one["fitted"]) for one in found["marginals"]][-2:] == [
        (["spent", "member"], True),
        (["town", "member"], False),
    ]
    assert len(found["marginals"]) == 9 and found["rows"] == 2000
    for one in found["marginals"]:
        # one row moves the distance by 1/2,000, so it is 0.1 above its mean in fewer than one of 10¹⁷ runs (McDiarmid)
        assert float(one["distance"]) < float(one["expected"]) + 0.1 + 0.1 * (not one["fitted"]), one
        assert 0 < float(one["expected"]) < 0.15
    assert any("town × member" in sentence for sentence in found["words"]["en"])
    assert any("总变差" in sentence for sentence in found["words"]["zh"])
    other = shops.web.call("GET", f"/jobs/{jobs['shop']}/utility", None, "bank")
    assert (other.status_code, other.json["code"]) == (404, "not_found")
    page = shops.web.call("GET", f"/jobs/{jobs['shop']}/utility?format=html", None, "shop")
    assert page.mimetype == "text/html" and "town × member" in page.text
    chinese = shops.web.call(
        "GET", f"/jobs/{jobs['shop']}/utility?lang=zh", None, "shop", headers={"Accept": "text/html"}
    )
    assert 'href="?lang=en"' in chinese.text and "效用报告" in chinese.text  # what the page's own links ask for
    with inspector(shops.settings) as house, house.store.read() as tx:
        leaves = tx.find(LogEntry, kind="delivery.made", job=jobs["shop"])
        assert sum(json.loads(leaf.leaf)["public"] == {"format": "utility"} for leaf in leaves) >= 2


def leak(rows: Rows, columns: list[str], share: float, without: str = "") -> bytes:
    """A share of the rows, shuffled, without one of the columns, with one that was added."""
    picked = random.Random(7).sample(rows, int(share * len(rows)))
    text = io.StringIO()
    writer = csv.writer(text)
    kept = [place for place, name in enumerate(columns) if name != without]
    writer.writerow(["no", *(columns[place] for place in kept)])
    writer.writerows([number, *(row[place] for place in kept)] for number, row in enumerate(picked))
    return text.getvalue().encode()


def traced(shops: Mall, data: bytes) -> Any:
    files = {"file": (io.BytesIO(data), "leak.csv", "text/csv")}
    trace = shops.ok("POST", "/traces", key="regulator", data=files)["id"]
    shops.finish()
    return shops.ok("GET", f"/traces/{trace}", None, "regulator")


@pytest.mark.parametrize(("share", "without"), [(1.0, ""), (0.3, ""), (0.6, "member")])
def test_a_part_of_the_rows_names_their_recipient(
    shops: Mall, jobs: dict[str, str], share: float, without: str
) -> None:
    """The other recipient is named with a probability of at most 10⁻⁶; that it is not, is held with fixed seeds in
    test_synthetic_trace. Over 40 draws from this table's model ln E was 148 ± 11 for a third of the rows and 119 ± 11
    without `member`; 14.5 are enough, more than 9 σ below."""
    found = traced(shops, leak(result(shops, jobs, "shop")["rows"], ["age", "town", "spent", "member"], share, without))
    assert found["verdict"] == "traced"
    assert shops.web.ids["shop"] in [finding["party"] for finding in found["findings"]]


def test_evidence_of_leaked_rows_holds_offline_without_what_fitted_them(
    shops: Mall, jobs: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = leak(result(shops, jobs, "bank")["rows"], ["age", "town", "spent", "member"], 0.8)
    found = traced(shops, data)
    bundle = shops.web.call("GET", f"/traces/{found['id']}/evidence", None, "regulator")
    assert bundle.status_code == 200, bundle.text
    monkeypatch.setattr(settle, "_fitted", None)
    said = verify_bundle(bundle.data, shops.house.log_public_key, result_of(shops.house.products))
    assert said["verdict"] == "traced"
    assert shops.web.ids["bank"] in [finding["party"] for finding in said["findings"]]


def test_the_commands_take_the_rows_and_read_the_report(shops: Mall, jobs: dict[str, str], tmp_path: Path) -> None:
    file, page = tmp_path / "rows.csv", tmp_path / "report.html"
    with shell(shops.web) as commands:
        said = commands.run("synthetic", "utility", jobs["shop"], "--language", "zh", key="shop")
        assert "总变差" in said and "town × member" in said and "（" in said and "fitted" not in said
        commands.run("synthetic", "utility", jobs["shop"], "--page", str(page), "--language", "zh", key="shop")
        assert "<table>" in page.read_text(encoding="utf-8") and "效用报告" in page.read_text(encoding="utf-8")
        with shops.serving():
            told = commands.ask("synthetic", "take", shops.subscriptions["shop"], str(file), key="shop")
    assert told["rows"] == 2000
    with file.open(encoding="utf-8-sig") as source:
        assert len(list(csv.DictReader(source))) == 2000


def test_the_command_takes_nothing_of_another_kind(shops: Mall, tmp_path: Path) -> None:
    query = {"grant": shops.grant_id, "kind": "query", "name": "counts", "resources": [shops.resource]}
    product = shops.ok("POST", "/products", query, "operator")["id"]
    paper = {"subject": product, "kind": "impact_assessment", "title": "PIA", "digest": "ab" * 32, "note": ""}
    shops.ok("POST", "/documents", paper, "operator")
    shops.ok("POST", f"/products/{product}/submit", {}, "operator")
    shops.ok("POST", f"/products/{product}/approve", {})
    shops.ok("POST", f"/products/{product}/price", {"unit": "call", "price": "1", "trial": True}, "operator")
    asked = {"product": product, "purpose": "industry", "commitment": {"accepted": True}}
    own = shops.ok("POST", "/subscriptions", asked, "shop")["id"]
    shops.ok("POST", f"/subscriptions/{own}/approve", {}, "operator")
    with shell(shops.web) as commands:
        said = commands.run("synthetic", "take", own, str(tmp_path / "rows.csv"), key="shop", code=2)
    assert "of kind query" in said
    assert not (tmp_path / "rows.csv").exists()


@pytest.mark.parametrize("more", [{"sql": "SELECT COUNT(*) FROM visitors"}, {"epsilon": "1"}, {"parameters": {"a": 1}}])
def test_it_is_taken_as_its_specification_says(shops: Mall, more: dict[str, Any]) -> None:
    shops.beat()
    body = {"subscription": shops.subscriptions["shop"]} | more
    answer = shops.web.call("POST", "/jobs", body, "shop", headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json["code"]) == (422, "field_invalid")
    assert next(iter(more)) in answer.json["detail"]


def test_where_nothing_can_be_fitted_it_is_not_offered(shops: Mall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offered, "available", lambda: False)
    product = {"grant": shops.grant_id, "kind": "synthetic", "name": "v", "resources": [shops.resource], "spec": SPEC}
    answer = shops.web.call("POST", "/products", product, "operator")
    assert (answer.status_code, answer.json["code"]) == (409, "state_conflict")
    assert "make synthetic" in answer.json["detail"]


def test_a_fit_that_fails_costs_no_money_and_gives_no_privacy_back(
    shops: Mall, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(asked: object) -> Any:
        raise EngineFailed

    monkeypatch.setattr(settle, "_fitted", failing)
    product = shops.package(epsilon="1")
    asked = {"product": product, "purpose": "industry", "commitment": {"accepted": True}}
    own = shops.ok("POST", "/subscriptions", asked, "bank")["id"]
    shops.ok("POST", f"/subscriptions/{own}/approve", {}, "operator")
    shops.beat()
    job = shops.ok("POST", "/jobs", {"subscription": own}, "bank", headers={"Idempotency-Key": "fails"})["id"]
    shops.finish()
    ended = shops.ok("GET", f"/jobs/{job}", None, "bank")
    assert ended["status"] == "failed"
    mine = next(one for one in shops.ok("GET", "/budgets", None, "bank")["items"] if one["party"] is not None)
    assert Decimal(mine["spent"]["epsilon"]) > 4  # that of the rows it holds, and of those it did not get
    assert all(one["fee"] in ("20", "0") for one in shops.ok("GET", "/usage", None, "bank")["items"])
