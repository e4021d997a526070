"""Workspaces: synthetic samples to develop on, entry review, exit review."""

from __future__ import annotations

from apiflask import APIBlueprint

from sandbox.core.view import shown
from sandbox.products import manage, sample
from sandbox.products.workspace import admissions
from sandbox.web.call import Call, Errand, Keep, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import cut
from sandbox.wire.common import Items, Nothing, Page, Record, State
from sandbox.wire.workspace import AdmissionIn, DecisionIn, ExitIn, SampleOut, SampleQuery

blueprint = APIBlueprint("workspaces", __name__)


@endpoint(
    blueprint,
    "GET",
    "/products/<product_id>/sample",
    action="sample.read",
    query=SampleQuery,
    answer=SampleOut,
    problems=("field_invalid",),
)
def read_sample(call: Call, product_id: str, query: SampleQuery) -> Reply:
    """Synthetic rows to develop on, of a product's tables and of what its code gets in a block: of the right schema, of
    nobody, the same each time for the same recipient."""
    product = manage.found(call.tx, call.principal, product_id)
    return Reply(sample.of_product(call.tx, product, call.principal.party.id, query.rows))


@endpoint(
    blueprint,
    "POST",
    "/workspace/admissions",
    action="admission.submit",
    body=AdmissionIn,
    answer=State,
    status=201,
    problems=(
        "not_found",
        "subscription_inactive",
        "field_invalid",
        "state_conflict",
        "table_malformed",
        "upload_too_large",
    ),
    errand=True,
)
def submit_admission(errand: Errand, body: AdmissionIn) -> Reply:
    """Hand in code and own tables for the entry review (入域审查)."""
    house, principal = errand.house, errand.principal

    def start(keep: Keep) -> str:
        with house.store.read() as tx:  # a long table is read for seconds, in which nobody must wait to write
            handed = admissions.read_handed(tx, principal, body.model_dump())
        with house.store.write() as tx:
            made = admissions.submit(tx, house.journal, house.release_sealer, principal, handed)
            keep(tx, made.id)
        house.doorbell.ring("scribe")
        return made.id

    made_id = errand.once(body.model_dump(mode="json"), start)
    with house.store.read() as tx:
        made = admissions.found(tx, principal, made_id)
    return Reply(admissions.view(made), location=f"/api/v1/workspace/admissions/{made.id}")


@endpoint(blueprint, "GET", "/workspace/admissions", action="admission.read", query=Page, answer=Items)
def list_admissions(call: Call, query: Page) -> Reply:
    """List own admissions and those to own workspaces; the authorising body sees all."""
    fetch = lambda limit, after: admissions.listed(call.tx, call.principal, limit=limit, after=after)  # noqa: E731
    return Reply(cut(fetch, query, admissions.view))


@endpoint(blueprint, "GET", "/workspace/admissions/<admission_id>", action="admission.read", answer=State)
def read_admission(call: Call, admission_id: str) -> Reply:
    """Read code and outputs, and what is said of the tables; nobody reads what is in them."""
    return Reply(admissions.view(admissions.found(call.tx, call.principal, admission_id)))


@endpoint(
    blueprint,
    "POST",
    "/workspace/admissions/<admission_id>/decide",
    action="admission.decide",
    body=DecisionIn,
    answer=State,
    problems=("state_conflict", "separation_of_duties"),
)
def decide_admission(call: Call, admission_id: str, body: DecisionIn) -> Reply:
    """Admit or reject; the tables of what is rejected are deleted."""
    done = admissions.decide(call.tx, call.house.journal, call.principal, admission_id, body.verdict, body.reason)
    return Reply(admissions.view(done))


@endpoint(
    blueprint,
    "POST",
    "/workspace/admissions/<admission_id>/end",
    action="admission.submit",
    body=Nothing,
    answer=State,
    problems=("state_conflict",),
)
def end_admission(call: Call, admission_id: str, body: Nothing) -> Reply:
    """End one's own admission; its tables are deleted."""
    return Reply(admissions.view(admissions.end(call.tx, call.house.journal, call.principal, admission_id)))


@endpoint(
    blueprint,
    "POST",
    "/jobs/<job_id>/exit",
    action="exit.decide",
    body=ExitIn,
    answer=Record,
    status=201,
    problems=("state_conflict", "separation_of_duties"),
)
def review_exit(call: Call, job_id: str, body: ExitIn) -> Reply:
    """Let a workspace's answer leave, or hold it back (出域审核); nobody sees the answer for that."""
    made = admissions.pass_out(call.tx, call.house.journal, call.principal, job_id, body.verdict, body.reason)
    return Reply(shown(made))
