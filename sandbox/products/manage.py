"""The life of a product: draft → submitted → approved ⇄ paused → retired; packaged by its operator, reviewed by the
authorising body – somebody else than its author (U8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.billing.prices import price_at
from sandbox.billing.prices import view as price_view
from sandbox.catalogue.entry import Entry, parse_entry
from sandbox.catalogue.records import Resource
from sandbox.core.canonical import digest
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.sentences import plainly
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.grants.give import covers
from sandbox.grants.records import Grant
from sandbox.identity.keys import Principal
from sandbox.jobs.product import ProductKind
from sandbox.products.records import Product
from sandbox.transparency.journal import Journal

KINDS = ("query", "verification", "model", "index", "program")
APPROVALS = ("manual", "automatic")


class ProductRequest(BaseModel):
    """A product as it is asked for. `spec.approval` says whether subscriptions wait for the operator; all else in
    `spec` belongs to the kind."""

    model_config = ConfigDict(extra="forbid")
    grant: str
    kind: str
    name: Annotated[str, Field(min_length=1, max_length=200)]
    resources: Annotated[list[str], Field(min_length=1)]
    spec: dict[str, Any] = {}


def create(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    kinds: Mapping[str, ProductKind],
    body: Mapping[str, Any],
) -> Product:
    """Package a draft under an own grant. `kinds` are the product kinds that this instance can run.

    Raises role_not_allowed, field_invalid, not_found, grant_inactive.
    """
    principal.may("product.create")
    asked = _read(body)
    grant = tx.get(Grant, asked.grant)
    if grant is None or grant.operator != principal.party.id:
        raise Problem("not_found", "grant: there is no such grant of yours")
    if grant.status == "exited":
        raise Problem("grant_inactive", "this grant was left; ask the authorising body for a new one")
    _review(tx, kinds, grant, asked.kind, asked.resources, asked.spec)
    product = Product(
        new_id("product"), grant.id, grant.operator, asked.kind, asked.name, asked.resources, asked.spec,
        _digest(asked.spec), "draft", None, now(),
    )  # fmt: skip
    tx.add(product)
    _log(tx, journal, "product.created", product, principal)
    return product


def submit(
    tx: Transaction, journal: Journal, principal: Principal, kinds: Mapping[str, ProductKind], product_id: str
) -> Product:
    """Hand an own draft in for review. Raises role_not_allowed, not_found, state_conflict, what the kind refuses."""
    principal.may("product.submit")
    product = _own(tx, principal, product_id)
    grant = tx.get(Grant, product.grant)
    assert grant is not None, "a product belongs to a grant"
    _in_state(product, "draft")
    _review(tx, kinds, grant, product.kind, product.resources, product.spec)
    return _turn(tx, journal, principal, product, "product.submitted", "submitted", spec_digest=_digest(product.spec))


def approve(tx: Transaction, journal: Journal, principal: Principal, product_id: str) -> Product:
    """Approve what was submitted: exactly the specification whose digest was reviewed.

    Raises role_not_allowed, not_found, state_conflict, separation_of_duties.
    """
    principal.may("product.approve")
    product = _any(tx, product_id)
    if product.operator == principal.party.id:
        raise Problem("separation_of_duties", "nobody approves a product of its own")
    _in_state(product, "submitted")
    if _digest(product.spec) != product.spec_digest:
        raise Problem("state_conflict", "the specification differs from the one submitted; submit it again")
    return _turn(tx, journal, principal, product, "product.approved", "approved", approved_by=principal.party.id)


def pause(tx: Transaction, journal: Journal, principal: Principal, product_id: str) -> Product:
    """Take a product off offer for a while: its operator or the authorising body. Raises like `approve`."""
    principal.may("product.pause")
    product = _own(tx, principal, product_id)
    _in_state(product, "approved")
    return _turn(tx, journal, principal, product, "product.paused", "paused")


def resume(tx: Transaction, journal: Journal, principal: Principal, product_id: str) -> Product:
    """Put a paused product on offer again: the authorising body only, which may have paused it."""
    principal.may("product.resume")
    product = _any(tx, product_id)
    _in_state(product, "paused")
    return _turn(tx, journal, principal, product, "product.resumed", "approved")


def retire(tx: Transaction, journal: Journal, principal: Principal, product_id: str) -> Product:
    """Take a product off offer for good. Raises like `approve`."""
    principal.may("product.retire")
    product = _own(tx, principal, product_id)
    if product.status == "retired":
        raise Problem("state_conflict", "this product is retired already")
    return _turn(tx, journal, principal, product, "product.retired", "retired")


def listed(tx: Transaction, principal: Principal, *, limit: int = 50, after: str | None = None) -> list[Product]:
    """Give the products on offer, an operator's own in any state, and to overseers all."""
    if principal.oversees:
        return tx.find(Product, limit=limit, after=after)
    rows = {row.id: row for row in tx.find(Product, status="approved", limit=limit, after=after)}
    rows |= {row.id: row for row in tx.find(Product, operator=principal.party.id, limit=limit, after=after)}
    return [rows[key] for key in sorted(rows)][:limit]


def found(tx: Transaction, principal: Principal, product_id: str) -> Product:
    """Give a product the principal may see. Raises not_found."""
    product = _any(tx, product_id, lock=False)
    if product.status == "approved" or principal.oversees or product.operator == principal.party.id:
        return product
    raise Problem("not_found", "there is no such product")


def view(tx: Transaction, product: Product) -> dict[str, Any]:
    """Give a product as the outside sees it, with the price in force."""
    price = price_at(tx, product.id, now())
    return shown(product) | {"price": price_view(price) if price else None}


def _read(body: Mapping[str, Any]) -> ProductRequest:
    try:
        asked = ProductRequest.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        raise Problem("field_invalid", f"{'.'.join(map(str, first['loc']))}: {plainly(first['msg'])}") from None
    if asked.kind not in KINDS:
        raise Problem("field_invalid", f"kind: write one of {', '.join(KINDS)}")
    return asked


def _review(
    tx: Transaction,
    kinds: Mapping[str, ProductKind],
    grant: Grant,
    kind: str,
    resource_ids: list[str],
    spec: Mapping[str, Any],
) -> None:
    """What must hold for a specification: the kind can run it, and the grant covers what it reads."""
    if kind not in kinds:
        raise Problem("field_invalid", f"kind: this instance runs {', '.join(sorted(kinds))} products only")
    if len(resource_ids) != 1:
        raise Problem("field_invalid", "resources: name one; joining resources needs an assessment not offered yet")
    if spec.get("approval", "manual") not in APPROVALS:
        raise Problem("field_invalid", f"spec.approval: write {' or '.join(APPROVALS)}")
    entries: list[Entry] = []
    for resource_id in resource_ids:
        resource = tx.get(Resource, resource_id)
        if resource is None or not covers(grant, resource):
            raise Problem("not_found", "resources: the grant covers no such resource")
        entries.append(parse_entry(resource.entry))
    kinds[kind].review({name: value for name, value in spec.items() if name != "approval"}, entries)


def _digest(spec: Mapping[str, Any]) -> str:
    try:
        return digest(spec)
    except TypeError:
        raise Problem("field_invalid", "spec: write numbers with decimals as text") from None


def _any(tx: Transaction, product_id: str, *, lock: bool = True) -> Product:
    product = tx.get(Product, product_id, lock=lock)
    if product is None:
        raise Problem("not_found", "there is no such product")
    return product


def _own(tx: Transaction, principal: Principal, product_id: str) -> Product:
    """An own one, or for the authorising body any."""
    product = _any(tx, product_id)
    if product.operator != principal.party.id and not principal.has("authoriser"):
        raise Problem("not_found", "there is no such product of yours")
    return product


def _in_state(product: Product, state: str) -> None:
    if product.status != state:
        raise Problem("state_conflict", f"this needs a product that is {state}; this one is {product.status}")


def _turn(
    tx: Transaction, journal: Journal, principal: Principal, before: Product, kind: str, status: str, **also: Any
) -> Product:
    after = tx.change(before, status=status, **also)
    _log(tx, journal, kind, after, principal)
    return after


def _log(tx: Transaction, journal: Journal, kind: str, product: Product, principal: Principal) -> None:
    public: dict[str, str | int | None] = {
        "product": product.id,
        "kind": product.kind,
        "grant": product.grant,
        "resource": product.resources[0],
        "spec": product.spec_digest,
        "status": product.status,
        "by": principal.party.id,
    }
    journal.write(tx, kind, public=public, party=product.operator, resource=product.resources[0], product=product.id)
