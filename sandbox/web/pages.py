"""The few pages for people: what this instance is, and what each problem code means. Chinese or English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apiflask import APIBlueprint
from flask import Response, current_app, request
from markupsafe import Markup

from policies.checklist import NO_CLAIM, POINTS, SCHEMES, STATES
from sandbox.catalogue import search
from sandbox.errors import STATUS, Problem
from sandbox.products.model.words import word as spoken_word
from sandbox.products.records import Product
from sandbox.web.advice import ADVICE
from sandbox.web.chart import chart
from sandbox.web.kept import disclosed
from sandbox.web.showing import page
from sandbox.web.words import warning, word

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
    return page("disclosure.html", name=house.settings.name, said=said, word=word, warning=warning)


@blueprint.get("/catalogue")
def catalogue() -> Response:
    """The public catalogue (公共数据资源目录), searched by words."""
    words = request.args.get("q", "")[:200]
    with current_app.config["HOUSE"].store.read() as tx:
        found = search.listed(tx, words)
        products: dict[str, list[Product]] = {}
        for product in tx.find(Product, status="approved", order=("name", "id")):
            for resource in product.resources:
                products.setdefault(resource, []).append(product)
    return page("catalogue.html", found=found, products=products, words=words, word=word)


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


def series_page(said: Mapping[str, Any]) -> bytes:
    """Give the series of an index (as SeriesOut) as a page with a chart."""
    drawn = chart(said)
    return page("series.html", said=said, chart=Markup(drawn) if drawn else None).get_data()  # noqa: S704


def card_page(said: Mapping[str, Any]) -> bytes:
    """Give the card of a model (as CardOut) as a page."""
    return page("card.html", said=said, word=spoken_word).get_data()


def utility_page(said: Mapping[str, Any]) -> bytes:
    """Give the utility report of a synthetic table (as UtilityOut) as a page."""
    return page("utility.html", said=said).get_data()


@blueprint.get("/docs/checklist")
def checklist() -> Response:
    """What assessments under 等保, 密评 and 信创 ask for, and what is done about it (S6)."""
    return page("checklist.html", schemes=SCHEMES, points=POINTS, states=STATES, claim=NO_CLAIM)
