"""Incident cases (事件处置): open, hold, notify, sanction, remedy, close – each step in the log by name (S4).

A case is what oversight does about a trace, an alert or a complaint. Holds are emergency stops, lifted by two as
any other; sanctions and closing are by another party than the one that opened the case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Record, Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.identity import parties
from sandbox.identity.keys import Principal
from sandbox.identity.records import Party
from sandbox.oversight.emergency import raise_stop
from sandbox.oversight.records import Alert, Emergency, Incident, Step, Trace
from sandbox.transparency.journal import Journal
from sandbox.webhooks.tell import tell

SOURCES: dict[str, type[Record] | None] = {"trace": Trace, "alert": Alert, "complaint": None, "other": None}
OPEN, CLOSED = "open", "closed"
AFTER = {
    "noted": (),
    "held": ("open",),
    "notified": ("open", "held"),
    "sanctioned": ("open", "held", "notified"),
    "remedied": ("open", "held", "notified", "sanctioned"),
}
"""The state that a step leads to, and from which states; from a later one the case stays where it is."""


def open_case(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    source: str,
    cause: str | None,
    party: str | None,
    summary: str,
) -> Incident:
    """Open a case, from a trace (one's own), an alert, a complaint or something else.

    Raises role_not_allowed, field_invalid, not_found, state_conflict (a case of this cause is open)."""
    principal.may("incident.open")
    kind = SOURCES[source]
    if kind is not None:
        found = tx.get(kind, cause) if cause else None
        if found is None or (isinstance(found, Trace) and found.regulator != principal.party.id):
            raise Problem("not_found", f"cause: give the id of the {source} that the case comes from")
    if party is not None and tx.get(Party, party) is None:
        raise Problem("not_found", "party: there is no such party")
    if cause and any(one.cause == cause and one.status != CLOSED for one in tx.find(Incident, status=_STATES)):
        raise Problem("state_conflict", "a case of this cause is open already; add steps to it")
    moment = now()
    case = Incident(
        new_id("incident"), source, cause, party, summary.strip(), OPEN, principal.party.id, moment, None
    )  # fmt: skip
    tx.add(case)
    _step(tx, journal, principal, case, "opened", summary, {})
    return case


def note(tx: Transaction, journal: Journal, principal: Principal, case_id: str, text: str) -> Incident:
    """Add what was found. Raises role_not_allowed, not_found, state_conflict (closed)."""
    principal.may("incident.step")
    return _go_on(tx, journal, principal, case_id, "noted", text, {})


def hold(
    tx: Transaction, journal: Journal, principal: Principal, case_id: str, text: str, scope: str, target: str
) -> Incident:
    """Stop a product, party or resource while the case is open. Raises what `raise_stop` raises, state_conflict."""
    principal.may("incident.step")
    _running(tx, case_id)
    stop = raise_stop(tx, journal, principal, scope, target, text)
    return _go_on(tx, journal, principal, case_id, "held", text, {"stop": stop.id, "scope": scope, "target": target})


def notify(
    tx: Transaction, journal: Journal, principal: Principal, case_id: str, text: str, named: Sequence[str]
) -> Incident:
    """Tell parties: they read the text under their own key, and may reply. Raises not_found, state_conflict."""
    principal.may("incident.step")
    if any(tx.get(Party, party) is None for party in named):
        raise Problem("not_found", "parties: one of them does not exist")
    case = _go_on(tx, journal, principal, case_id, "notified", text, {"parties": sorted(set(named))})
    tell(tx, named, "incident.notified", {"incident": case.id})
    return case


def reply(tx: Transaction, journal: Journal, principal: Principal, case_id: str, text: str) -> Incident:
    """Answer as a party that was notified. Raises role_not_allowed, not_found, state_conflict."""
    principal.may("incident.reply")
    if not _told(tx, case_id, principal.party.id):
        raise _none()
    return _go_on(tx, journal, principal, case_id, "replied", text, {})


def sanction(
    tx: Transaction, journal: Journal, principal: Principal, case_id: str, text: str, measure: str
) -> Incident:
    """Warn or suspend the party that the case is about, by another party than opened the case.

    Raises role_not_allowed, not_found, separation_of_duties, field_invalid (the case names no party), state_conflict.
    """
    principal.may("incident.sanction")
    case = _running(tx, case_id)
    _somebody_else(case, principal)
    if case.party is None:
        raise Problem("field_invalid", "sanction: this case names no party; open one that does")
    if measure == "suspend_party":
        parties.suspend(tx, journal, principal, case.party)
    return _go_on(tx, journal, principal, case_id, "sanctioned", text, {"sanction": measure, "party": case.party})


def remedy(tx: Transaction, journal: Journal, principal: Principal, case_id: str, text: str) -> Incident:
    """Say what was put right. Raises role_not_allowed, not_found, state_conflict."""
    principal.may("incident.step")
    return _go_on(tx, journal, principal, case_id, "remedied", text, {})


def close(tx: Transaction, journal: Journal, principal: Principal, case_id: str, text: str, outcome: str) -> Incident:
    """End a case, by another party than opened it and once its holds are lifted.

    Raises role_not_allowed, not_found, separation_of_duties, state_conflict."""
    principal.may("incident.close")
    case = _running(tx, case_id)
    _somebody_else(case, principal)
    stops = [step.data["stop"] for step in tx.find(Step, incident=case.id) if step.kind == "held"]
    if any((stop := tx.get(Emergency, one)) is not None and stop.lifted_at is None for one in stops):
        raise Problem("state_conflict", "a stop of this case is in force; two persons lift it first")
    _step(tx, journal, principal, case, CLOSED, text, {"outcome": outcome})
    return tx.change(case, status=CLOSED, closed_at=now())


def view(tx: Transaction, principal: Principal, case_id: str) -> dict[str, Any]:
    """Give a case with its steps to overseers; to a party that was notified what it was told and what it replied.

    Raises not_found."""
    case = tx.get(Incident, case_id)
    if case is None or not (principal.oversees or _told(tx, case_id, principal.party.id)):
        raise _none()
    steps = tx.find(Step, incident=case.id)
    if principal.oversees:
        return shown(case) | {"steps": [shown(step, "incident") for step in steps]}
    mine = principal.party.id
    seen = [step for step in steps if step.by == mine or mine in step.data.get("parties", ())]
    hidden = ("cause", "summary", "opened_by", "party")
    said = [shown(step, "incident", "data") for step in seen]
    return shown(case, *hidden) | {"summary": "", "steps": said}


def told(tx: Transaction, party: str) -> set[str]:
    """Give the cases that a party was notified of."""
    return {step.incident for step in tx.find(Step, kind="notified") if party in step.data["parties"]}


_STATES = ["open", "held", "notified", "sanctioned", "remedied"]


def _told(tx: Transaction, case_id: str, party: str) -> bool:
    steps = tx.find(Step, incident=case_id, kind="notified")
    return any(party in step.data["parties"] for step in steps)


def _running(tx: Transaction, case_id: str) -> Incident:
    case = tx.get(Incident, case_id, lock=True)
    if case is None:
        raise _none()
    if case.status == CLOSED:
        raise Problem("state_conflict", "this case is closed; open a new one")
    return case


def _somebody_else(case: Incident, principal: Principal) -> None:
    if case.opened_by == principal.party.id:
        raise Problem("separation_of_duties", "you opened this case; another authoriser or regulator decides on it")
    if case.party == principal.party.id:
        raise Problem("separation_of_duties", "this case is about your own party; somebody else decides on it")


def _go_on(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    case_id: str,
    kind: str,
    text: str,
    data: Mapping[str, Any],
) -> Incident:
    case = _running(tx, case_id)
    _step(tx, journal, principal, case, kind, text, data)
    return tx.change(case, status=kind) if case.status in AFTER.get(kind, ()) else case


def _step(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    case: Incident,
    kind: str,
    text: str,
    data: Mapping[str, Any],
) -> None:
    """The log shows which step of which case by whom; whom it is about and what was said is committed to."""
    public = {"incident": case.id, "step": kind, "by": principal.party.id, "source": case.source}
    committed = {"text": text.strip()} | ({"party": case.party} if case.party else {})
    entry = journal.write(tx, f"incident.{kind}", public=public, committed=committed, party=case.party)
    tx.add(Step(new_id("step"), case.id, kind, principal.party.id, text.strip(), dict(data), entry.id, now()))


def _none() -> Problem:
    return Problem("not_found", "there is no such incident")
