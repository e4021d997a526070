"""The life of a product: draft → submitted → approved ⇄ paused → retired; packaged by its operator, reviewed by the
authorising body – somebody else than its author (U8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.billing.prices import price_at
from sandbox.billing.prices import view as price_view
from sandbox.catalogue.exact import protection_of
from sandbox.catalogue.grading import check_product
from sandbox.catalogue.records import Resource
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.grants.give import covers, rights_of
from sandbox.grants.records import Grant
from sandbox.identity.keys import Principal
from sandbox.jobs.product import ProductKind
from sandbox.products.records import Product
from sandbox.products.review import latest, reviewed
from sandbox.products.specification import check, digest_of, read
from sandbox.transparency.journal import Journal

_FEW = {
    "en": "an answer is few numbers: every copy carries marks, but too few to name anybody by one that leaks; the log "
    "holds the digest of what each recipient got",
    "zh": "结果仅为少量数值：每份均含数据指纹，但不足以据泄露的一份认定接收方；存证日志留存各接收方所得结果的摘要",
}
TRACEABLE = {
    "private": {
        "en": "every copy carries its recipient's marks; one that leaks is traced by them",
        "zh": "每份结果均含接收方的数据指纹，泄露后可据此溯源",
    },
    "exact": {
        "en": "exact values carry no mark; the log holds the digest of what each recipient got, and nothing more",
        "zh": "精确结果不含数据指纹；存证日志仅留存各接收方所得结果的摘要",
    },
    "program": _FEW,
    "workspace": _FEW,
    "synthetic": {
        "en": "every recipient has rows of its own, drawn by its key; a leaked part of them is traced by which rows "
        "there are and how many of each",
        "zh": "每个接收方的合成数据均由其密钥单独抽取，泄露其中一部分也可据行内容与频次溯源",
    },
    "index": {
        "en": "every copy carries its recipient's marks; a leaked answer with many groups is traced by them, a single "
        "number names nobody; the log holds the digest of what each recipient got",
        "zh": "每份均含接收方的数据指纹：分组较多的结果泄露后可据此溯源，单个数值不足以认定；"
        "存证日志留存各接收方所得结果的摘要",
    },
}
"""What can be found out of a copy that leaked, by how its product is served, or by its kind where that decides it."""


def create(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    kinds: Mapping[str, ProductKind],
    body: Mapping[str, Any],
) -> Product:
    """Package a draft under an own grant. `kinds` are the product kinds that this instance can run.

    Raises role_not_allowed, field_invalid, not_found, grant_inactive, grade_refused.
    """
    principal.may("product.create")
    asked = read(body)
    grant = tx.get(Grant, asked.grant)
    if grant is None or grant.operator != principal.party.id:
        raise Problem("not_found", "grant: there is no such grant of yours")
    if grant.status == "exited":
        raise Problem("grant_inactive", "this grant was left; ask the authorising body for a new one")
    if "processing_use" not in rights_of(grant):
        raise Problem("grant_inactive", "this grant gives no right to process data; have a product handed over to you")
    check(tx, kinds, grant, asked.kind, asked.resources, asked.spec)
    check_product(asked.name, [one.grade for name in asked.resources if (one := tx.get(Resource, name)) is not None])
    product = Product(
        new_id("product"), grant.id, grant.operator, asked.kind, asked.name, asked.resources, asked.spec,
        digest_of(asked.spec), "draft", None, now(),
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
    _in_state(product, "draft")
    check(tx, kinds, _grant(tx, product), product.kind, product.resources, product.spec)
    return _turn(tx, journal, principal, product, "product.submitted", "submitted", spec_digest=digest_of(product.spec))


def approve(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    product_id: str,
    checklist: Mapping[str, bool] | None = None,
    note: str = "",
) -> Product:
    """Approve what was submitted: exactly the specification whose digest was reviewed.

    Raises role_not_allowed, not_found, state_conflict, separation_of_duties, assessment_missing, field_invalid.
    """
    principal.may("product.approve")
    product = _any(tx, product_id)
    _in_state(product, "submitted")
    reviewed(tx, journal, principal, product, checklist or {}, note, "approved")
    return _turn(tx, journal, principal, product, "product.approved", "approved", approved_by=principal.party.id)


def send_back(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    product_id: str,
    checklist: Mapping[str, bool],
    note: str,
) -> Product:
    """Return a submitted product to its operator, with what is missing. Raises like `approve`."""
    principal.may("product.return")
    product = _any(tx, product_id)
    _in_state(product, "submitted")
    reviewed(tx, journal, principal, product, checklist, note, "returned")
    return _turn(tx, journal, principal, product, "product.returned", "draft")


def revise(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    kinds: Mapping[str, ProductKind],
    product_id: str,
    spec: Mapping[str, Any],
) -> Product:
    """Give an own product another specification: it is a draft again, whatever it was, and runs only once that was
    reviewed. Raises role_not_allowed, not_found, state_conflict, what the kind refuses."""
    principal.may("product.submit")
    product = _own(tx, principal, product_id)
    _in_state(product, "draft", "submitted", "approved", "paused")
    check(tx, kinds, _grant(tx, product), product.kind, product.resources, spec)
    changed = {"spec": dict(spec), "spec_digest": digest_of(spec), "approved_by": None}
    return _turn(tx, journal, principal, product, "product.revised", "draft", **changed)


def hand_over(tx: Transaction, journal: Journal, principal: Principal, product_id: str, grant_id: str) -> Product:
    """Hand a product that one made under a right of processing (加工使用权) to the operator of another grant, which has
    the right to operate it (产品经营权). It is a draft there: submitting it is the other's acceptance.

    Raises role_not_allowed, not_found, state_conflict, field_invalid."""
    principal.may("product.hand_over")
    product = _any(tx, product_id)
    if product.operator != principal.party.id:
        raise Problem("not_found", "there is no such product of yours")
    _in_state(product, "draft", "submitted", "approved", "paused")
    grant = tx.get(Grant, grant_id)
    held = [tx.get(Resource, one) for one in product.resources]
    if grant is None or grant.status != "active" or any(one is None or not covers(grant, one) for one in held):
        raise Problem("not_found", "grant: there is no such grant in force that covers the product's resources")
    if grant.operator == product.operator or "product_operation" not in rights_of(grant):
        raise Problem("field_invalid", "grant: name one of another operator that has the right product_operation")
    moved = {"grant": grant.id, "operator": grant.operator, "maker": product.maker or product.operator}
    return _turn(tx, journal, principal, product, "product.handed_over", "draft", **moved, approved_by=None)


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
    price, resource = price_at(tx, product.id, now()), tx.get(Resource, product.resources[0])
    assert resource is not None, "resources are never deleted"
    protection = protection_of(resource)
    return shown(product) | {
        "price": price_view(price) if price else None,
        "review": latest(tx, product),
        "protection": protection,
        "traceable": TRACEABLE.get(product.kind, TRACEABLE[protection]),
    }


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


def _grant(tx: Transaction, product: Product) -> Grant:
    grant = tx.get(Grant, product.grant)
    assert grant is not None, "a product belongs to a grant"
    return grant


def _in_state(product: Product, *states: str) -> None:
    if product.status not in states:
        wanted = " or ".join(states)
        raise Problem("state_conflict", f"this needs a product that is {wanted}; this one is {product.status}")


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
    if len(product.resources) > 1:
        public["resources"] = ",".join(product.resources)
    journal.write(tx, kind, public=public, party=product.operator, resource=product.resources[0], product=product.id)
