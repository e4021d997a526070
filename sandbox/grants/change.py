"""The life of a grant after it was given: amend, suspend, resume, renew, exit, succession (A1, A4).

Every step is a leaf in the log and a line in the grant's history, with its reason: obligations stay on record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any

from sandbox.catalogue.records import Resource
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.core.view import plain, shown
from sandbox.errors import Problem
from sandbox.grants.consenting import waiting
from sandbox.grants.give import check_operator, check_term, log, read
from sandbox.grants.records import Grant, GrantChange
from sandbox.identity.keys import Principal
from sandbox.identity.parties import revoke
from sandbox.identity.records import ApiKey
from sandbox.products.records import Product
from sandbox.transparency.journal import Journal

AMENDABLE = ("domain", "scenario", "resources", "purposes", "conditions", "security_contact", "volume", "rights")
CAUSES = ("end_of_term", "withdrawal", "breach", "merger", "bankruptcy", "own_wish")
ENDS_THE_PARTY = ("merger", "bankruptcy")


def amend(
    tx: Transaction, journal: Journal, principal: Principal, grant_id: str, terms: Mapping[str, Any], reason: str
) -> Grant:
    """Change terms of a grant in force – not its operator, mode or term. What follows from the new terms holds from the
    next job on. Raises role_not_allowed, not_found, state_conflict, field_invalid, separation_of_duties."""
    principal.may("grant.amend")
    grant = _visible(tx, principal, grant_id)
    _in_force(grant, "amended")
    if not terms or (unknown := [name for name in terms if name not in AMENDABLE]):
        wrong = unknown[0] if terms else "terms"
        raise Problem("field_invalid", f"{wrong}: amend one or more of {', '.join(AMENDABLE)}")
    present = {f.name: getattr(grant, f.name) for f in fields(Grant) if f.name in (*AMENDABLE, *_FIXED)}
    asked = read(tx, principal, present | dict(terms))
    values = {name: getattr(asked, name) for name in terms}
    return _change(tx, journal, principal, grant, "amended", reason, **values)


def suspend(tx: Transaction, journal: Journal, principal: Principal, grant_id: str, reason: str = "") -> Grant:
    """Stop everything under a grant until it is resumed. Raises role_not_allowed, not_found, state_conflict."""
    principal.may("grant.suspend")
    return _turn(tx, journal, principal, grant_id, "suspended", reason, ("active",), "suspended")


def resume(tx: Transaction, journal: Journal, principal: Principal, grant_id: str, reason: str = "") -> Grant:
    """Let a suspended grant work again. Raises role_not_allowed, not_found, state_conflict."""
    principal.may("grant.resume")
    return _turn(tx, journal, principal, grant_id, "resumed", reason, ("suspended",), "active")


def exit_(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    grant_id: str,
    cause: str | None = None,
    reason: str = "",
) -> Grant:
    """End a grant for good; what runs under it stops, obligations stay on record. With the cause merger or bankruptcy,
    which the authorising body records, the operator is no more, so its keys stop, too.

    Raises role_not_allowed, not_found, state_conflict, field_invalid."""
    principal.may("grant.exit")
    if cause is not None and cause not in CAUSES:
        raise Problem("field_invalid", f"cause: write one of {', '.join(CAUSES)}")
    ends_party = cause in ENDS_THE_PARTY
    if ends_party and not principal.has("authoriser"):
        raise Problem("role_not_allowed", f"only the authorising body records {cause}; it stops the operator's keys")
    said = ": ".join(part for part in (cause, reason) if part)
    grant = _turn(tx, journal, principal, grant_id, "exited", said, ("active", "suspended"), "exited")
    if ends_party:
        for key in tx.find(ApiKey, party=grant.operator, revoked_at=None):
            revoke(tx, journal, principal, key.id)
    return grant


def renew(tx: Transaction, journal: Journal, principal: Principal, grant_id: str, ends: date) -> Grant:
    """Move the last day of the term further into the future. Raises role_not_allowed, not_found, state_conflict,
    field_invalid."""
    principal.may("grant.renew")
    grant = _visible(tx, principal, grant_id)
    _in_force(grant, "renewed")
    check_term(grant.starts, ends)
    if ends <= grant.ends:
        raise Problem("field_invalid", "ends: a renewal ends after the term it renews")
    return _change(tx, journal, principal, grant, "renewed", "", ends=ends)


def succeed(
    tx: Transaction, journal: Journal, principal: Principal, grant_id: str, operator: str, reason: str
) -> Grant:
    """Let another operator succeed to a grant on the same terms: the old one is left, its products go over – paused,
    until the authorising body resumes them – with their subscriptions. Gives the new grant.

    Raises role_not_allowed, not_found, state_conflict, field_invalid, separation_of_duties."""
    principal.may("grant.succeed")
    old = _visible(tx, principal, grant_id)
    if tx.find(Grant, predecessor=old.id, limit=1):
        raise Problem("state_conflict", "this grant has a successor already")
    if old.operator == operator:
        raise Problem("field_invalid", "operator: name another operator than the one that leaves")
    moment = now()
    if old.ends <= moment.date():
        raise Problem("state_conflict", "the term of this grant is over; give a new one")
    held = {one for product in tx.find(Product, grant=old.id) for one in product.resources} | set(old.resources)
    check_operator(tx, principal, operator, [found for name in held if (found := tx.get(Resource, name))])
    if old.status != "exited":
        _change(tx, journal, principal, old, "succeeded", reason, status="exited")
    terms = {f.name: getattr(old, f.name) for f in fields(Grant)}
    terms |= {"id": new_id("grant"), "operator": operator, "status": "active", "authoriser": principal.party.id}
    terms |= {"starts": max(old.starts, moment.date()), "created_at": moment, "predecessor": old.id}
    new = Grant(**terms)
    tx.add(new)
    log(tx, journal, "grant.given", new, principal, reason)
    for product in tx.find(Product, grant=old.id):
        status = "paused" if product.status == "approved" else product.status
        tx.change(product, grant=new.id, operator=operator, maker=product.maker or product.operator, status=status)
        public: dict[str, str | int | None] = {"product": product.id, "grant": new.id, "from": old.operator}
        journal.write(tx, "product.moved", public=public | {"to": operator}, party=operator, product=product.id)
    return new


def listed(tx: Transaction, principal: Principal, *, limit: int = 50, after: str | None = None) -> list[Grant]:
    """Give the grants the principal may see: overseers all, an operator its own, others none."""
    if principal.oversees:
        return tx.find(Grant, limit=limit, after=after)
    return tx.find(Grant, operator=principal.party.id, limit=limit, after=after)


def found(tx: Transaction, principal: Principal, grant_id: str) -> Grant:
    """Give a grant the principal may see. Raises not_found."""
    return _visible(tx, principal, grant_id, lock=False)


def view(tx: Transaction, grant: Grant) -> dict[str, Any]:
    """Give a grant as the outside sees it; `waiting_for` are listed resources whose holders have not consented."""
    return shown(grant) | {"waiting_for": waiting(tx, grant)}


def history(tx: Transaction, principal: Principal, grant_id: str) -> list[dict[str, Any]]:
    """Give the steps of a grant the principal may see, in their order. Raises not_found."""
    grant = _visible(tx, principal, grant_id, lock=False)
    return [shown(step) for step in tx.find(GrantChange, grant=grant.id)]


_FIXED = ("operator", "mode", "starts", "ends")


def _turn(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    grant_id: str,
    kind: str,
    reason: str,
    before: tuple[str, ...],
    after: str,
) -> Grant:
    grant = _visible(tx, principal, grant_id)
    if grant.status not in before:
        raise Problem("state_conflict", f"this needs a grant that is {' or '.join(before)}; this one is {grant.status}")
    return _change(tx, journal, principal, grant, kind, reason, status=after)


def _change(
    tx: Transaction, journal: Journal, principal: Principal, grant: Grant, kind: str, reason: str, **values: Any
) -> Grant:
    changed = tx.change(grant, **values)
    entry = log(tx, journal, f"grant.{kind}", changed, principal, reason or None)
    before = {name: plain(getattr(grant, name)) for name in values}
    after = {name: plain(value) for name, value in values.items()}
    step = GrantChange(new_id("step"), grant.id, kind, before, after, reason, principal.party.id, entry, now())
    tx.add(step)
    return changed


def _in_force(grant: Grant, how: str) -> None:
    if grant.status == "exited":
        raise Problem("state_conflict", f"a grant that was left cannot be {how}; give a new one")


def _visible(tx: Transaction, principal: Principal, grant_id: str, *, lock: bool = True) -> Grant:
    grant = tx.get(Grant, grant_id, lock=lock)
    if grant is None or not (principal.oversees or grant.operator == principal.party.id):
        raise Problem("not_found", "there is no such grant")
    return grant
