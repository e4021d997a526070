"""Claims that are cut off: wherever a process dies, each is answered and billed once or not at all."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from firms import FIRMS, STEP, Office, code, specification

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.verification import processes, publish
from sandbox.cli.demo.running import Instance
from sandbox.core.clock import now
from sandbox.core.store import Stale
from sandbox.errors import Problem
from sandbox.grants.allowances import by_user, taken
from sandbox.identity.keys import authenticate
from sandbox.metering.records import UsageEvent
from sandbox.persons.records import Inquiry
from sandbox.products.verification import answering
from sandbox.products.verification.answering import PATIENCE, Verifier
from sandbox.products.verification.asking import Asked, reserve
from sandbox.products.verification.desk import Desk
from sandbox.products.verification.guessing import Lately
from sandbox.products.verification.permission import Ground
from sandbox.products.verification.records import Verification
from sandbox.transparency.records import LogEntry
from sandbox.web.idempotency import Ticket, kept


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with ExitStack() as stack:
        made = Office(tmp_path_factory.mktemp("cut") / "home", stack)
        made.found()
        yield made


@pytest.fixture
def office(shared: Office) -> Iterator[Office]:
    """The office, with nothing waiting."""
    yield shared
    shared.verifier.step()
    while shared.scribe.step():
        pass


def asked(office: Office, number: int, **more: Any) -> Asked:
    with office.house.store.read() as tx:
        bank = authenticate(tx, f"Bearer {office.web.keys['bank']}")
    sealer = office.house.release_sealer
    ticket = Ticket(more.pop("key", uuid4().hex), bank.party.id, "digest", sealer, kept(office.house))
    given = {"subscription": office.subscriptions["bank"], "subject": FIRMS[number]["code"], "claim": "in_business"}
    given |= {"value": None, "ground": Ground(basis="statutory_duty"), "at": now()} | more
    return Asked(principal=bank, ticket=ticket, **given)


def waiting(office: Office, *group: Asked) -> list[Any]:
    office.beat()
    return reserve(office.web.house, Lately(), "nobody", group)


def left(office: Office, made: list[Verification]) -> list[tuple[str, int, int, int]]:
    """Of each claim its state, and how many events, leaves and lines it has."""
    with office.house.store.read() as tx:
        return [
            (
                one.status,
                len(tx.find(UsageEvent, job=one.id)),
                len(tx.find(LogEntry, job=one.id, kind="verification.answered")),
                len([line for line in tx.find(Inquiry, subject=one.subject) if line.at >= one.created_at]),
            )
            for claim in made
            if (one := tx.get(Verification, claim.id)) is not None
        ]


def test_a_vault_that_dies_before_its_end_has_done_nothing(office: Office) -> None:
    made = waiting(office, asked(office, 1), asked(office, 2))
    real, calls = answering.charge, []

    def dies(*given: Any) -> UsageEvent:
        calls.append(given)
        if len(calls) == 2:
            raise MemoryError
        return real(*given)

    with patch.object(answering, "charge", dies), pytest.raises(MemoryError):
        office.verifier.step()
    assert left(office, made) == [("queued", 0, 0, 0)] * 2
    assert Verifier(office.house).step() == 2
    assert left(office, made) == [("sealing", 1, 1, 1)] * 2
    assert office.verifier.step() == 0


def test_of_two_vaults_one_answers(office: Office) -> None:
    made = waiting(office, asked(office, 3))
    other, real = Verifier(office.house), Verifier._look_up

    def slow(self: Verifier, *given: Any) -> None:
        real(self, *given)
        if self is not other:
            assert other.step() == 1

    with patch.object(Verifier, "_look_up", slow), pytest.raises(Stale):
        office.verifier.step()
    assert left(office, made) == [("sealing", 1, 1, 1)]


def test_a_web_that_dies_leaves_its_claims_to_whoever_asks_again(office: Office) -> None:
    key = uuid4().hex
    made = waiting(office, asked(office, 5, key=key))
    with office.open():
        done = Desk(office.web.house).ask([asked(office, 5, key=key)])
    assert [one.id for one in done if isinstance(one, Verification)] == [made[0].id]
    assert left(office, made) == [("done", 1, 1, 1)]


def test_one_refusal_stops_no_other_and_spends_nothing(office: Office) -> None:
    key, moment = by_user(office.web.ids["bank"], office.product, now()), uuid4().hex
    with office.house.store.read() as tx:
        before = taken(tx, key)
    group = [
        asked(office, 7, key=moment),
        asked(office, 8, claim="unheard_of"),
        asked(office, 9, subscription="subscription_of_nobody"),
        asked(office, 7, key=moment),
        asked(office, 10),
    ]
    made = waiting(office, *group)
    kinds = [type(one).__name__ if not isinstance(one, Problem) else one.code for one in made]
    assert kinds == ["Verification", "field_invalid", "not_found", "str", "Verification"]
    assert made[3] == made[0].id
    with office.house.store.read() as tx:
        assert taken(tx, key) == before + 2


def test_what_waits_too_long_fails_and_costs_nothing(office: Office) -> None:
    made = waiting(office, asked(office, 11, at=now() - PATIENCE - timedelta(seconds=1)))
    office.verifier.step()
    assert left(office, made) == [("failed", 0, 0, 0)]
    with pytest.raises(AssertionError, match="execution_failed"):
        office.ok("GET", f"/verifications/{made[0].id}", key="bank")


def test_a_stop_voids_what_was_not_looked_up_and_holds_back_what_was(office: Office) -> None:
    first = waiting(office, asked(office, 12))
    office.verifier.step()
    while office.scribe.step():
        pass
    second = waiting(office, asked(office, 13))
    stop = office.ok("POST", "/emergency", {"scope": "product", "target": office.product, "reason": "exercise"})
    office.verifier.step()
    assert left(office, [*first, *second]) == [("done", 1, 1, 1), ("void", 0, 0, 0)]
    held = office.web.call("GET", f"/verifications/{first[0].id}", key="bank")
    assert held.json["code"] == "emergency_stop" and "answer" not in held.json
    office.web.join("watch", "regulator")
    for key in (None, "watch"):
        office.ok("POST", f"/emergency/{stop['id']}/lift", {}, key)
    assert office.ok("GET", f"/verifications/{first[0].id}", key="bank")["answer"] == "false"


def test_a_specification_that_nobody_reviewed_answers_nothing(office: Office) -> None:
    product = office.offer(specification())
    subscription = office.subscribe("bank", product)
    made = waiting(office, asked(office, 14, subscription=subscription))
    other = [
        one | {"values": ["revoked"]} if one["name"] == "in_business" else one for one in specification()["claims"]
    ]
    office.ok("POST", f"/products/{product}/revise", {"spec": specification(claims=other)}, "operator")
    office.verifier.step()
    assert left(office, made) == [("failed", 0, 0, 0)]


@pytest.mark.service
def test_kill_9_of_every_process_loses_no_claim_and_bills_none_twice(tmp_path: Path) -> None:
    with Instance() as instance:
        subscription, key = publish(instance, 50)
        with instance.client(key) as user, ThreadPoolExecutor(4) as pool:
            user.verify(subscription, code(STEP), "in_business", basis="statutory_duty")  # the register is open

            def persist(number: int) -> str:
                """Ask with one key until an answer comes, as a careful client does; with another once the claim
                failed, as it does where it takes a minute until all processes are back."""
                failed = 0
                body = {"subscription": subscription, "subject": code(STEP * number), "claim": "in_business"}
                until = time.monotonic() + 600
                while True:
                    try:
                        said = user.json(
                            "POST", "/verifications", body=body | {"basis": "statutory_duty"},
                            headers={"Idempotency-Key": f"k{number}.{failed}"},
                        )  # fmt: skip
                        if said.get("answer"):
                            return str(said["answer"])
                    except Problem as problem:
                        assert problem.code in ("not_ready", "execution_failed"), problem
                        failed += problem.code == "execution_failed"
                    assert time.monotonic() < until
                    time.sleep(0.2)

            asking = []
            for number in range(9):
                asking.append(pool.submit(persist, number))
                time.sleep(0.05)
                if number == 5:
                    for pids in processes(instance.home).values():
                        for pid in pids:
                            os.kill(pid, signal.SIGKILL)
            assert [one.result() for one in asking] == ["true" if n % 5 else "false" for n in range(9)]
            events = user.usage()
        assert len(events) == len({event["job"] for event in events}) == 10
        assert {Decimal(event["fee"]) for event in events} == {Decimal("0.50")}
        doctor = instance.command("doctor")
        assert "WRONG" not in doctor and "claims delivered: 10" in doctor, doctor
