"""Alerts: what raises them, once; who acknowledges; what the log and webhooks are told (S1, S5, A2)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from authority import World, refused
from offer import Offer

from sandbox.billing.records import CostSurvey, YearlyReport
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.grants.records import GrantChange
from sandbox.identity.records import Tally
from sandbox.identity.tallies import KEPT, WINDOW, count, recent, recent_of
from sandbox.oversight import watch
from sandbox.oversight.alerts import acknowledge, view
from sandbox.oversight.records import Alert
from sandbox.privacy.accounts import open_accounts
from sandbox.privacy.records import Account
from sandbox.products.records import Product, Review
from sandbox.transparency.records import Contradiction, Lease, LogEntry
from sandbox.webhooks.records import Message, Webhook


@pytest.fixture
def offer(store):
    with store.write() as tx:
        yield Offer(World(tx))


def look(offer, later: timedelta = timedelta()) -> dict[str, Alert]:
    """Make the checks; give the new alerts by kind."""
    raised = watch.look(offer.tx, offer.journal, now() + later)
    assert max(Counter(alert.kind for alert in raised).values(), default=0) <= 1
    return {alert.kind: alert for alert in raised}


@pytest.fixture
def quiet(offer):
    """A world in which all went well; what its making raised is out of the way."""
    for entry in offer.tx.find(LogEntry, index=None):
        offer.tx.change(entry, index=int(entry.id[-6:], 16) + (1 << 30) * len(entry.id))
    assert look(offer) == {}
    return offer


def test_nothing_unusual_raises_nothing(quiet):
    assert quiet.tx.find(Alert) == []


def test_S1_S5_A2_what_happens_too_often_is_told_once(quiet):
    firm = quiet.user.party.id
    tallies = {"probing": ("probe", 30, 10), "outside_grant": ("outside", 0, 10), "keys_tried": ("key", 20, 10)}
    for kind, (tally, most, minutes) in (tallies | {"staff_looks": ("look", 200, 30)}).items():
        window = timedelta(minutes=minutes)
        if most:
            count(quiet.tx, tally, firm, now(), window=window, number=most)
        assert look(quiet) == {}
        count(quiet.tx, tally, firm, now(), window=window)
        alert = look(quiet)[kind]
        assert (alert.about, alert.number, list(alert.facts.values())) == (firm, 1, [most + 1])
        count(quiet.tx, tally, firm, now(), window=window)
        assert look(quiet) == {}
        again = quiet.tx.get(Alert, alert.id)
        assert (again.number, list(again.facts.values())) == (2, [most + 2])


def test_tallies_are_of_their_window_and_forgotten(quiet):
    moment = now()
    assert [count(quiet.tx, "probe", "a", moment) for _ in range(3)] == [1, 2, 3]
    assert recent(quiet.tx, "probe", moment + WINDOW) == {"a": 3} == {"a": recent_of(quiet.tx, "probe", "a", moment)}
    assert recent(quiet.tx, "probe", moment + 3 * WINDOW) == {}
    look(quiet, KEPT + WINDOW)
    assert [tally for tally in quiet.tx.find(Tally) if tally.kind == "probe"] == []


def test_S1_half_a_budget_in_a_day_is_unusual(quiet):
    open_accounts(quiet.tx, "clinic", Decimal(8), Decimal("1e-6"), (Decimal(4), Decimal("1e-7")))
    whole = quiet.tx.find(Account, party=None)[0]
    mine = replace(whole, id=new_id("share"), party=quiet.user.party.id, created_at=now() - timedelta(days=9))
    quiet.tx.add(mine)
    assert look(quiet) == {}
    half = quiet.tx.change(mine, loss_spent=mine.loss_total / 2)
    assert look(quiet) == {}
    quiet.tx.change(half, loss_spent=half.loss_spent + mine.loss_total / 100)
    alert = look(quiet, timedelta(minutes=61))["unusual_spend"]
    assert alert.about == quiet.user.party.id and alert.facts["thousandths"] > 500
    quiet.tx.change(alert, status="acknowledged")
    later = look(quiet, timedelta(hours=30))  # a day later that is the past
    assert "unusual_spend" not in later


def test_expiring_grants_are_told(quiet):
    quiet.tx.change(quiet.grant, ends=(now() + timedelta(days=29)).date())
    assert look(quiet)["expiring_grant"].about == quiet.grant.id


def test_overdue_disputes_are_told(quiet):
    from sandbox.billing.records import Dispute

    due = (now() - timedelta(days=1)).date()
    made = Dispute(
        new_id("dispute"), quiet.user.party.id, quiet.operator.party.id, None, quiet.product.id, "dear", "open", None,
        None, due, now(), None,
    )  # fmt: skip
    quiet.tx.add(made)
    assert look(quiet)["overdue"].facts == {"what": "dispute", "due": due.isoformat()}


def test_P6_a_yearly_report_is_warned_of_and_late_until_it_is_filed(quiet):
    """A cost survey alone does not make it; a report does. Who held no grant in that year owes none."""
    operator, spring = quiet.operator.party.id, datetime(2027, 3, 1, 9, tzinfo=UTC) - now()
    days = lambda number: spring + timedelta(days=number)  # noqa: E731
    newcomer = replace(quiet.grant, id=new_id("grant"), operator="party_new", starts=date(2027, 1, 1))
    gone = replace(quiet.grant, id=new_id("grant"), operator="party_gone", status="exited")
    quiet.tx.add_all([newcomer, gone])
    left = GrantChange(new_id("step"), gone.id, "exited", {}, {}, "", "x", "e", datetime(2025, 12, 1, tzinfo=UTC))
    quiet.tx.add(left)
    assert "overdue" not in look(quiet, days(-1))
    facts = {"what": "yearly report", "year": 2026, "due": "2027-03-31"}
    warned = look(quiet, days(0))["overdue"]
    assert (warned.about, warned.facts) == (operator, facts | {"state": "due"})
    quiet.tx.add(CostSurvey(new_id("survey"), operator, 2026, {}, "verified", None, {}, None, now()))
    assert "overdue" not in look(quiet, days(30))
    assert look(quiet, days(31))["overdue"].facts == facts | {"state": "overdue"}
    report = YearlyReport(new_id("report"), operator, 2026, 1, {}, "x", "e", now())
    for alert in quiet.tx.find(Alert):
        quiet.tx.remove(alert)
    quiet.tx.add(report)
    assert "overdue" not in look(quiet, days(31))


def test_trouble_of_log_clock_and_processes_is_told(quiet):
    quiet.journal.write(quiet.tx, "test.happened", public={})
    assert look(quiet) == {}
    assert look(quiet, timedelta(seconds=62))["log_trouble"].facts["waits_seconds"] >= 60
    assert look(quiet, -timedelta(seconds=20))["clock_trouble"].facts["behind_seconds"] >= 19
    quiet.tx.add(Contradiction(new_id("c"), "note", now(), None))
    quiet.tx.add(Lease("vault-alive", "v", 1, now() - timedelta(seconds=11)))
    found = look(quiet)
    assert set(found) == {"log_trouble", "process_missing"}


def test_S5_letting_one_in_before_older_ones_again_and_again_is_told(quiet):
    friend = quiet.world.party("Friend", "user")

    def asked(party: str, ago: int, decided: int | None) -> None:
        moment = now()
        more = {
            "id": new_id("sub"), "party": party, "created_at": moment - timedelta(days=ago),
            "status": "pending" if decided is None else "active", "approved_by": quiet.operator.party.id,
            "decided_at": None if decided is None else moment - timedelta(days=decided),
        }  # fmt: skip
        quiet.tx.add(replace(quiet.subscription, **more))

    asked("party_waiting", 9, None)
    for number in range(3):
        assert look(quiet) == {}
        asked(friend.party.id, 5 - number, 4 - number)
    found = look(quiet)["favoured"]
    assert (found.about, found.facts) == (
        friend.party.id, {"approver": quiet.operator.party.id, "times": 3, "days": 30}
    )  # fmt: skip


def test_S5_products_of_one_operator_before_those_of_others(quiet):
    moment = now()
    slow = quiet.world.party("Slow", "operator").party.id
    quiet.offered(status="submitted", operator=slow, created_at=moment - timedelta(days=9))
    for _ in range(3):
        product: Product = quiet.offered(created_at=moment - timedelta(days=2))
        quiet.tx.add(Review(
            new_id("review"), product.id, "d", "approved", {}, [], [], "", quiet.world.authority.party.id, "", "",
            moment,
        ))  # fmt: skip
    assert look(quiet)["favoured"].facts["approver"] == quiet.world.authority.party.id


def test_S1_an_alert_is_logged_told_and_acknowledged_by_somebody_else(quiet):
    regulator = quiet.world.party("Watch", "regulator")
    hook = Webhook(new_id("webhook"), regulator.party.id, "https://e", ["alert.raised"], b"", "active", now())
    quiet.tx.add(hook)
    count(quiet.tx, "outside", regulator.party.id, now())
    alert = look(quiet)["outside_grant"]
    assert quiet.world.last() == {"alert": alert.id, "kind": "outside_grant"}
    [message] = quiet.tx.find(Message)
    assert alert.id in message.body and regulator.party.id not in message.body
    assert view(alert)["title"]["zh"] == "越权使用"
    with refused("separation_of_duties"):
        acknowledge(quiet.tx, quiet.journal, regulator, alert.id)
    with refused("role_not_allowed"):
        acknowledge(quiet.tx, quiet.journal, quiet.user, alert.id)
    with refused("not_found"):
        acknowledge(quiet.tx, quiet.journal, regulator, "alert_none")
    done = acknowledge(quiet.tx, quiet.journal, quiet.world.authority, alert.id, "asked them")
    assert (done.status, done.note) == ("acknowledged", "asked them")
    assert "asked" not in str(quiet.world.last())
    with refused("state_conflict"):
        acknowledge(quiet.tx, quiet.journal, quiet.world.authority, alert.id)
