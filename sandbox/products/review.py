"""The review of a product (算法审查, U8, A7, I4): its specification is hashed, somebody else than its author goes
through the checklist, documents are attached where the rules want them, and the approved hash is the one that runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from policies.authorise import APPROVE_PRODUCT
from policies.review import RULES
from sandbox.catalogue.entry import Entry
from sandbox.catalogue.linkage import check_links
from sandbox.catalogue.records import BoughtProfile, Resource
from sandbox.catalogue.stored import stored_entry
from sandbox.core.canonical import canonical_bytes, digest
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.grants.authorise import decided
from sandbox.grants.records import Attachment
from sandbox.identity.keys import Principal
from sandbox.products.records import Product, Review
from sandbox.transparency.journal import Journal

PERSONAL = {"identifier", "quasi_identifier", "personal", "sensitive"}
DOCUMENTS = {
    "impact_assessment": "no impact assessment (个人信息保护影响评估) is attached",
    "risk_assessment": "no risk assessment is attached",
}


def reviewed(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    product: Product,
    checklist: Mapping[str, bool],
    note: str,
    verdict: str,
) -> Review:
    """Record a review of a submitted product; to approve it, the policies must have nothing against it.

    Raises field_invalid (a question that is not asked) and what the policies refuse: the author's own review, a
    specification that changed, a no in the checklist, a missing assessment."""
    if unknown := sorted(set(checklist) - set(RULES.checklist)):
        raise Problem("field_invalid", f"checklist.{unknown[0]}: answer {', '.join(RULES.checklist)}")
    resources = [resource for one in product.resources if (resource := tx.get(Resource, one)) is not None]
    entries = [stored_entry(resource.entry) for resource in resources]
    tables = [table for entry in entries for table in entry.tables if not table.public]
    documents = tx.find(Attachment, subject=product.id)
    kinds = {document.kind for document in documents}
    roles = {column.role for table in tables for column in table.columns}
    personal = any(entry.personal_information for entry in entries) or bool(roles & PERSONAL)
    facts = {
        "own": principal.party.id in (product.operator, product.maker),
        "specified": digest(product.spec) == product.spec_digest,
        "complete": all(checklist.values()),
        "asked": set(checklist) == set(RULES.checklist),
        "kind": product.kind,
        "personal": personal,
        "sensitive": "sensitive" in roles,
        "impact": "impact_assessment" in kinds,
        "risk": "risk_assessment" in kinds,
    }
    policy = "returned"
    if verdict == "approved":
        check_links(tx, product, assessed="linkage_assessment" in kinds)
        policy = str(decided(tx, APPROVE_PRODUCT, facts)["policy_id"])
    elif facts["own"]:
        raise Problem("separation_of_duties", "nobody reviews a product of its own")
    warnings = _warnings(tx, product, list(zip(resources, entries, strict=True)), facts)
    public: dict[str, str | int | None] = {
        "product": product.id,
        "spec": product.spec_digest,
        "verdict": verdict,
        "policy": policy,
        "warnings": len(warnings),
        "documents": ",".join(document.digest for document in documents),
        "by": principal.party.id,
    }
    said: dict[str, str | bytes] = {"checklist": canonical_bytes(dict(checklist)), "note": note}
    leaf = journal.write(
        tx, "product.reviewed", public=public, committed=said, party=product.operator, product=product.id
    )
    made = Review(
        new_id("review"), product.id, product.spec_digest, verdict, dict(checklist), warnings,
        [document.id for document in documents], note, principal.party.id, policy, leaf.id, now(),
    )  # fmt: skip
    tx.add(made)
    return made


def latest(tx: Transaction, product: Product) -> dict[str, Any] | None:
    """Give the newest review of a product, as the outside sees it; None before the first."""
    found = tx.find(Review, product=product.id, order=["-id"], limit=1)
    return shown(found[0], "policy", "entry") if found else None


def history(tx: Transaction, product: Product) -> list[dict[str, Any]]:
    """Give all reviews of a product, the oldest first."""
    return [shown(one) for one in tx.find(Review, product=product.id)]


def _warnings(
    tx: Transaction, product: Product, read: Sequence[tuple[Resource, Entry]], facts: Mapping[str, Any]
) -> list[str]:
    """What a reviewer is told, and everybody who looks at the product: it was approved all the same."""
    said = []
    if not facts["asked"]:
        said.append("the checklist was not answered in full")
    if facts["personal"] and not facts["impact"]:
        said.append(DOCUMENTS["impact_assessment"])
    if not facts["risk"]:
        said.append(DOCUMENTS["risk_assessment"])
    if product.spec.get("automated_decisions") is True:
        said.append(
            "it is meant for automated decisions (自动化决策) about persons: say so to them, and let them object"
        )
    for resource, entry in read if facts["personal"] else ():
        if (persons := _persons(tx, resource)) >= RULES.very_large:
            unit = entry.unit.name if entry.unit else ""
            said.append(f"it is about a very large group: about {persons:,} of unit {unit}")
    return said


def _persons(tx: Transaction, resource: Resource) -> int:
    """About how many units the resource has, as its public profile says; 0 without one."""
    bought = tx.get(BoughtProfile, resource.profile) if resource.profile else None
    tables = (bought.content or {}).get("tables", {}) if bought else {}
    return max((int(table.get("units", 0)) for table in tables.values()), default=0)
