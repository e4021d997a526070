"""Publications of answers that their recipients declare."""

from __future__ import annotations

from apiflask import APIBlueprint

from sandbox.core.view import shown
from sandbox.jobs import run
from sandbox.oversight.publications import declare
from sandbox.oversight.records import Publication
from sandbox.web.call import Call, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import page
from sandbox.wire.common import Items, Page
from sandbox.wire.oversight import PublicationIn, PublicationOut

blueprint = APIBlueprint("publications", __name__)


@endpoint(
    blueprint,
    "POST",
    "/jobs/<job_id>/publications",
    action="publication.declare",
    body=PublicationIn,
    answer=PublicationOut,
    status=201,
    problems=("field_invalid", "job_not_finished"),
)
def declare_publication(call: Call, job_id: str, body: PublicationIn) -> Reply:
    """Declare that one published one's copy of an answer: it is logged and stands beside the findings of traces."""
    job = run.own_job(call.tx, call.principal, job_id)
    made = declare(call.tx, call.house.journal, job, body.place, body.day)
    return Reply(shown(made, "base", "entry"), location=f"/api/v1/jobs/{job.id}/publications")


@endpoint(
    blueprint,
    "GET",
    "/jobs/<job_id>/publications",
    action="publication.declare",
    query=Page,
    answer=Items,
)
def list_publications(call: Call, job_id: str, query: Page) -> Reply:
    """List the publications that one declared of an answer."""
    job = run.own_job(call.tx, call.principal, job_id)
    view = lambda made: shown(made, "base", "entry")  # noqa: E731
    return Reply(page(call.tx, Publication, query, view, job=job.id))
