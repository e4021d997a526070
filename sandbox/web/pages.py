"""The few pages for people: what this instance is, and what each problem code means. Chinese or English."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, current_app

from policies.checklist import NO_CLAIM, POINTS, SCHEMES, STATES
from sandbox.errors import STATUS, Problem
from sandbox.web.advice import ADVICE
from sandbox.web.kept import disclosed
from sandbox.web.showing import page
from sandbox.web.words import word

blueprint = APIBlueprint("pages", __name__, enable_openapi=False)


@blueprint.get("/")
def home() -> Response:
    """What this instance is, and where everything public about it stands."""
    house = current_app.config["HOUSE"]
    return page("home.html", name=house.settings.name, log_key=house.log_public_key, test=house.test_instance)


@blueprint.get("/disclosure")
def disclosure() -> Response:
    """The disclosure (信息披露) to be read by people; the API has the same as data."""
    house = current_app.config["HOUSE"]
    with house.store.read() as tx:
        said = disclosed(tx, house.test_instance)
    return page("disclosure.html", name=house.settings.name, said=said, word=word)


@blueprint.get("/docs/errors/")
def error_codes() -> Response:
    """All problem codes with what to do."""
    return page("errors.html", codes=STATUS, advice=ADVICE)


@blueprint.get("/docs/errors/<code>")
def error_code(code: str) -> Response:
    """What one problem code means; the `type` of every problem leads here."""
    if code not in ADVICE:
        raise Problem("not_found", "there is no such problem code; /docs/errors/ lists them all")
    return page("errors.html", codes={code: STATUS[code]}, advice=ADVICE)


@blueprint.get("/docs/checklist")
def checklist() -> Response:
    """What assessments under 等保, 密评 and 信创 ask for, and what is done about it (S6)."""
    return page("checklist.html", schemes=SCHEMES, points=POINTS, states=STATES, claim=NO_CLAIM)
