"""Emergency stops (应急处置): one person may stop at once, two are needed to start again (S1)."""

from __future__ import annotations

from typing import Any

from sandbox.catalogue.records import Resource
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Record, Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.identity.records import Party
from sandbox.identity.seconding import somebody_else
from sandbox.oversight.alerts import readers
from sandbox.oversight.records import Emergency
from sandbox.products.records import Product
from sandbox.transparency.journal import Journal
from sandbox.webhooks.tell import tell

EVERYTHING = "everything"
_TARGETS: dict[str, type[Record]] = {"product": Product, "party": Party, "resource": Resource}
SCOPES = (*_TARGETS, EVERYTHING)


def raise_stop(
    tx: Transaction, journal: Journal, principal: Principal, scope: str, target: str | None, reason: str
) -> Emergency:
    """Stop a product, party or resource (`target` is its id), or everything (no target), from now on.

    Raises role_not_allowed, field_invalid, not_found.
    """
    principal.may("emergency.raise")
    if scope not in SCOPES:
        raise Problem("field_invalid", f"scope: write one of {', '.join(SCOPES)}")
    if not isinstance(reason, str) or not 1 <= len(reason.strip()) <= 1000:
        raise Problem("field_invalid", "reason: say in 1 to 1000 characters why this must stop")
    if scope == EVERYTHING:
        if target not in (None, "", "*"):
            raise Problem("field_invalid", "target: leave it out when everything stops")
        target = "*"
    elif not isinstance(target, str) or tx.get(_TARGETS[scope], target) is None:
        raise Problem("not_found", f"there is no such {scope}; give its id as target")
    stop = Emergency(new_id("stop"), scope, target, reason.strip(), principal.party.id, now(), None, None, None)
    tx.add(stop)
    _log(tx, journal, "emergency.raised", stop, principal, {"reason": stop.reason})
    tell(tx, [*readers(tx), *_concerned(tx, stop)], "emergency.raised", {"stop": stop.id, "scope": scope})
    return stop


def lift_stop(tx: Transaction, journal: Journal, principal: Principal, stop_id: str) -> Emergency:
    """Lift a stop in two steps: the first call asks, the second – by another party, or another person who signed in –
    lifts it (`lifted_at` is set).

    Raises role_not_allowed, not_found, state_conflict, two_person_required.
    """
    principal.may("emergency.lift")
    stop = tx.get(Emergency, stop_id, lock=True)
    if stop is None:
        raise Problem("not_found", "there is no such emergency stop")
    if stop.lifted_at is not None:
        raise Problem("state_conflict", "this stop is lifted already")
    if stop.lift_requested_by is None:
        asked = tx.change(stop, lift_requested_by=principal.who)
        _log(tx, journal, "emergency.lift_requested", stop, principal)
        return asked
    if not somebody_else(tx, stop.lift_requested_by, principal):
        raise Problem("two_person_required", "you asked for this already; another authoriser or regulator must agree")
    lifted = tx.change(stop, lifted_by=principal.who, lifted_at=now())
    _log(tx, journal, "emergency.lifted", stop, principal)
    return lifted


def stopped(
    tx: Transaction, *, product: str, party: str, resource: str, operator: str | None = None
) -> Emergency | None:
    """Give a stop in force that covers any of these, or None. A stop of a party covers it as user and as operator."""
    named = {("product", product), ("resource", resource), ("party", party), ("party", operator), (EVERYTHING, "*")}
    return next((stop for stop in tx.find(Emergency, lifted_at=None) if (stop.scope, stop.target) in named), None)


def view(stop: Emergency) -> dict[str, Any]:
    """Give a stop as the outside sees it."""
    return shown(stop) | {"status": "in_force" if stop.lifted_at is None else "lifted"}


def _concerned(tx: Transaction, stop: Emergency) -> list[str]:
    """Whose party it is, or who operates the product."""
    product = tx.get(Product, stop.target) if stop.scope == "product" else None
    return [stop.target] if stop.scope == "party" else [product.operator] if product else []


def _log(
    tx: Transaction,
    journal: Journal,
    kind: str,
    stop: Emergency,
    principal: Principal,
    committed: dict[str, str | bytes] | None = None,
) -> None:
    """The reason is free text, so the log commits to it instead of publishing it."""
    target = stop.target
    journal.write(
        tx,
        kind,
        public={"stop": stop.id, "scope": stop.scope, "target": target, "by": principal.party.id},
        committed=committed,
        party=target if stop.scope == "party" else None,
        resource=target if stop.scope == "resource" else None,
        product=target if stop.scope == "product" else None,
    )
