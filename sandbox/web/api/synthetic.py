"""Synthetic tables: the utility report of one's own rows. The rows are a result like any other."""

from __future__ import annotations

import json

from apiflask import APIBlueprint
from flask import request

from sandbox.errors import Problem
from sandbox.jobs import run
from sandbox.products.synthetic.report import report
from sandbox.web.api.results import deliver
from sandbox.web.call import Errand, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.pages import utility_page
from sandbox.wire.models import CardQuery
from sandbox.wire.synthetic import UtilityOut

blueprint = APIBlueprint("synthetic", __name__)


@endpoint(
    blueprint,
    "GET",
    "/jobs/<job_id>/utility",
    action="job.read",
    query=CardQuery,
    answer=UtilityOut,
    media=("application/json", "text/html"),
    problems=(
        "job_not_finished",
        "execution_failed",
        "emergency_stop",
        "grant_inactive",
        "subscription_inactive",
        "party_suspended",
    ),
    errand=True,
)
def read_utility(errand: Errand, job_id: str, query: CardQuery) -> Reply:
    """Read how near one's own rows of a synthetic table are to what was released. A browser, or `format=html`, gets it
    as a page; a delivery like any other."""
    house = errand.house
    with house.store.read() as tx:
        job = run.own_job(tx, errand.principal, job_id)
        if job.kind != "synthetic":
            raise Problem("not_found", "this job gave no synthetic rows; only those have a utility report")
        run.answer(house, errand.principal, job_id)  # finished, and nothing was stopped meanwhile
        said = report(house, tx, job)
    if house.test_instance:
        said["test_instance"] = True
    if query.format == "html" or (query.format is None and request.accept_mimetypes.best == "text/html"):
        data, media = utility_page(said), "text/html; charset=utf-8"
    else:
        text = json.dumps(UtilityOut.model_validate(said).model_dump(mode="json"), ensure_ascii=False)
        data, media = text.encode(), "application/json"
    deliver(errand, job_id, "utility", data)
    return Reply(data, media=media)
