"""What is looked for every few seconds (监测预警): what a check finds becomes an alert once
(S1, S5, A2).

No check reads an answer or a row of data: they count requests, dates and what was metered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from policies.alerts import KINDS
from sandbox.billing import yearly
from sandbox.billing.records import Dispute
from sandbox.catalogue.records import Matter
from sandbox.core.store import Transaction
from sandbox.grants import allowances
from sandbox.grants.records import Grant
from sandbox.identity.records import Tally
from sandbox.identity.tallies import LOOKS_IN, WINDOW, begins, count, forget, recent
from sandbox.oversight import doors
from sandbox.oversight.alerts import raise_alert
from sandbox.oversight.approvals import overtaken
from sandbox.oversight.records import Alert
from sandbox.persons.records import PersonRequest
from sandbox.privacy.records import Account
from sandbox.products.records import Product
from sandbox.transparency.journal import Journal
from sandbox.transparency.records import Contradiction, Lease, LogEntry
from sandbox.webhooks.records import Webhook

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DUTIES = ("vault-alive", "scribe-alive")
INTEGRITY = "integrity-stop"


@dataclass(frozen=True)
class Found:
    """What a check found: about whom or what, why (`cause`, which raises one alert), and the facts."""

    kind: str
    about: str
    cause: str
    facts: dict[str, Any]


Check = Callable[[Transaction, datetime], Iterator[Found]]


def look(tx: Transaction, journal: Journal, moment: datetime) -> list[Alert]:
    """Make every check and give the alerts that are new."""
    found = [one for check in CHECKS for one in check(tx, moment)]
    raised = [raise_alert(tx, journal, one.kind, one.about, f"{one.kind}:{one.cause}", one.facts) for one in found]
    forget(tx, moment)
    allowances.forget(tx, moment)
    return [alert for alert in raised if alert is not None]


def _most(kind: str) -> int:
    return KINDS[kind].most


def _tallied(kind: str, tally: str, what: str, window: timedelta) -> Check:
    """A check that a tally stayed within its bound in the present window and the one before."""

    def check(tx: Transaction, moment: datetime) -> Iterator[Found]:
        for subject, number in recent(tx, tally, moment, window=window).items():
            if number > _most(kind):
                yield Found(kind, subject, f"{subject}:{moment:%Y-%m-%d}", {what: number})

    return check


def unusual_spend(tx: Transaction, moment: datetime) -> Iterator[Found]:
    """How far each user's account went since it was first seen in the last 24 hours, in thousandths of its promise."""
    hours = [begins(moment, HOUR) - HOUR * ago for ago in range(24)]
    tallies = sorted(tx.find(Tally, kind="spent", since=hours), key=lambda tally: tally.since)
    first: dict[str, int] = {}
    for tally in tallies:
        first.setdefault(tally.subject, tally.number)
    this_hour = {tally.subject for tally in tallies if tally.since == hours[0]}
    for account in tx.find(Account):
        if account.party is None or account.loss_total == 0:
            continue
        spent = int((account.loss_before + account.loss_spent) * 1000 / Decimal(account.loss_total))
        if account.id not in this_hour:
            count(tx, "spent", account.id, moment, window=HOUR, number=spent)
        grown = spent - first.get(account.id, 0 if account.created_at > moment - DAY else spent)
        if grown > _most("unusual_spend"):
            facts = {"thousandths": grown, "hours": 24, "population": account.population}
            yield Found("unusual_spend", account.party, f"{account.id}:{moment:%Y-%m-%d}", facts)


def expiring_grant(tx: Transaction, moment: datetime) -> Iterator[Found]:
    """Grants in force that end within days."""
    for grant in tx.find(Grant, status="active"):
        left = (grant.ends - moment.date()).days
        if 0 <= left <= _most("expiring_grant"):
            yield Found("expiring_grant", grant.id, f"{grant.id}:{grant.ends}", {"ends": grant.ends.isoformat()})


def overdue(tx: Transaction, moment: datetime) -> Iterator[Found]:
    """Objections, feedback, demands (of persons too) and disputes past their day; yearly reports from the day on that
    warns of them, and again when they are late."""
    today = moment.date()
    for matter in tx.find(Matter, status="open"):
        if matter.due < today:
            yield Found("overdue", matter.id, matter.id, {"what": matter.kind, "due": matter.due.isoformat()})
    for demand in tx.find(PersonRequest, status="open"):
        if demand.due < today:
            yield Found("overdue", demand.id, demand.id, {"what": demand.kind, "due": demand.due.isoformat()})
    for dispute in tx.find(Dispute, status="open"):
        if dispute.due < today:
            yield Found("overdue", dispute.id, dispute.id, {"what": "dispute", "due": dispute.due.isoformat()})
    for operator in sorted(yearly.owed(tx, today.year - 1)):
        year, due, state = yearly.state(tx, operator, today)
        if state in ("due", "overdue"):
            facts = {"what": "yearly report", "year": year, "due": due.isoformat(), "state": state}
            yield Found("overdue", operator, f"report:{operator}:{year}:{state}", facts)


def review_waiting(tx: Transaction, moment: datetime) -> Iterator[Found]:
    """What users brought to a workspace, and answers of one, that nobody reviewed for days; about its operator."""
    since = moment - timedelta(days=_most("review_waiting"))
    for one in doors.entering(tx):
        product = tx.get(Product, one.product)
        if one.created_at < since and product is not None:
            yield Found("review_waiting", product.operator, one.id, {"what": "entry review", "subject": one.id})
    for leaving in doors.waiting(tx):
        if leaving.finished_at < since:
            yield Found("review_waiting", leaving.operator, leaving.id, {"what": "exit review", "subject": leaving.id})


def log_trouble(tx: Transaction, moment: datetime) -> Iterator[Found]:
    """Entries that wait for the scribe, checkpoints of another history, a stopped service."""
    waiting = tx.find(LogEntry, index=None, order=("at", "id"), limit=1)
    if waiting and (seconds := int((moment - waiting[0].at).total_seconds())) > _most("log_trouble"):
        yield Found("log_trouble", "log", f"waiting:{moment:%Y-%m-%d}", {"waits_seconds": seconds})
    for other in tx.find(Contradiction, settled_at=None):
        yield Found("log_trouble", "log", f"contradiction:{other.id}", {"contradiction": other.id})
    if tx.get(Lease, INTEGRITY) is not None:
        yield Found("log_trouble", "log", f"integrity:{moment:%Y-%m-%d}", {"stopped": True})


def clock_trouble(tx: Transaction, moment: datetime) -> Iterator[Found]:
    """The clock went back: something was logged later than now."""
    newest = tx.find(LogEntry, order=("-at", "-id"), limit=1)
    if newest and (ahead := (newest[0].at - moment).total_seconds()) > _most("clock_trouble"):
        yield Found("clock_trouble", "clock", f"{moment:%Y-%m-%d}", {"behind_seconds": int(ahead)})


def process_missing(tx: Transaction, moment: datetime) -> Iterator[Found]:
    """The vault or the scribe was not seen for longer than its lease and the bound."""
    for lease in tx.find(Lease, name=list(DUTIES)):
        if lease.until + timedelta(seconds=_most("process_missing")) < moment:
            yield Found(
                "process_missing", lease.name, f"{lease.name}:{lease.until:%Y-%m-%dT%H:%M}", {"duty": lease.name}
            )


def favoured(tx: Transaction, moment: datetime) -> Iterator[Found]:
    """Approvers who let the same party pass older requests of others, again and again."""
    for (approver, party), times in overtaken(tx, moment).items():
        if times > _most("favoured"):
            facts = {"approver": approver, "times": times, "days": 30}
            yield Found("favoured", party, f"{approver}:{party}:{moment:%Y-%m}", facts)


def webhook_failing(tx: Transaction, moment: datetime) -> Iterator[Found]:
    """Webhooks that a message was given up for."""
    for hook in tx.find(Webhook, status="failing"):
        yield Found("webhook_failing", hook.party, f"{hook.id}:{moment:%Y-%m-%d}", {"webhook": hook.id})


CHECKS: tuple[Check, ...] = (
    _tallied("probing", "probe", "refusals", WINDOW),
    _tallied("enumeration", "sequence", "claims", WINDOW),
    _tallied("outside_grant", "outside", "refusals", WINDOW),
    _tallied("keys_tried", "key", "attempts", WINDOW),
    _tallied("staff_looks", "look", "looks", LOOKS_IN),
    unusual_spend,
    expiring_grant,
    overdue,
    review_waiting,
    log_trouble,
    clock_trouble,
    process_missing,
    favoured,
    webhook_failing,
)
