"""The review of products, what is attached to them, and how their users are treated."""

from __future__ import annotations

from apiflask import APIBlueprint

from policies.review import RULES
from sandbox.core.view import shown
from sandbox.grants import documents
from sandbox.grants.equal import equal_treatment
from sandbox.products import manage, review
from sandbox.web.call import Call, Public, Reply
from sandbox.web.endpoint import endpoint
from sandbox.wire.common import Items, Output, Record, State
from sandbox.wire.grants import DocumentIn, DocumentsOf
from sandbox.wire.products import HandOverIn, ReturnIn, ReviewIn, ReviseIn

blueprint = APIBlueprint("reviews", __name__)
SPEC = ("grade_refused", "grant_inactive", "unit_missing", "bound_missing", "unknown_column")


@endpoint(blueprint, "GET", "/review/checklist", public=True, answer=Output)
def read_checklist(call: Public) -> Reply:
    """Read the questions a reviewer answers (审查清单)."""
    return Reply({"checklist": {name: question.model_dump() for name, question in RULES.checklist.items()}})


@endpoint(
    blueprint,
    "POST",
    "/products/<product_id>/approve",
    action="product.approve",
    body=ReviewIn,
    answer=State,
    problems=("separation_of_duties", "assessment_missing"),
)
def approve_product(call: Call, product_id: str, body: ReviewIn) -> Reply:
    """Approve exactly what was submitted, having gone through the checklist (算法审查)."""
    journal, checklist = call.house.journal, body.checklist
    done = manage.approve(call.tx, journal, call.principal, product_id, checklist, body.note)
    return Reply(manage.view(call.tx, done))


@endpoint(
    blueprint,
    "POST",
    "/products/<product_id>/return",
    action="product.return",
    body=ReturnIn,
    answer=State,
    problems=("separation_of_duties",),
)
def return_product(call: Call, product_id: str, body: ReturnIn) -> Reply:
    """Send a submitted product back to its operator, with what is missing."""
    journal, checklist = call.house.journal, body.checklist
    done = manage.send_back(call.tx, journal, call.principal, product_id, checklist, body.note)
    return Reply(manage.view(call.tx, done))


@endpoint(
    blueprint,
    "POST",
    "/products/<product_id>/revise",
    action="product.submit",
    body=ReviseIn,
    answer=State,
    problems=SPEC,
)
def revise_product(call: Call, product_id: str, body: ReviseIn) -> Reply:
    """Give one's product another specification; it is a draft until that was reviewed."""
    house = call.house
    done = manage.revise(call.tx, house.journal, call.principal, house.products, product_id, body.spec)
    return Reply(manage.view(call.tx, done))


@endpoint(
    blueprint, "POST", "/products/<product_id>/hand-over", action="product.hand_over", body=HandOverIn, answer=State
)
def hand_over_product(call: Call, product_id: str, body: HandOverIn) -> Reply:
    """Hand a product to the operator of another grant, which submits it if it takes it over."""
    done = manage.hand_over(call.tx, call.house.journal, call.principal, product_id, body.grant)
    return Reply(manage.view(call.tx, done))


@endpoint(blueprint, "GET", "/products/<product_id>/reviews", answer=Items)
def list_reviews(call: Call, product_id: str) -> Reply:
    """List the reviews of a product."""
    product = manage.found(call.tx, call.principal, product_id)
    return Reply({"items": review.history(call.tx, product), "next": None})


@endpoint(blueprint, "GET", "/products/<product_id>/equal-treatment", common=True, answer=Output)
def read_equal_treatment(call: Call, product_id: str) -> Reply:
    """Read how users of a product are treated (公平服务): prices, queue, refusals with reasons, waits in classes."""
    return Reply(equal_treatment(call.tx, call.principal, product_id))


@endpoint(
    blueprint, "POST", "/documents", action="document.attach", body=DocumentIn, answer=Record, status=201,
    problems=("not_found",),
)  # fmt: skip
def attach_document(call: Call, body: DocumentIn) -> Reply:
    """Attach a document, by its digest, to a grant, product or subscription."""
    said = body.model_dump()
    return Reply(shown(documents.attach(call.tx, call.house.journal, call.principal, **said)))


@endpoint(blueprint, "GET", "/documents", query=DocumentsOf, answer=Items, problems=("not_found",))
def list_documents(call: Call, query: DocumentsOf) -> Reply:
    """List the documents of a grant, product or subscription."""
    return Reply({"items": documents.listed(call.tx, call.principal, query.subject), "next": None})
