"""The life of a grant after it was given: suspend, resume, renew, exit. Every step is a leaf in the log (A1, A4)."""

from __future__ import annotations

from datetime import date
from typing import Any

from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.grants.give import check_term, log
from sandbox.grants.records import Grant
from sandbox.identity.keys import Principal
from sandbox.transparency.journal import Journal


def suspend(tx: Transaction, journal: Journal, principal: Principal, grant_id: str) -> Grant:
    """Stop everything under a grant until it is resumed. Raises role_not_allowed, not_found, state_conflict."""
    principal.may("grant.suspend")
    return _turn(tx, journal, principal, grant_id, "grant.suspended", ("active",), "suspended")


def resume(tx: Transaction, journal: Journal, principal: Principal, grant_id: str) -> Grant:
    """Let a suspended grant work again. Raises role_not_allowed, not_found, state_conflict."""
    principal.may("grant.resume")
    return _turn(tx, journal, principal, grant_id, "grant.resumed", ("suspended",), "active")


def exit_(tx: Transaction, journal: Journal, principal: Principal, grant_id: str) -> Grant:
    """End a grant for good: withdrawal, breach, merger, bankruptcy, or the operator leaves. Obligations stay on record.

    Raises role_not_allowed, not_found, state_conflict.
    """
    principal.may("grant.exit")
    return _turn(tx, journal, principal, grant_id, "grant.exited", ("active", "suspended"), "exited")


def renew(tx: Transaction, journal: Journal, principal: Principal, grant_id: str, ends: date) -> Grant:
    """Move the last day of the term further into the future. Raises role_not_allowed, not_found, state_conflict,
    field_invalid."""
    principal.may("grant.renew")
    grant = _visible(tx, principal, grant_id)
    if grant.status == "exited":
        raise Problem("state_conflict", "a grant that was left cannot be renewed; give a new one")
    check_term(grant.starts, ends)
    if ends <= grant.ends:
        raise Problem("field_invalid", "ends: a renewal ends after the term it renews")
    changed = tx.change(grant, ends=ends)
    log(tx, journal, "grant.renewed", changed, principal)
    return changed


def listed(tx: Transaction, principal: Principal, *, limit: int = 50, after: str | None = None) -> list[Grant]:
    """Give the grants the principal may see: overseers all, an operator its own, others none."""
    if principal.oversees:
        return tx.find(Grant, limit=limit, after=after)
    return tx.find(Grant, operator=principal.party.id, limit=limit, after=after)


def found(tx: Transaction, principal: Principal, grant_id: str) -> Grant:
    """Give a grant the principal may see. Raises not_found."""
    return _visible(tx, principal, grant_id, lock=False)


def view(grant: Grant) -> dict[str, Any]:
    """Give a grant as the outside sees it."""
    return shown(grant)


def _turn(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    grant_id: str,
    kind: str,
    before: tuple[str, ...],
    after: str,
) -> Grant:
    grant = _visible(tx, principal, grant_id)
    if grant.status not in before:
        raise Problem("state_conflict", f"this needs a grant that is {' or '.join(before)}; this one is {grant.status}")
    changed = tx.change(grant, status=after)
    log(tx, journal, kind, changed, principal)
    return changed


def _visible(tx: Transaction, principal: Principal, grant_id: str, *, lock: bool = True) -> Grant:
    grant = tx.get(Grant, grant_id, lock=lock)
    if grant is None or not (principal.oversees or grant.operator == principal.party.id):
        raise Problem("not_found", "there is no such grant")
    return grant
