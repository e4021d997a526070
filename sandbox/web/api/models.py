"""Models: predictions of one's own copy, its card, and its weights where they may leave."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from apiflask import APIBlueprint
from flask import request

from sandbox.core.canonical import canonical_bytes
from sandbox.errors import Problem
from sandbox.jobs import run
from sandbox.jobs.records import Job
from sandbox.products.model.card import card
from sandbox.products.model.predictions import Made, again, predict, weights
from sandbox.web.api.results import deliver
from sandbox.web.call import Errand, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.pages import card_page
from sandbox.wire.models import CardOut, CardQuery, PredictionsIn, PredictionsOut

blueprint = APIBlueprint("models", __name__)
REFUSALS = (
    "not_found",
    "field_invalid",
    "state_conflict",
    "subscription_inactive",
    "grant_inactive",
    "purpose_not_allowed",
    "commitment_missing",
    "consent_missing",
    "quota_exhausted",
    "spending_limit_reached",
    "emergency_stop",
    "rate_limited",
)


@endpoint(
    blueprint,
    "POST",
    "/predictions",
    action="job.submit",
    body=PredictionsIn,
    answer=PredictionsOut,
    problems=REFUSALS,
    errand=True,
)
def make_predictions(errand: Errand, body: PredictionsIn) -> Reply:
    """Predict up to 1,000 records by one's own copy of a model. Costs no privacy; each call is metered. With an
    Idempotency-Key a repeated call is not charged again. Nothing of the records is kept."""
    house, principal = errand.house, errand.principal
    # what a key is kept with must not tell what was asked: a keyed digest, by a key that web alone has
    said = hmac.digest(house.cookie_key, _bytes(body.rows), hashlib.sha256).hex()
    made: list[Made] = []  # empty for a call that came before

    def start(keep: Any) -> str:
        made.append(predict(house, principal, body.subscription, body.rows, body.consent, keep))
        return made[-1].id

    call = errand.once({"subscription": body.subscription, "rows": said, "consent": body.consent}, start)
    found = made[-1] if made else again(house, principal, body.subscription, body.rows, call)
    told = {"id": call, "copy": found.copy, "predictions": found.predictions, "fee": str(found.fee)}
    return Reply(told | ({"test_instance": True} if house.test_instance else {}))


@endpoint(
    blueprint,
    "GET",
    "/jobs/<job_id>/card",
    action="job.read",
    query=CardQuery,
    answer=CardOut,
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
def read_card(errand: Errand, job_id: str, query: CardQuery) -> Reply:
    """Read the card of one's own copy of a model: what it is, what it cost, how good it is and what it goes by. A
    browser, or `format=html`, gets it as a page; a delivery like any other."""
    house = errand.house
    with house.store.read() as tx:
        job = _model(run.own_job(tx, errand.principal, job_id))
        run.answer(house, errand.principal, job_id)  # finished, and nothing was stopped meanwhile
        said = card(house, tx, job)
    if house.test_instance:
        said["test_instance"] = True
    if query.format == "html" or (query.format is None and request.accept_mimetypes.best == "text/html"):
        data, media = card_page(said), "text/html; charset=utf-8"
    else:
        text = json.dumps(CardOut.model_validate(said).model_dump(mode="json"), ensure_ascii=False)
        data, media = text.encode(), "application/json"
    deliver(errand, job_id, "card", data)
    return Reply(data, media=media)


@endpoint(
    blueprint,
    "GET",
    "/jobs/<job_id>/weights",
    action="job.read",
    media=("application/octet-stream",),
    problems=(
        "job_not_finished",
        "state_conflict",
        "not_ready",
        "emergency_stop",
        "grant_inactive",
        "subscription_inactive",
    ),
    errand=True,
)
def read_weights(errand: Errand, job_id: str) -> Reply:
    """Take the weights of one's own copy as an ONNX file, where the specification lets them leave; a delivery."""
    house = errand.house
    with house.store.read() as tx:
        job = _model(run.own_job(tx, errand.principal, job_id))
        run.answer(house, errand.principal, job_id)  # finished, and nothing was stopped meanwhile
        data = weights(house, tx, job)
    deliver(errand, job_id, "onnx", data)
    name = {"Content-Disposition": f'attachment; filename="{job_id}.onnx"'}
    return Reply(data, media="application/octet-stream", headers=name)


def _model(job: Job) -> Job:
    if job.kind != "model":
        raise Problem("not_found", "this job gave no model; only models have cards and weights")
    return job


def _bytes(rows: list[dict[str, Any]]) -> bytes:
    return canonical_bytes([{name: repr(value) for name, value in row.items()} for row in rows])
