"""The life of a product: packaged under a grant, reviewed by another, on offer, off offer."""

from __future__ import annotations

import pytest
from authority import World, refused
from offer import Offer

from sandbox.errors import Problem
from sandbox.products.manage import approve, create, found, listed, pause, resume, retire, submit, view

ENTRY = {
    "name": "clinic", "title": {"zh": "就诊", "en": "Clinic"}, "holder": "Health Bureau", "domain": "health",
    "grade": "general", "personal_information": True, "update_frequency": "P1M",
    "legal_basis": {"type": "statutory_duty", "instrument": "Health Act", "purpose": "administration"},
    "unit": {"name": "person", "column": "persons.pid"},
    "tables": [{"name": "persons", "unit": "pid", "max_rows_per_unit": 1, "columns": [
        {"name": "pid", "type": "integer", "role": "identifier"},
        {"name": "age", "type": "integer", "role": "quasi_identifier", "bounds": [0, 110]}]}],
    "privacy": {"epsilon": "8", "delta": "1e-6", "per_user": {"epsilon": "4", "delta": "1e-7"}},
}  # fmt: skip


class Query:
    """A kind that accepts an empty specification of a resource with persons."""

    kind = "query"

    def review(self, spec, entries):
        assert entries[0].table("persons")
        if spec:
            raise Problem("field_invalid", "spec: write {}")


@pytest.fixture
def offer(store):
    with store.write() as tx:
        made = Offer(World(tx))
        made.resource = tx.change(made.resource, entry=ENTRY)
        made.kinds = {"query": Query()}
        yield made


def draft(offer, by=None, **other):
    body = {"grant": offer.grant.id, "kind": "query", "name": "q", "resources": [offer.resource.id], "spec": {}}
    return create(offer.tx, offer.journal, by or offer.operator, offer.kinds, body | other)


def handed_in(offer):
    return submit(offer.tx, offer.journal, offer.operator, offer.kinds, draft(offer).id)


def test_U8_draft_submitted_approved_paused_retired(offer):
    tx, journal, authority = offer.tx, offer.journal, offer.world.authority
    product = approve(tx, journal, authority, handed_in(offer).id)
    assert (product.status, product.approved_by) == ("approved", authority.party.id)
    assert pause(tx, journal, offer.operator, product.id).status == "paused"
    with refused("role_not_allowed"):
        resume(tx, journal, offer.operator, product.id)
    assert resume(tx, journal, authority, product.id).status == "approved"
    assert retire(tx, journal, offer.operator, product.id).status == "retired"
    assert [kind for kind in offer.world.kinds() if kind.startswith("product.")] == [
        f"product.{step}" for step in ("created", "submitted", "reviewed", "approved", "paused", "resumed", "retired")
    ]
    for step in (approve, pause, resume):
        with refused("state_conflict"):
            step(tx, journal, authority, product.id)


def test_U8_only_what_was_submitted_is_approved(offer):
    product = handed_in(offer)
    offer.tx.change(product, spec={"other": 1})
    with refused("state_conflict: the specification of this product is not the one"):
        approve(offer.tx, offer.journal, offer.world.authority, product.id)


def test_U8_the_author_does_not_approve(offer):
    product = handed_in(offer)
    with refused("role_not_allowed"):
        approve(offer.tx, offer.journal, offer.operator, product.id)
    with refused("state_conflict"):
        approve(offer.tx, offer.journal, offer.world.authority, draft(offer).id)


@pytest.mark.parametrize(
    ("problem", "other"),
    [
        ("field_invalid: kind: this instance runs", {"kind": "oracle"}),
        ("field_invalid: kind: this instance runs query", {"kind": "model"}),
        ("field_invalid: resources", {"resources": []}),
        ("field_invalid: resources: name one", {"resources": ["a", "b"]}),
        ("not_found: resources", {"resources": ["resource_unknown"]}),
        ("field_invalid: spec: write {}", {"spec": {"rows": True}}),
        ("field_invalid: spec.approval", {"spec": {"approval": "never"}}),
        ("field_invalid: name", {"name": ""}),
        ("not_found: grant", {"grant": "grant_unknown"}),
    ],
)
def test_a_wrong_product_is_refused_with_its_field(offer, problem, other):
    with refused(problem):
        draft(offer, **other)


def test_A2_a_product_reads_only_what_its_grant_covers(offer):
    with refused("not_found: resources"):
        draft(offer, resources=[offer.world.resource("other").id])


def test_a_foreign_grant_or_product_does_not_exist(offer):
    rival = offer.world.party("Rival", "operator")
    with refused("not_found"):
        draft(offer, by=rival)
    product = draft(offer)
    with refused("not_found"):
        submit(offer.tx, offer.journal, rival, offer.kinds, product.id)
    with refused("not_found"):
        retire(offer.tx, offer.journal, rival, product.id)


def test_everybody_sees_what_is_on_offer_and_operators_their_own(offer):
    product = draft(offer)
    assert [row.id for row in listed(offer.tx, offer.user)] == [offer.product.id]
    assert len(listed(offer.tx, offer.operator)) == len(listed(offer.tx, offer.world.authority)) == 2
    assert listed(offer.tx, offer.operator, limit=1)[0].id == min(offer.product.id, product.id)
    with refused("not_found"):
        found(offer.tx, offer.user, product.id)
    assert view(offer.tx, found(offer.tx, offer.user, offer.product.id))["price"]["price"] == "1.20"
    assert view(offer.tx, product)["price"] is None
