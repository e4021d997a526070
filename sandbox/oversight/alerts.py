"""Alerts (预警): something that somebody should look at, raised once, told, and acknowledged by name (S1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policies.alerts import KINDS
from policies.roles import RULES
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Duplicate, Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.identity.records import Party
from sandbox.oversight.records import Alert
from sandbox.transparency.journal import Journal
from sandbox.webhooks.tell import tell


def raise_alert(
    tx: Transaction, journal: Journal, kind: str, about: str, key: str, facts: Mapping[str, Any]
) -> Alert | None:
    """Raise an alert unless there is one for this cause; then only its facts are brought up to date.

    `key` names the cause, with its day where a new day is a new cause. Gives the alert when it is new. The log shows
    its kind; whom it is about is committed to."""
    moment = now()
    found = tx.find(Alert, key=key, limit=1)
    if found:
        if found[0].facts != dict(facts) and found[0].status == "open":
            tx.change(found[0], facts=dict(facts), number=found[0].number + 1, last_at=moment)
        return None
    made = Alert(
        new_id("alert"), kind, about, key, dict(facts), 1, "open", moment, moment, None, None, None
    )  # fmt: skip
    try:
        tx.add(made)
    except Duplicate:
        return None
    public = {"alert": made.id, "kind": kind}
    journal.write(tx, "alert.raised", public=public, committed={"about": about}, party=_party(tx, about))
    tell(tx, readers(tx), "alert.raised", {"alert": made.id, "kind": kind})
    return made


def acknowledge(
    tx: Transaction, journal: Journal, principal: Principal, alert_id: str, note: str | None = None
) -> Alert:
    """Take note of an alert: somebody looked, and says what came of it.

    Raises role_not_allowed, not_found, state_conflict, separation_of_duties (an alert about oneself)."""
    principal.may("alert.acknowledge")
    alert = tx.get(Alert, alert_id, lock=True)
    if alert is None:
        raise Problem("not_found", "there is no such alert")
    if alert.about == principal.party.id:
        raise Problem("separation_of_duties", "this alert is about your own party; another authoriser or regulator")
    if alert.status != "open":
        raise Problem("state_conflict", "this alert is acknowledged already")
    done = tx.change(alert, status="acknowledged", acknowledged_by=principal.party.id, acknowledged_at=now(), note=note)
    public = {"alert": alert.id, "by": principal.party.id}
    journal.write(tx, "alert.acknowledged", public=public, committed={"note": note} if note else None)
    return done


def view(alert: Alert) -> dict[str, Any]:
    """Give an alert as those see it who may read it, with its sentence in both languages."""
    kind = KINDS[alert.kind]
    return shown(alert, "key") | {"title": {"en": kind.en, "zh": kind.zh}}


def readers(tx: Transaction) -> list[str]:
    """Give the parties that may read alerts."""
    allowed = set(RULES.allowed("alert.read"))
    return [party.id for party in tx.find(Party, status="active") if allowed & set(party.roles)]


def _party(tx: Transaction, about: str) -> str | None:
    return about if about.startswith("party_") else None
