"""The credit record (信用记录) of users and operators: what is entered, appealed against, and repaired (A6).

A suspension takes effect at once and stays in effect while an appeal is open. Who entered it does not decide on the
appeal: it needs another party."""

from __future__ import annotations

from datetime import date
from typing import Any

from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.grants.documents import check_digest
from sandbox.grants.records import CreditEntry, Subscription
from sandbox.identity.keys import Principal
from sandbox.identity.records import Party
from sandbox.products.records import Product
from sandbox.transparency.journal import Journal

KINDS = ("breach", "suspension", "incentive")
BITING = ("in_force", "appealed", "repair_asked")


def standing(tx: Transaction, party: str, today: date) -> str:
    """Give `suspended` while an entry suspends the party, else `good`."""
    entries = tx.find(CreditEntry, party=party, kind="suspension", status=list(BITING))
    return "suspended" if any(entry.until is None or today <= entry.until for entry in entries) else "good"


def enter(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    party_id: str,
    kind: str,
    reason: str,
    about: str | None = None,
    until: date | None = None,
) -> CreditEntry:
    """Write a line into a party's record: breach, suspension (with its last day, or open-ended) or incentive; `about`
    names what it comes from. Raises role_not_allowed, not_found, field_invalid."""
    principal.may("credit.enter")
    if tx.get(Party, party_id) is None or party_id == principal.party.id:
        raise Problem("not_found", "there is no such other party")
    if kind not in KINDS:
        raise Problem("field_invalid", f"kind: write one of {', '.join(KINDS)}")
    if until is not None and (kind != "suspension" or until < now().date()):
        raise Problem("field_invalid", "until: the last day of a suspension, not before today")
    made = CreditEntry(
        new_id("credit"), party_id, kind, reason, about, "in_force", principal.party.id, until, None, None, None, None,
        now(), None,
    )  # fmt: skip
    tx.add(made)
    _log(tx, journal, "credit.entered", made, principal)
    return made


def appeal(tx: Transaction, journal: Journal, principal: Principal, entry_id: str, plea: str) -> CreditEntry:
    """Object to an entry of one's own record. Raises role_not_allowed, not_found, state_conflict."""
    principal.may("credit.appeal")
    entry = _own(tx, principal, entry_id)
    _in_state(entry, "in_force")
    if entry.decision is not None and entry.plea is not None:
        raise Problem("state_conflict", "an appeal against this entry was decided; ask for repair instead")
    return _turn(tx, journal, principal, entry, "credit.appealed", status="appealed", plea=plea)


def ask_repair(
    tx: Transaction, journal: Journal, principal: Principal, entry_id: str, plea: str, evidence: str
) -> CreditEntry:
    """Ask for repair (信用修复): what was mended, with the SHA-256 of the document that shows it.

    Raises like `appeal`, and field_invalid."""
    principal.may("credit.appeal")
    check_digest(evidence, "evidence")
    entry = _own(tx, principal, entry_id)
    _in_state(entry, "in_force")
    return _turn(
        tx, journal, principal, entry, "credit.repair_asked", status="repair_asked", plea=plea, evidence=evidence
    )


def decide(
    tx: Transaction, journal: Journal, principal: Principal, entry_id: str, accepted: bool, decision: str
) -> CreditEntry:
    """Decide on an appeal – not whoever made the entry – or on a repair. An accepted one ends the entry's effect; it
    stays on record. Raises role_not_allowed, not_found, state_conflict, separation_of_duties."""
    principal.may("credit.decide")
    entry = tx.get(CreditEntry, entry_id, lock=True)
    if entry is None:
        raise Problem("not_found", "there is no such entry")
    _in_state(entry, "appealed", "repair_asked")
    if entry.status == "appealed" and entry.by == principal.party.id:
        raise Problem("separation_of_duties", "an appeal is decided by another party than the one that made the entry")
    ended = "lifted" if entry.status == "appealed" else "repaired"
    return _turn(
        tx, journal, principal, entry, f"credit.{'accepted' if accepted else 'rejected'}",
        status=ended if accepted else "in_force", decided_by=principal.party.id, decision=decision, decided_at=now(),
    )  # fmt: skip


def record(tx: Transaction, principal: Principal, party_id: str) -> dict[str, Any]:
    """Give a party's credit record, to itself, to overseers, and to operators that it wants to be let in by.

    Raises not_found."""
    known = tx.get(Party, party_id)
    if known is None or not (party_id == principal.party.id or principal.oversees or _asks(tx, party_id, principal)):
        raise Problem("not_found", "there is no such party whose record you may read")
    return {
        "party": party_id,
        "standing": standing(tx, party_id, now().date()),
        "entries": [shown(one) for one in tx.find(CreditEntry, party=party_id)],
    }


def counts(tx: Transaction) -> dict[str, int]:
    """Give how many entries of each kind are in effect, for the disclosure: without names."""
    rows = tx.totals(CreditEntry, by=("kind",), status=list(BITING))
    return {str(kind): int(count) for kind, count in rows}


def _asks(tx: Transaction, party_id: str, principal: Principal) -> bool:
    """Whether the party subscribed, or asks to, to a product of the principal's."""
    products = tx.keys(Product, operator=principal.party.id)
    return bool(products and tx.find(Subscription, party=party_id, product=products, limit=1))


def _own(tx: Transaction, principal: Principal, entry_id: str) -> CreditEntry:
    entry = tx.get(CreditEntry, entry_id, lock=True)
    if entry is None or entry.party != principal.party.id:
        raise Problem("not_found", "there is no such entry of your record")
    return entry


def _in_state(entry: CreditEntry, *states: str) -> None:
    if entry.status not in states:
        raise Problem(
            "state_conflict", f"this needs an entry that is {' or '.join(states)}; this one is {entry.status}"
        )


def _turn(
    tx: Transaction, journal: Journal, principal: Principal, before: CreditEntry, kind: str, **values: Any
) -> CreditEntry:
    after = tx.change(before, **values)
    _log(tx, journal, kind, after, principal)
    return after


def _log(tx: Transaction, journal: Journal, kind: str, entry: CreditEntry, principal: Principal) -> None:
    """Whose record it is stands behind a commitment: a rumour is no sanction."""
    public: dict[str, str | int | None] = {"credit": entry.id, "kind": entry.kind, "status": entry.status}
    said = {"party": entry.party, "by": principal.party.id, "reason": entry.reason}
    said |= {name: value for name, value in (("plea", entry.plea), ("decision", entry.decision)) if value is not None}
    journal.write(tx, kind, public=public, committed=said, party=entry.party)
