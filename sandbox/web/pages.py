"""The few pages for people: what this instance is, and what each problem code means. Chinese or English."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, current_app, render_template, request

from policies.checklist import NO_CLAIM, POINTS, SCHEMES, STATES
from sandbox.errors import STATUS, Problem
from sandbox.web.advice import ADVICE
from sandbox.web.kept import disclosed
from sandbox.web.words import word

blueprint = APIBlueprint("pages", __name__, enable_openapi=False)

LANGUAGES = ("en", "zh")


@blueprint.get("/")
def home() -> Response:
    """What this instance is, and where everything public about it stands."""
    house = current_app.config["HOUSE"]
    return _page("home.html", name=house.settings.name, log_key=house.log_public_key, test=house.test_instance)


@blueprint.get("/disclosure")
def disclosure() -> Response:
    """The disclosure (信息披露) to be read by people; the API has the same as data."""
    house = current_app.config["HOUSE"]
    with house.store.read() as tx:
        said = disclosed(tx, house.test_instance)
    return _page("disclosure.html", name=house.settings.name, said=said, word=word)


@blueprint.get("/docs/errors/")
def error_codes() -> Response:
    """All problem codes with what to do."""
    return _page("errors.html", codes=STATUS, advice=ADVICE)


@blueprint.get("/docs/errors/<code>")
def error_code(code: str) -> Response:
    """What one problem code means; the `type` of every problem leads here."""
    if code not in ADVICE:
        raise Problem("not_found", "there is no such problem code; /docs/errors/ lists them all")
    return _page("errors.html", codes={code: STATUS[code]}, advice=ADVICE)


@blueprint.get("/docs/checklist")
def checklist() -> Response:
    """What assessments under 等保, 密评 and 信创 ask for, and what is done about it (S6)."""
    return _page("checklist.html", schemes=SCHEMES, points=POINTS, states=STATES, claim=NO_CLAIM)


def _page(template: str, **values: object) -> Response:
    language = _language()
    response = Response(render_template(template, lang=language, zh=language == "zh", **values))
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    return response


def _language() -> str:
    asked = request.args.get("lang")
    return asked if asked in LANGUAGES else request.accept_languages.best_match(LANGUAGES, "en")
