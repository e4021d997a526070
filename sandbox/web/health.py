"""Liveness and readiness, at the root and without a key."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, current_app, jsonify

from sandbox.errors import Problem
from sandbox.jobs.presence import require_ready

blueprint = APIBlueprint("health", __name__, enable_openapi=False)


@blueprint.get("/healthz")
def healthy() -> Response:
    """This process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def ready() -> Response:
    """Database, vault and scribe are there; raises not_ready or integrity_stop."""
    house = current_app.config["HOUSE"]
    try:
        house.store.ping()
    except Exception as error:
        raise Problem("not_ready", "the control database does not answer; try again in a moment") from error
    with house.store.read() as tx:
        require_ready(tx)
    return jsonify(status="ready")
