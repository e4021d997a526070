"""Claims in groups: what all wait for does not grow with their number, and each leaves on a rung of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from firms import FIRMS, Office

from sandbox.core.clock import now
from sandbox.errors import Problem
from sandbox.identity.keys import authenticate
from sandbox.products.verification import desk as desk_module
from sandbox.products.verification.asking import Asked, reserve
from sandbox.products.verification.desk import Desk, Waiter
from sandbox.products.verification.guessing import Lately
from sandbox.products.verification.permission import Ground
from sandbox.products.verification.records import Verification
from sandbox.products.verification.rungs import rung
from sandbox.stores.prepared import Prepared
from sandbox.web.idempotency import Ticket


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with ExitStack() as stack:
        made = Office(tmp_path_factory.mktemp("groups") / "home", stack)
        made.found()
        yield made


def asked(office: Office, number: int) -> Asked:
    with office.house.store.read() as tx:
        bank = authenticate(tx, f"Bearer {office.web.keys['bank']}")
    subject, ground = FIRMS[number]["code"], Ground(basis="statutory_duty")
    ticket = Ticket(uuid4().hex, bank.party.id, f"of {subject}", office.house.release_sealer, timedelta(days=30))
    return Asked(bank, office.subscriptions["bank"], subject, "in_business", None, ground, ticket, now())


def test_a_group_of_twenty_takes_hardly_more_statements_than_one_of_two(office: Office) -> None:
    """Each of them waits for all: what is done for each must be next to nothing."""
    run, taken = [0], list[tuple[int, int]]()
    rows, count = Prepared.rows, Prepared.count

    def counted(real: Any) -> Any:
        def once_more(*given: Any) -> Any:
            run[0] += 1
            return real(*given)

        return once_more

    with patch.object(Prepared, "rows", counted(rows)), patch.object(Prepared, "count", counted(count)):
        for first, size in ((0, 1), (1, 2), (3, 20)):  # the first begins the counts of the day
            group = [asked(office, first + number) for number in range(size)]
            office.beat()
            before = run[0]
            made = reserve(office.web.house, Lately(), "nobody", group)
            between = run[0]
            assert all(isinstance(one, Verification) for one in made)
            assert office.verifier.step() == size
            taken.append((between - before, run[0] - between))
    assert taken[1] == taken[2] and taken[2] < (40, 40), taken


def test_two_that_come_at_once_with_one_key_are_one_claim_or_a_conflict(office: Office) -> None:
    """Else the second would be told what holds of the first one's subject."""
    first, other = asked(office, 60), asked(office, 61)
    again, mistaken = (replace(one, ticket=replace(one.ticket, id=first.ticket.id)) for one in (first, other))
    office.beat()
    made, same, refused = reserve(office.web.house, Lately(), "nobody", [first, again, mistaken])
    assert isinstance(made, Verification) and same == made.id
    assert isinstance(refused, Problem) and refused.code == "idempotency_conflict"
    assert office.verifier.step() == 1


def test_an_answer_leaves_on_the_rung_behind_its_end_and_not_behind_its_thread(office: Office) -> None:
    """A thread that wakes late finds the rung past, and does not wait for the next."""
    quantum, slept = timedelta(milliseconds=400), list[timedelta]()
    desk = Desk(replace(office.web.house, settings=office.settings.model_copy(update={"quantum_ms": 400})))
    one = asked(office, 81)
    with office.open(), patch.object(desk_module, "wait_until", lambda at: slept.append(at - one.at)):
        [done] = desk.ask([one])
    assert isinstance(done, Verification) and done.status == "done"
    assert now() - one.at >= quantum
    [held] = slept
    assert rung(held, quantum) == held
    waiter = Waiter(one, reserved=done, ended=done, ended_at=one.at + quantum / 2)
    assert desk._leaving([waiter]) == one.at + quantum, "whenever its thread looks"
