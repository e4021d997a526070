"""Jobs: estimate, submit, follow."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from sandbox.core.canonical import canonical_bytes
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.jobs import run
from sandbox.jobs.doorbell import of_job
from sandbox.jobs.records import Job
from sandbox.web.call import Call, Errand, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import page
from sandbox.web.waiting import preferred, until
from sandbox.wire.common import Items, Page
from sandbox.wire.jobs import EstimateOut, JobIn, JobOut

blueprint = APIBlueprint("jobs", __name__)

SQL_LIMIT = 100_000
PARAMETERS_LIMIT = 10_000
FINAL = frozenset({"done", "failed", "refused", "void"})
REFUSALS = (
    "not_found",
    "subscription_inactive",
    "grant_inactive",
    "purpose_not_allowed",
    "commitment_missing",
    "privacy_budget_exhausted",
    "quota_exhausted",
    "sql_syntax",
    "sql_not_allowed",
    "unknown_column",
    "bound_missing",
    "unit_missing",
    "epsilon_invalid",
    "emergency_stop",
    "not_ready",
    "integrity_stop",
)


@endpoint(
    blueprint,
    "POST",
    "/jobs/estimate",
    action="job.submit",
    body=JobIn,
    answer=EstimateOut,
    problems=REFUSALS,
    errand=True,
)
def estimate(errand: Errand, body: JobIn) -> Reply:
    """Say what a question would cost in privacy and money; costs nothing and opens no data."""
    return Reply(run.estimate(errand.house, errand.principal, _question(body)))


@endpoint(
    blueprint,
    "POST",
    "/jobs",
    action="job.submit",
    body=JobIn,
    answer=JobOut,
    also=(202,),
    problems=REFUSALS,
    errand=True,
    waits=True,
    keyed=True,
)
def submit_job(errand: Errand, body: JobIn) -> Reply:
    """Submit a question. With `Prefer: wait=30` the finished job (200), else where to follow it (202)."""
    question = _question(body)

    submitted: list[Job] = []  # empty for a request that came before

    def start(keep: Any) -> str:
        submitted.append(run.submit(errand.house, errand.principal, question, lambda tx, job: keep(tx, job.id)))
        return submitted[-1].id

    job_id = errand.once(question, start, required=True)
    finished, job = _followed(errand, job_id, preferred(), next(iter(submitted), None))
    return Reply(view(job), 200 if finished else 202, f"/api/v1/jobs/{job_id}")


@endpoint(blueprint, "GET", "/jobs", action="job.read", query=Page, answer=Items)
def list_jobs(call: Call, query: Page) -> Reply:
    """List one's own jobs."""
    return Reply(page(call.tx, Job, query, view, party=call.principal.party.id))


@endpoint(blueprint, "GET", "/jobs/<job_id>", action="job.read", answer=JobOut)
def read_job(call: Call, job_id: str) -> Reply:
    """Read the state of one's own job."""
    return Reply(view(run.own_job(call.tx, call.principal, job_id)))


def view(job: Job) -> dict[str, Any]:
    """Give a job as its user sees it: what it is about, its state, and what it costs."""
    hidden = ("request", "plan", "base_key", "base", "fence", "entry", "decision", "population")
    return shown(job, *hidden)


def _followed(errand: Errand, job_id: str, seconds: float, submitted: Job | None) -> tuple[bool, Job]:
    """Give whether the job ends within `seconds`, and the job as it was seen last; `submitted` just now, or before."""
    seen = submitted or _job(errand, job_id)

    def ended() -> bool:
        nonlocal seen
        seen = _job(errand, job_id)
        return seen.status in FINAL

    if seen.status in FINAL or not seconds:
        return seen.status in FINAL, seen
    with errand.house.doorbell.listen(of_job(job_id)) as bell:  # before the next look, so that no ring is missed
        return until(ended, seconds, bell, begun=submitted is not None), seen


def _job(errand: Errand, job_id: str) -> Job:
    with errand.house.store.read() as tx:
        return run.own_job(tx, errand.principal, job_id)


def _question(body: JobIn) -> dict[str, Any]:
    if len((body.sql or "").encode()) > SQL_LIMIT:
        raise Problem("upload_too_large", f"the SQL is longer than {SQL_LIMIT:,} bytes; shorten it")
    try:
        written = canonical_bytes(body.parameters)
    except TypeError:
        raise Problem("field_invalid", "Field parameters: write numbers with decimals as text.") from None
    if len(written) > PARAMETERS_LIMIT:
        raise Problem("upload_too_large", f"the parameters are longer than {PARAMETERS_LIMIT:,} bytes; shorten them")
    return body.model_dump(mode="json", exclude_none=True)
