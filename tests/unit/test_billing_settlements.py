"""The end of a month: settlements without gaps, whatever interrupts them; credit notes; disputes; reconciliation."""

from __future__ import annotations

import threading
from dataclasses import replace
from decimal import Decimal

import pytest
from authority import World, refused
from offer import Offer

from sandbox.billing import disputes, settlements
from sandbox.billing.prices import fee
from sandbox.billing.reconcile import reconcile
from sandbox.billing.records import Settlement
from sandbox.billing.settlements import credit, settle
from sandbox.core.clock import now
from sandbox.metering.events import usage_event

MONTH = "2026-03"


class Trade:
    """One operator whose users each asked something in March 2026, some of them for free."""

    def __init__(self, store, users=7) -> None:
        self.store = store
        with store.write() as tx:
            self.world = World(tx)
            self.offer = Offer(self.world, price={"unit": "cell", "price": "0.333335", "trial": True})
            self.journal, self.operator = self.offer.journal, self.offer.operator
            self.users = [self.world.party(f"User {number}", "user") for number in range(users)]
            for number, user in enumerate(self.users):
                for cells in range(1, number + 2):
                    self.charge(tx, user, cells)
                self.charge(tx, user, 100, purpose="public_welfare")

    def charge(self, tx, user, cells, month=MONTH, **changed):
        self.offer.tx = tx
        job = self.offer.job(party=user.party.id, **changed)
        cost = fee(self.offer.price, job.purpose, job.free, cells)
        tx.add(replace(usage_event(job, self.offer.price, cost, cells), month=month))

    def settle(self, principal=None, month=MONTH):
        return settle(self.store, self.journal, principal or self.operator, month)

    def all(self):
        with self.store.read() as tx:
            return tx.find(Settlement, order=["number"])


@pytest.fixture
def trade(store):
    return Trade(store)


def test_P4_a_month_is_closed_once_however_often_it_is_run(trade):
    run = trade.settle()
    assert (run.made, run.kept) == (7, 0)
    assert [one.number for one in trade.all()] == list(range(1, 8))
    assert [one.party for one in trade.all()] == sorted(user.party.id for user in trade.users)
    again = trade.settle(trade.world.authority)
    assert (again.made, again.kept, again.total) == (0, 7, run.total)
    first = next(one for one in trade.all() if one.party == trade.users[1].party.id)
    assert [(line["purpose"], line["quantity"], line["amount"]) for line in first.lines] == [
        ("industry", 3, "1.00"),
        ("public_welfare", 100, "0.00"),
    ]
    assert first.total == Decimal("1.00")


@pytest.mark.parametrize("at", [0, 3, 6])
def test_a_run_that_dies_is_finished_by_the_next_with_the_same_numbers(trade, monkeypatch, at):
    monkeypatch.setattr(settlements, "BATCH", 2)
    real, calls = settlements._add, []

    def dies(*given):
        calls.append(given)
        if len(calls) == at + 1:
            raise KeyboardInterrupt
        return real(*given)

    monkeypatch.setattr(settlements, "_add", dies)
    with pytest.raises(KeyboardInterrupt):
        trade.settle()
    assert len(trade.all()) == at // 2 * 2
    monkeypatch.setattr(settlements, "_add", real)
    run = trade.settle()
    assert (run.made, run.kept) == (7 - at // 2 * 2, at // 2 * 2)
    assert [one.number for one in trade.all()] == list(range(1, 8))
    assert [one.party for one in trade.all()] == sorted(user.party.id for user in trade.users)


def test_two_runs_at_once_make_nothing_twice_and_leave_no_gap(trade, monkeypatch):
    monkeypatch.setattr(settlements, "BATCH", 1)
    runs: list[settlements.Run] = []
    threads = [threading.Thread(target=lambda: runs.append(trade.settle())) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(runs) == 4 and sum(run.made for run in runs) == 7
    assert [one.number for one in trade.all()] == list(range(1, 8))


def test_who_may_close_which_month(trade):
    with refused("state_conflict: "):
        trade.settle(month=f"{now():%Y-%m}")
    with refused("field_invalid: month"):
        trade.settle(month="2026-13")
    with refused("role_not_allowed"):
        trade.settle(trade.users[0])
    with trade.store.write() as tx:
        rival = trade.world.party
        trade.world.tx = tx
        other = rival("Rival", "operator")
    assert trade.settle(other).made == 0


def test_a_credit_note_gives_back_no_more_than_was_charged(trade):
    trade.settle()
    settled = max(trade.all(), key=lambda one: one.total)
    with trade.store.write() as tx:
        note = credit(tx, trade.journal, trade.operator, settled.id, Decimal("2.50"), "counted twice")
        assert (note.number, note.total, note.corrects, note.kind) == (8, Decimal("-2.50"), settled.id, "credit_note")
        left = settled.total - Decimal("2.50")
        for wrong in (left + Decimal("0.01"), Decimal(0), Decimal(-1)):
            with refused(f"field_invalid: amount: write more than 0 and at most the {left} yuan"):
                credit(tx, trade.journal, trade.operator, settled.id, wrong, "more")
        credit(tx, trade.journal, trade.operator, settled.id, left, "all of it")
        with refused("not_found"):
            credit(tx, trade.journal, trade.operator, note.id, Decimal("0.01"), "a note of a note")


def test_events_lines_and_settlements_are_held_against_each_other(trade):
    with trade.store.read() as tx:
        before = reconcile(tx, MONTH)
    assert (before["holds"], before["settled"]) == (False, "0.00")
    assert before["unsettled"] == before["lines"] != "0.00"
    run = trade.settle()
    with trade.store.read() as tx:
        after = reconcile(tx, MONTH, trade.operator.party.id)
    assert after["holds"] and (after["unsettled"], after["wrong"]) == ("0.00", 0)
    assert Decimal(after["settled"]) == run.total
    assert Decimal(after["rounding"]) == Decimal(after["lines"]) - Decimal(after["events"])
    cells = sum(range(1, number + 2).stop * (number + 1) // 2 for number in range(7))
    assert Decimal(after["events"]) == Decimal("0.333335") * cells
    with trade.store.write() as tx:
        trade.charge(tx, trade.users[0], 4)
    with trade.store.read() as tx:
        late = reconcile(tx, MONTH)
    assert (late["holds"], late["unsettled"]) == (False, "1.34")


def test_an_event_that_costs_something_else_is_named(trade):
    with trade.store.write() as tx:
        trade.charge(tx, trade.users[0], 1)
        event = tx.find(type(tx.find(settlements.UsageEvent)[0]))[0]
        tx.change(event, fee=event.fee + 1)
    with trade.store.read() as tx:
        assert reconcile(tx, MONTH)["wrong"] == 1


def test_P9_a_dispute_is_answered_and_may_give_money_back(trade):
    trade.settle()
    user = trade.users[6]
    settled = next(one for one in trade.all() if one.party == user.party.id)
    with trade.store.write() as tx:
        made = disputes.raise_dispute(tx, trade.journal, user, "counted twice", settlement=settled.id)
        with refused("state_conflict: you have an open dispute"):
            disputes.raise_dispute(tx, trade.journal, user, "again", settlement=settled.id)
        with refused("not_found"):
            disputes.raise_dispute(tx, trade.journal, trade.users[0], "not mine", settlement=settled.id)
        with refused("field_invalid: settlement, product"):
            disputes.raise_dispute(tx, trade.journal, user, "what?")
        with refused("field_invalid: amount: only an accepted"):
            disputes.answer(tx, trade.journal, trade.operator, made.id, False, "no", Decimal(1))
        done = disputes.answer(tx, trade.journal, trade.operator, made.id, True, "you are right", Decimal("1.00"))
        assert (done.status, tx.get(Settlement, done.credit).total) == ("accepted", Decimal("-1.00"))
        with refused("state_conflict: this dispute is accepted already"):
            disputes.answer(tx, trade.journal, trade.operator, made.id, False, "no")


def test_P9_a_price_is_disputed_by_who_is_subscribed(trade):
    product = trade.offer.product.id
    with trade.store.write() as tx:
        made = disputes.raise_dispute(tx, trade.journal, trade.offer.user, "too dear", product=product)
        assert made.operator == trade.operator.party.id and (made.due - now().date()).days >= 14
        with refused("not_found"):
            disputes.raise_dispute(tx, trade.journal, trade.users[0], "too dear", product=product)
        assert (
            disputes.answer(tx, trade.journal, trade.operator, made.id, False, "it is the ceiling").status == "rejected"
        )


def test_usage_that_comes_late_becomes_a_debit_note(trade):
    trade.settle()
    late, first = trade.users[0], trade.all()[0]
    before = next(one for one in trade.all() if one.party == late.party.id)
    with trade.store.write() as tx:
        trade.charge(tx, late, 4)
    run = trade.settle()
    assert (run.made, run.kept) == (1, 6)
    note = trade.all()[-1]
    assert (note.number, note.kind, note.corrects, note.total) == (8, "debit_note", before.id, Decimal("1.34"))
    assert [(line["quantity"], line["jobs"], line["amount"]) for line in note.lines] == [(4, 1, "1.34")]
    assert trade.settle().made == 0 and trade.all()[0] == first
    with trade.store.read() as tx:
        books = reconcile(tx, MONTH)
    assert (books["holds"], books["debited"], books["unsettled"]) == (True, "1.34", "0.00")
    with trade.store.write() as tx:
        credit(tx, trade.journal, trade.operator, before.id, before.total + note.total, "all of both")
