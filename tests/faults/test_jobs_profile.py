"""The public profile is bought once, whatever dies on the way: once queued, once spent, one leaf, one content."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from estate import Estate, estate

from sandbox.catalogue.records import BoughtProfile
from sandbox.core.store import Stale
from sandbox.engines.base import EngineFailed
from sandbox.jobs import ledger, profile
from sandbox.jobs.records import Task
from sandbox.jobs.tasks import claim
from sandbox.privacy.accountant import SYSTEM, check_balances
from sandbox.privacy.accounts import account_id
from sandbox.privacy.records import Account, Charge
from sandbox.privacy.recovery import missing
from sandbox.transparency.records import LogEntry
from sandbox.transparency.verify import compare_with_store

STEPS = ("_begin", "_measure", "_end")
AGAIN = {"reason": "the town grew"}


class Killed(BaseException):
    """What a process that is killed does: nothing more."""


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    with estate(tmp_path_factory.mktemp("box") / "home") as made:
        made.publish(users=("firm",), epsilon="400", profile={"epsilon": "1"})
        made.finish()
        yield made


def bought(box: Estate) -> list[BoughtProfile]:
    with box.house.store.read() as tx:
        return sorted(tx.find(BoughtProfile, resource=box.resource), key=lambda one: one.number)


def again(box: Estate) -> BoughtProfile:
    """The registrar buys another, and nobody has begun with it."""
    box.ok("POST", f"/resources/{box.resource}/profile", AGAIN)
    return bought(box)[-1]


def check_once(box: Estate, one: BoughtProfile, status: str = "done") -> None:
    with box.house.store.read() as tx:
        held = tx.get(BoughtProfile, one.id)
        assert held is not None and held.status == status and (held.content is None) == (status != "done")
        charges = tx.find(Charge, job=one.id)
        assert sorted(charge.account for charge in charges) == sorted(
            account_id(one.population, party) for party in (None, SYSTEM)
        )
        assert {(charge.state, charge.loss) for charge in charges} == {("spent", one.rho)}
        kind = "profile.bought" if status == "done" else "profile.failed"
        leaves = [entry for entry in tx.find(LogEntry, kind=kind) if entry.id == held.entry]
        assert len(leaves) == 1 and leaves[0].resource == box.resource
        assert check_balances(tx) == []
        assert missing(tx, ledger.read(box.house, tx)) == []
        compare_with_store(tx, box.settings.log_folder)
        assert tx.find(Task, status=["queued", "running"]) == []


def test_it_is_bought_when_the_resource_is_registered(box: Estate) -> None:
    first = bought(box)[0]
    assert (first.number, first.reason) == (1, profile.FIRST)
    check_once(box, first)
    shown = box.ok("GET", f"/resources/{box.resource}", key="firm")["profile"]
    assert shown["version"] == first.version and shown["rho"] == str(first.rho)
    table = shown["tables"]["people"]
    assert abs(table["rows"] - 600) < 200 and set(table["values"]) == {"age", "wage"}
    with box.house.store.read() as tx:
        whole = tx.get(Account, account_id(first.population, None))
        assert whole is not None and whole.loss_spent == first.rho
        assert not tx.find(Charge, account=account_id(first.population, box.web.ids["firm"]))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_killed_worker_buys_nothing_twice(box: Estate, monkeypatch: pytest.MonkeyPatch, step: str, when: str) -> None:
    one = again(box)
    real: Callable[..., Any] = getattr(profile, step)

    def dies(*given: Any) -> Any:
        monkeypatch.setattr(profile, step, real)
        if when == "after":
            real(*given)
        raise Killed

    monkeypatch.setattr(profile, step, dies)
    task = claim(box.house.store, "dies")
    assert task is not None and task.kind == "profile"
    with pytest.raises(Killed):
        profile.carry_out(box.house, task)
    box.expire()
    box.finish()
    check_once(box, one)


def test_of_two_workers_one_finishes(box: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    one = again(box)
    slow = claim(box.house.store, "slow")
    assert slow is not None
    measured, go_on = threading.Event(), threading.Event()
    real = profile._measure

    def held(*given: Any) -> Any:
        monkeypatch.setattr(profile, "_measure", real)
        found = real(*given)
        measured.set()
        go_on.wait(30)
        return found

    monkeypatch.setattr(profile, "_measure", held)
    lost: list[BaseException] = []

    def work() -> None:
        try:
            profile.carry_out(box.house, slow)
        except Stale as error:
            lost.append(error)

    first = threading.Thread(target=work)
    first.start()
    assert measured.wait(30)
    box.expire()
    box.finish()
    kept = bought(box)[-1].content
    go_on.set()
    first.join(30)
    assert len(lost) == 1 and bought(box)[-1].content == kept
    check_once(box, one)


def test_what_kills_its_workers_fails_and_stays_spent(box: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    before = box.ok("GET", f"/resources/{box.resource}")["profile"]
    one = again(box)

    def fail(*_: Any) -> Any:
        raise EngineFailed

    with monkeypatch.context() as patch:
        patch.setattr(profile, "_measure", fail)
        box.finish()
    check_once(box, one, "failed")
    assert box.ok("GET", f"/resources/{box.resource}")["profile"] == before


def test_an_engine_that_fails_once_is_asked_again_for_the_same_charge(
    box: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = again(box)
    real = profile._measure

    def fail(*_: Any) -> Any:
        monkeypatch.setattr(profile, "_measure", real)
        raise EngineFailed

    monkeypatch.setattr(profile, "_measure", fail)
    box.finish()
    check_once(box, one)


def test_only_its_registrar_buys_it_again_for_a_reason_and_one_at_a_time(box: Estate) -> None:
    path = f"/resources/{box.resource}/profile"
    assert box.web.call("POST", path, AGAIN, "firm").status_code == 403
    refused = box.web.call("POST", path, {"reason": "  "})
    assert (refused.status_code, refused.json["code"]) == (422, "field_invalid")
    one = again(box)
    refused = box.web.call("POST", path, {"reason": "twice at once"})
    assert refused.json["code"] == "state_conflict"
    box.finish()
    check_once(box, one)


def test_a_stopped_resource_is_not_measured_and_pays_nothing(box: Estate) -> None:
    one = again(box)
    box.web.join("regulator", "regulator")
    stop = box.ok("POST", "/emergency", {"scope": "resource", "target": box.resource, "reason": "leak"}, "regulator")
    box.finish()
    with box.house.store.read() as tx:
        held = tx.get(BoughtProfile, one.id)
        assert held is not None and held.status == "void"
        assert {charge.state for charge in tx.find(Charge, job=one.id)} == {"void"}
        assert check_balances(tx) == []
    box.ok("POST", f"/emergency/{stop['id']}/lift", {}, "regulator")
    box.ok("POST", f"/emergency/{stop['id']}/lift", {})


def test_the_budget_pays_or_the_order_is_refused(box: Estate) -> None:
    with box.house.store.write() as tx:
        whole = tx.get(Account, account_id(bought(box)[0].population, None))
        assert whole is not None
        full = whole.loss_total - whole.loss_spent - Decimal("1e-18")
        tx.change(whole, loss_held=full)
    refused = box.web.call("POST", f"/resources/{box.resource}/profile", AGAIN | {"reason": "no money"})
    assert refused.json["code"] == "privacy_budget_exhausted"
    assert "population" in refused.json["detail"]
    with box.house.store.write() as tx:
        held = tx.get(Account, account_id(bought(box)[0].population, None))
        assert held is not None
        tx.change(held, loss_held=Decimal(0))
