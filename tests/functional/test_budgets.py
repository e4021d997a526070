"""Budgets over HTTP: who sees what, renewal and life, raised caps, estimates that open nothing, and a database that
forgot what the log knows."""

from __future__ import annotations

import base64
import io
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from estate import Estate, estate, registration, table

from sandbox.errors import Problem
from sandbox.jobs.records import Job
from sandbox.jobs.tasks import claim
from sandbox.privacy.accounts import account_id
from sandbox.privacy.records import Account, Charge
from sandbox.service.doctor import examine, repair
from sandbox.service.vault import CARRY_OUT
from sandbox.transparency.journal import content
from sandbox.transparency.records import LogEntry

SQL = "SELECT town, COUNT(*) AS n FROM people GROUP BY town"
FIRST, SECOND = SQL.replace("GROUP", "WHERE age > 30 GROUP"), SQL.replace("GROUP", "WHERE age > 40 GROUP")


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    with estate(tmp_path_factory.mktemp("budgets") / "home") as box:
        box.publish(("firm", "other"), renew="P3M")
        for role in ("holder", "administration", "price_authority", "regulator", "auditor"):
            box.web.join(role)
        box.ask(SQL)
        box.ask(SQL, "other")
        box.finish()
        yield box


@pytest.fixture(autouse=True)
def alive(request: pytest.FixtureRequest) -> None:
    """Vault and scribe do not live beside the tests: say that they do."""
    if "box" in request.fixturenames:
        request.getfixturevalue("box").beat()


def budgets(box: Estate, key: str | None = None) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = box.ok("GET", "/budgets", key=key)["items"]
    return items


def whole(box: Estate) -> dict[str, Any]:
    """The account of the population of `people`."""
    return next(one for one in budgets(box) if one["party"] is None and box.resource in one["resources"])


def test_U7_a_user_sees_its_own_share_overseers_all_others_nothing(box: Estate) -> None:
    [own] = budgets(box, "firm")
    assert own["party"] == box.web.ids["firm"] and own["resources"] == [box.resource]
    everything = budgets(box)
    assert {one["party"] for one in everything} == {None, box.web.ids["firm"], box.web.ids["other"]}
    for overseer in ("administration", "price_authority", "regulator", "auditor"):
        assert budgets(box, overseer) == everything
    assert budgets(box, "holder") == [], "it registered nothing"
    assert box.web.call("GET", "/budgets", key="operator").json["code"] == "role_not_allowed"


def test_a_registrar_sees_its_own_populations(box: Estate) -> None:
    bureau = {**registration("census", renew="P3M"), "holder": "Another bureau"}
    files = {"metadata": (io.BytesIO(json.dumps(bureau).encode()), "m.json", "application/json")}
    files["census"] = (io.BytesIO(table()), "census.csv", "text/csv")
    with box.working():
        made = box.ok("POST", "/resources", data=files, key="holder")
    [seen] = budgets(box, "holder")
    assert (seen["party"], seen["resources"]) == (None, [made["id"]])
    assert box.web.call("POST", f"/budgets/{whole(box)['account']}/raise", RAISE, "holder").json["code"] == "not_found"
    raised = box.ok("POST", f"/budgets/{seen['account']}/raise", RAISE, "holder")
    assert raised["total"]["epsilon"] == "9"


def test_renewal_life_and_worth_are_shown(box: Estate) -> None:
    [own] = budgets(box, "firm")
    assert own["renews"]["every"] == "P3M" and own["renews"]["next"].endswith("Z")
    assert own["life"] == own["spent"] and Decimal(own["life"]["epsilon"]) > 0
    assert all(one["count"] >= 1 for one in own["worth"]["questions"])
    assert "more questions at ε 0.5" in own["worth"]["sentence"]["en"]
    assert whole(box)["renews"] is None


RAISE = {"epsilon": "9", "reason": "a second study of the same towns"}


def test_a_raised_cap_is_logged_disclosed_and_declared(box: Estate) -> None:
    before = whole(box)
    path = f"/budgets/{before['account']}/raise"
    for role in ("firm", "operator", "price_authority", "regulator", "auditor"):
        assert box.web.call("POST", path, RAISE, role).json["code"] == "role_not_allowed"
    assert box.web.call("POST", path, RAISE, "administration").json["code"] == "not_found", "not its population"
    assert box.web.call("POST", path, {"epsilon": "9", "reason": " "}).status_code == 422
    assert box.web.call("POST", path, {"epsilon": "7", "reason": "less"}).json["code"] == "state_conflict"
    raised = box.ok("POST", path, RAISE)
    assert raised["total"]["epsilon"] == "9" and raised["spent"]["rho"] == before["spent"]["rho"]
    with box.house.store.read() as tx:
        leaf = content(tx.find(LogEntry, kind="promise.raised", order=("-at",))[0].leaf)
    public = leaf["public"]
    assert isinstance(public, dict)
    assert (public["epsilon_from"], public["epsilon_to"]) == ("8", "9") and "reason" not in public
    page = box.ok("GET", "/disclosure", key="")
    [told] = [one for one in page["privacy"] if one["population"] == before["population"]]
    assert [(one["from"]["epsilon"], one["to"]["epsilon"], one["reason"]) for one in told["raised"]] == [
        ("8", "9", RAISE["reason"])
    ]
    assert told["per_user"] == {"epsilon": "4", "delta": "0.0000001", "renews": "P3M"}
    assert box.ok("GET", f"/resources/{box.resource}")["privacy"]["epsilon"] == "9"
    assert box.web.call("POST", path, RAISE).json["code"] == "state_conflict", "it is that already"


def test_an_estimate_opens_no_private_file(box: Estate) -> None:
    body = {"subscription": box.subscriptions["firm"], "sql": SECOND, "epsilon": "0.5"}
    before = box.ok("POST", "/jobs/estimate", body, "firm")
    hidden = box.settings.data_folder.with_name("hidden")
    box.settings.data_folder.rename(hidden)
    try:
        assert box.ok("POST", "/jobs/estimate", body, "firm") == before
    finally:
        hidden.rename(box.settings.data_folder)


def test_a_pure_budget_is_registered_and_refuses_gaussian_noise_with_a_sentence(tmp_path: Path) -> None:
    with estate(tmp_path / "home") as box:
        box.publish(pure=True, delta="0", per_user={"epsilon": "4"})
        assert box.ok("GET", f"/resources/{box.resource}")["privacy"] == {
            "epsilon": "8", "per_user": {"epsilon": "4"}, "pure": True
        }  # fmt: skip
        body = {"subscription": box.subscriptions["firm"], "sql": SQL, "epsilon": "0.5"}
        refused = box.web.call("POST", "/jobs/estimate", body, "firm").json
        assert refused["code"] == "sql_not_allowed" and "pure ε and pays for Laplace noise only" in refused["detail"]
        assert whole(box)["total"] == {"epsilon": "8", "delta": "0"} and whole(box)["pure"]
        raised = box.ok("POST", f"/budgets/{whole(box)['account']}/raise", RAISE)
        assert raised["total"] == {"epsilon": "9", "delta": "0"}
        page = box.ok("GET", "/disclosure", key="")["privacy"]
        assert [one["pure"] for one in page] == [True] and page[0]["spent_at_most"] == {"epsilon": "0"}
        assert box.ok("GET", f"/resources/{box.resource}")["privacy"]["epsilon"] == "9"


def charges(leaf: bytes) -> str:
    public = content(leaf)["public"]
    assert isinstance(public, dict)
    return str(public["charges"])


def test_a_leaf_does_not_tell_whether_the_population_paid(box: Estate) -> None:
    jobs = [box.ask(FIRST), box.ask(SECOND), box.ask(FIRST, "other")]
    box.finish()
    with box.house.store.read() as tx:
        paid = [tx.find(Charge, job=job, account=account_id(whole(box)["population"], None))[0] for job in jobs]
        sealed = [charges(tx.find(LogEntry, job=job)[0].leaf) for job in jobs]
    assert [charge.state == "spent" and charge.loss > 0 for charge in paid] == [True, True, False]
    assert len({len(base64.b64decode(one)) for one in sealed}) == 1 and len(set(sealed)) == 3


def copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def spent(box: Estate) -> dict[str, tuple[Decimal, Decimal]]:
    with box.house.store.read() as tx:
        return {one.id: (one.loss_spent, one.delta_spent) for one in tx.find(Account) if one.party != "*"}


def found(box: Estate) -> dict[str, bool]:
    return {check["name"]: check["ok"] for check in examine(box.settings)["checks"]}


def test_after_a_restore_the_accounts_know_again_what_the_log_knows(tmp_path: Path) -> None:
    database, backup = tmp_path / "home" / "sandbox.db", tmp_path / "backup.db"
    with estate(tmp_path / "home") as box:
        box.publish(("firm", "other"))
        box.ask(SQL)
        box.finish()
        copy(database, backup)
        box.ask(FIRST)
        box.ask(SQL, "other")  # its account is opened after the backup
        box.ask(SECOND, "other")
        box.finish()
        after = spent(box)
        assert found(box)["spending"] and len(after) == 3
        assert repair(box.settings) == "charges taken over from the log: 0"
        shutil.copy(database, tmp_path / "newer.db")
        box.house.store.close()
        for part in ("", "-wal", "-shm"):
            database.with_name(database.name + part).unlink(missing_ok=True)
        copy(backup, database)
        assert not found(box)["spending"] and found(box)["balances"]
        assert spent(box) != after
        assert repair(box.settings) == "charges taken over from the log: 5"
        assert spent(box) == after
        assert repair(box.settings) == "charges taken over from the log: 0", "twice is once"
        assert found(box)["spending"] and found(box)["balances"]
        tile = next((box.settings.log_folder / "tile" / "entries").rglob("*.p/*"))
        tile.write_bytes(tile.read_bytes()[:-1])
        with pytest.raises(Problem, match="integrity_stop"):
            repair(box.settings)


@pytest.mark.parametrize("first", ["repair", "run"])
def test_a_job_that_ran_again_after_a_restore_is_charged_for_both_answers(tmp_path: Path, first: str) -> None:
    database, backup = tmp_path / "home" / "sandbox.db", tmp_path / "backup.db"
    with estate(tmp_path / "home") as box:
        box.publish()
        job = box.ask(SQL)
        copy(database, backup)  # the job is held, not begun
        box.finish()
        box.house.store.close()
        for part in ("", "-wal", "-shm"):
            database.with_name(database.name + part).unlink(missing_ok=True)
        copy(backup, database)
        if first == "repair":
            assert repair(box.settings) == "charges taken over from the log: 2"
        while task := claim(box.house.store, "after"):  # the scribe would stop: the log is ahead
            CARRY_OUT[task.kind](box.house, task)
        if first == "run":
            assert repair(box.settings) == "charges taken over from the log: 2"
        with box.house.store.read() as tx:
            made = tx.get(Job, job)
            assert made is not None and made.status == "sealing", "it ran a second time"
            for account in tx.find(Account, party=[box.web.ids["firm"]]):
                assert account.loss_spent == made.rho * 2, "two draws reached the user"
        assert repair(box.settings) == "charges taken over from the log: 0"
        assert found(box)["balances"] and found(box)["spending"]
