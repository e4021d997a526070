"""Products that their operators run: the runs, and what comes of an index: its series."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from apiflask import APIBlueprint
from flask import request

from sandbox.core.clock import now
from sandbox.errors import Problem
from sandbox.jobs import run
from sandbox.jobs.copying import published, runs_of
from sandbox.jobs.own import left_of_year, run_own
from sandbox.jobs.records import Job, Run
from sandbox.products import manage
from sandbox.products.index.series import series
from sandbox.products.records import Product
from sandbox.products.schedule import default_period
from sandbox.web.api.jobs import REFUSALS, view
from sandbox.web.call import Call, Errand, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.pages import series_page
from sandbox.wire.jobs import JobOut
from sandbox.wire.series import RunIn, RunsOut, SeriesOut, SeriesQuery

blueprint = APIBlueprint("series", __name__)


@endpoint(
    blueprint,
    "POST",
    "/products/<product_id>/runs",
    action="run.start",
    body=RunIn,
    answer=JobOut,
    status=202,
    problems=(*REFUSALS, "field_invalid", "state_conflict"),
    errand=True,
    keyed=True,
)
def start_run(errand: Errand, product_id: str, body: RunIn) -> Reply:
    """Run one's own product for a period: the first time, or once more as a revision. It is a job of one's own under
    `/jobs`; users get copies of what it released."""
    house = errand.house
    with house.store.read() as tx:
        product = _own(tx, errand, product_id)
    period = body.period or default_period(product.spec, now())
    content = {"run": product_id, **body.model_dump()}
    job_id = errand.once(content, lambda keep: run_own(house, product_id, period, also=keep).id, required=True)
    with house.store.read() as tx:
        return Reply(view(run.own_job(tx, errand.principal, job_id)), location=f"/api/v1/jobs/{job_id}")


@endpoint(blueprint, "GET", "/products/<product_id>/runs", common=True, answer=RunsOut)
def list_runs(call: Call, product_id: str) -> Reply:
    """What its operator has run of a product: what users may have copies of and, for the operator, what is on its way
    and how many runs of this year are left."""
    product = manage.found(call.tx, call.principal, product_id)
    mine = product.operator == call.principal.party.id
    runs = (runs_of if mine else published)(call.tx, product)
    left = {"left_of_year": left_of_year(call.tx, product, now())} if mine else {}
    return Reply({"items": [_shown(run, job, mine) for run, job in runs], **left})


@endpoint(
    blueprint,
    "GET",
    "/products/<product_id>/series",
    action="series.read",
    query=SeriesQuery,
    answer=SeriesOut,
    media=("application/json", "text/html"),
    problems=("field_invalid", "emergency_stop", "grant_inactive", "subscription_inactive", "party_suspended"),
    errand=True,
)
def read_series(errand: Errand, product_id: str, query: SeriesQuery) -> Reply:
    """The series of an index in one's own copies: value, 95 % interval and revisions of each period. A browser, or
    `format=html`, gets it as a page with a chart."""
    house = errand.house
    with house.store.read() as tx:
        product = manage.found(tx, errand.principal, product_id)
        said = series(house, tx, errand.principal.party.id, product, query.from_, query.to)
    if house.test_instance:
        said["test_instance"] = True
    if query.format == "html" or (query.format is None and request.accept_mimetypes.best == "text/html"):
        data, media = series_page(said), "text/html; charset=utf-8"
    else:
        text = json.dumps(SeriesOut.model_validate(said).model_dump(mode="json"), ensure_ascii=False)
        data, media = text.encode(), "application/json"
    _deliver(errand, product, data, media.split(";")[0])
    return Reply(data, media=media)


def _own(tx: Any, errand: Errand, product_id: str) -> Product:
    product = manage.found(tx, errand.principal, product_id)
    if product.operator != errand.principal.party.id:
        raise Problem("not_found", "there is no such product of yours")
    return product


def _shown(run: Run, job: Job, mine: bool) -> dict[str, Any]:
    said: dict[str, Any] = {"period": run.period, "number": run.number, "reason": run.reason, "status": job.status}
    said["published_at"] = job.finished_at.isoformat() if job.finished_at and job.status == "done" else None
    return said | ({"job": job.id, "version": run.version} if mine else {})


def _deliver(errand: Errand, product: Product, data: bytes, media: str) -> None:
    """Log the digest of the very bytes that leave, before they leave."""
    party = errand.principal.party.id
    committed: dict[str, str | bytes] = {"party": party, "file": hashlib.sha256(data).hexdigest()}
    with errand.house.store.write() as tx:
        errand.house.journal.write(
            tx, "series.delivered", public={"format": media}, committed=committed, party=party, product=product.id
        )
    errand.house.doorbell.ring("scribe")
