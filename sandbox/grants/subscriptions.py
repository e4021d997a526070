"""Subscriptions (订购): a party uses one product for one purpose, having accepted the commitment (A6, A7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from policies.authorise import APPROVE_SUBSCRIPTION
from policies.purposes import COMMITMENT_DIGEST, DECLARATION_DIGEST, FREE, PURPOSES
from sandbox.catalogue.records import Resource
from sandbox.core.canonical import canonical_bytes
from sandbox.core.clock import now, rfc3339
from sandbox.core.ids import new_id
from sandbox.core.sentences import plainly
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.grants.authorise import Refused, decided, facts_of_use
from sandbox.grants.free import free_by
from sandbox.grants.recipient import assessment, check_answers
from sandbox.grants.records import Grant, Subscription
from sandbox.identity.keys import Principal
from sandbox.products.records import Product
from sandbox.transparency.journal import Journal


class Proof(BaseModel):
    """Why use is free: the title of the document that shows it, and its SHA-256."""

    model_config = ConfigDict(extra="forbid")
    title: Annotated[str, Field(min_length=1, max_length=500)]
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


Place = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class SubscriptionRequest(BaseModel):
    """`quota` is the most jobs per calendar month; None sets no limit. `places` (ISO 3166: CN is the mainland, HK, MO
    and TW count as outside) are where the user is and works from; `recipient` what it answers about its security."""

    model_config = ConfigDict(extra="forbid")
    product: str
    purpose: str
    scenario: Annotated[str, Field(min_length=1, max_length=2000)] | None = None
    commitment: dict[str, Any] | None = None
    quota: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None
    agreement: str | None = None
    proof: Proof | None = None
    places: Annotated[list[Place], Field(min_length=1, max_length=20)] | None = None
    recipient: dict[str, str] | None = None


def subscribe(tx: Transaction, journal: Journal, principal: Principal, body: Mapping[str, Any]) -> Subscription:
    """Subscribe to an approved product. It is pending until the operator approves, or active at once when the product
    says `"approval": "automatic"`, the purpose is charged and no assessment of the recipient is missing: free use is
    always looked at (A7). Who accepts the commitment for a free purpose declares, too, that its use is free.

    A product whose specification names an `agreement`, by its digest, is subscribed to by naming the same: then both
    are bound by it (A6). Raises role_not_allowed, field_invalid, not_found, purpose_not_allowed, commitment_missing,
    and what the policies refuse of an automatic approval.
    """
    principal.may("subscription.create")
    asked = _read(body)
    product = tx.get(Product, asked.product)
    if product is None or product.status != "approved":
        raise Problem("not_found", "product: there is no such product on offer")
    grant = tx.get(Grant, product.grant)
    assert grant is not None, "a product belongs to a grant"
    if asked.purpose not in grant.purposes:
        raise Problem("purpose_not_allowed", f"the grant of this product allows {', '.join(grant.purposes)} only")
    if grant.mode == "scenario" and asked.scenario != grant.scenario:
        raise Problem("purpose_not_allowed", f"this product serves one scenario; write scenario: {grant.scenario}")
    if not asked.commitment or asked.commitment.get("accepted") is not True:
        raise Problem("commitment_missing", 'accept the commitment: write "commitment": {"accepted": true} (--accept)')
    if asked.agreement != product.spec.get("agreement"):
        wanted = product.spec.get("agreement")
        say = f'read the agreement and write "agreement": "{wanted}"' if wanted else "leave agreement out; it has none"
        raise Problem("commitment_missing", f"this product is used under its operator's agreement: {say}")
    if asked.proof is not None and asked.purpose not in FREE:
        raise Problem("field_invalid", "proof: it shows why use is free; industry is not")
    free, moment = asked.purpose in FREE, now()
    text = {"text": DECLARATION_DIGEST, "declared": True} if free else {"text": COMMITMENT_DIGEST}
    subscription = Subscription(
        id=new_id("subscription"),
        product=product.id,
        party=principal.party.id,
        purpose=asked.purpose,
        scenario=asked.scenario,
        commitment={"accepted": True, **text, "at": rfc3339(moment)},
        quota=asked.quota,
        status="pending",
        approved_by=None,
        created_at=moment,
        agreement=asked.agreement,
        proof=asked.proof.model_dump() if asked.proof else None,
        places=sorted(set(asked.places)) if asked.places else None,
        recipient=asked.recipient,
    )
    if product.spec.get("approval") == "automatic" and not free and _automatic(tx, grant, product, subscription):
        subscription = replace(subscription, status="active", approved_by=product.operator, decided_at=moment)
    tx.add(subscription)
    log_step(tx, journal, "subscription.created", subscription, principal, **_answers(subscription))
    return subscription


def approve(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    subscription_id: str,
    security: Mapping[str, Any] | None = None,
) -> Subscription:
    """Approve a pending subscription to an own product; `security` {level, note} is how its operator assesses the
    recipient's. Raises role_not_allowed, not_found, state_conflict, field_invalid, and what the policies refuse:
    rights, credit, place, proof, a recipient whose security is insufficient."""
    principal.may("subscription.approve")
    found, product = _pending(tx, principal, subscription_id, "approved")
    grant = tx.get(Grant, product.grant)
    assert grant is not None, "a product belongs to a grant"
    also: dict[str, Any] = {"security": assessment(tx, principal, found, security)} if security else {}
    _check_use(tx, grant, product, replace(found, **also))
    also |= {"status": "active", "approved_by": principal.party.id, "decided_at": now()}
    return turn(tx, journal, principal, found, "subscription.approved", **also)


def assess(
    tx: Transaction, journal: Journal, principal: Principal, subscription_id: str, level: str, note: str
) -> Subscription:
    """Say how the security of the recipient of an own product is: at any time until the subscription ends; what is
    insufficient lets no job run from then on. Raises role_not_allowed, not_found, state_conflict, field_invalid."""
    principal.may("subscription.assess")
    found, _ = _offered(tx, principal, subscription_id)
    if found.status == "ended":
        raise Problem("state_conflict", "this subscription has ended; there is nothing to assess any more")
    security = assessment(tx, principal, found, {"level": level, "note": note})
    return turn(tx, journal, principal, found, "subscription.assessed", security=security)


def decline(tx: Transaction, journal: Journal, principal: Principal, subscription_id: str, reason: str) -> Subscription:
    """Refuse a pending subscription to an own product, with the reason that its user and the equal-treatment report
    show (A5). Raises role_not_allowed, not_found, state_conflict."""
    principal.may("subscription.approve")
    found, _ = _pending(tx, principal, subscription_id, "declined")
    ended: dict[str, Any] = {"status": "ended", "reason": reason, "decided_at": now()}
    return turn(tx, journal, principal, found, "subscription.declined", **ended)


def cancel(tx: Transaction, journal: Journal, principal: Principal, subscription_id: str) -> Subscription:
    """End a subscription for good: by its user, or the product's operator. Raises like `approve`."""
    principal.may("subscription.cancel")
    found = either(tx, principal, subscription_id)
    if found.status == "ended":
        raise Problem("state_conflict", "this subscription has ended already")
    return turn(tx, journal, principal, found, "subscription.cancelled", status="ended")


def found(tx: Transaction, principal: Principal, subscription_id: str) -> Subscription:
    """Give a subscription the principal may see. Raises not_found."""
    return either(tx, principal, subscription_id, overseeing=True)


def listed(tx: Transaction, principal: Principal, *, limit: int = 50, after: str | None = None) -> list[Subscription]:
    """Give own subscriptions and those to own products; overseers see all."""
    if principal.oversees:
        return tx.find(Subscription, limit=limit, after=after)
    mine = principal.party.id
    products = [product.id for product in tx.find(Product, operator=mine)]
    rows = {row.id: row for row in tx.find(Subscription, party=mine, limit=limit, after=after)}
    rows |= {row.id: row for row in tx.find(Subscription, product=products, limit=limit, after=after)}
    return [rows[key] for key in sorted(rows)][:limit]


def view(subscription: Subscription) -> dict[str, Any]:
    """Give a subscription as the outside sees it; `free_by` says what its free use rests on."""
    return shown(subscription) | {"free_by": free_by(subscription)}


def _read(body: Mapping[str, Any]) -> SubscriptionRequest:
    try:
        asked = SubscriptionRequest.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        raise Problem("field_invalid", f"{'.'.join(map(str, first['loc']))}: {plainly(first['msg'])}") from None
    if asked.purpose not in PURPOSES:
        raise Problem("field_invalid", f"purpose: write one of {', '.join(PURPOSES)}")
    if asked.recipient is not None:
        check_answers(asked.recipient)
    return asked


def either(tx: Transaction, principal: Principal, subscription_id: str, *, overseeing: bool = False) -> Subscription:
    """One's own, or one to an own product (or, `overseeing`, any for those who may look)."""
    found = tx.get(Subscription, subscription_id, lock=not overseeing)
    if found is not None:
        product = tx.get(Product, found.product)
        related = principal.party.id in (found.party, product.operator if product else None)
        if related or (overseeing and principal.oversees):
            return found
    raise Problem("not_found", "there is no such subscription")


def _offered(tx: Transaction, principal: Principal, subscription_id: str) -> tuple[Subscription, Product]:
    found = either(tx, principal, subscription_id)
    product = tx.get(Product, found.product)
    if product is None or product.operator != principal.party.id:
        raise Problem("not_found", "there is no such subscription to a product of yours")
    return found, product


def _pending(tx: Transaction, principal: Principal, subscription_id: str, how: str) -> tuple[Subscription, Product]:
    found, product = _offered(tx, principal, subscription_id)
    if found.status != "pending":
        raise Problem("state_conflict", f"only a pending subscription is {how}; this one is {found.status}")
    return found, product


def _check_use(tx: Transaction, grant: Grant, product: Product, subscription: Subscription) -> None:
    """Raise `Refused` where the policies have something against this use."""
    for one in product.resources:
        resource = tx.get(Resource, one)
        assert resource is not None, "resources are never deleted"
        decided(tx, APPROVE_SUBSCRIPTION, facts_of_use(tx, grant, resource, subscription, now()))


def _answers(subscription: Subscription) -> dict[str, bytes]:
    """What a subscriber said of its security, for its leaf."""
    return {"recipient": canonical_bytes(subscription.recipient)} if subscription.recipient else {}


def _automatic(tx: Transaction, grant: Grant, product: Product, subscription: Subscription) -> bool:
    """Whether a product that approves by itself does: not while the rules want an assessment, which takes somebody."""
    try:
        _check_use(tx, grant, product, subscription)
    except Refused as refused:
        if refused.code != "assessment_missing":
            raise
        return False
    return True


def turn(
    tx: Transaction, journal: Journal, principal: Principal, before: Subscription, kind: str, **values: Any
) -> Subscription:
    """Change a subscription, with the leaf of this step."""
    after = tx.change(before, **values)
    log_step(tx, journal, kind, after, principal)
    return after


def log_step(
    tx: Transaction, journal: Journal, kind: str, subscription: Subscription, principal: Principal, **said: str | bytes
) -> None:
    """Write the leaf of a step. Who uses what is the business of the two, so it names product and purpose in public,
    not the user; reasons, and what is `said` beside, stand behind commitments."""
    look, security = subscription.inspection or {}, subscription.security or {}
    public: dict[str, str | int | None] = {
        "subscription": subscription.id,
        "product": subscription.product,
        "purpose": subscription.purpose,
        "status": subscription.status,
        "agreement": subscription.agreement,
        "proof": subscription.proof["digest"] if subscription.proof else None,
        "free_by": free_by(subscription),
        "inspection": look.get("state"),
        "due": look.get("due"),
        "security": security.get("level"),
    }
    committed: dict[str, str | bytes] = {"party": subscription.party, "by": principal.party.id, **said}
    committed["places"] = ",".join(subscription.places or ["CN"])
    reasons = {"reason": subscription.reason, "inspected": look.get("reason"), "assessed": security.get("note")}
    committed |= {name: reason for name, reason in reasons.items() if reason is not None}
    journal.write(tx, kind, public=public, committed=committed, party=subscription.party, product=subscription.product)
