"""R5: the public catalogue is what DCAT and ODRL say, as a SHACL validator reads it; everything on offer is in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from authority import World
from offer import Offer
from pyshacl import validate
from rdflib import DCAT, ODRL2, RDF, Graph, URIRef
from registrations import CLINIC
from webhouse import Web, make_house

from sandbox.catalogue.entry import parse_entry
from sandbox.catalogue.holders import set_conditions
from sandbox.catalogue.records import DataVersion
from sandbox.catalogue.registry import register
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.stores.sql import SqlStore
from sandbox.web.app import create_app

SHAPES = Graph().parse(Path(__file__).parent / "shapes" / "catalogue.ttl")
NAME = "urn:data-product-sandbox:"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """The catalogue as the service gives it, and ids of what must and must not be in it."""
    folder = tmp_path_factory.mktemp("catalogue")
    store = SqlStore(f"sqlite:///{folder / 'control.db'}")
    store.create()
    house = make_house(store, folder / "home", public_url="https://sandbox.example.org")
    ids = {}
    with store.write() as tx:
        world = World(tx, journal=house.journal)
        for name, grade in (("open", "general"), ("closed", "important")):
            entry = parse_entry({**deepcopy(CLINIC), "name": name, "grade": grade, "domain": "健康 health"})
            version = DataVersion(new_id("version"), new_id("resource"), 1, "f", b"", {}, {}, now())
            ids[name] = register(tx, world.journal, world.authority, entry, version).id
        set_conditions(tx, world.journal, world.authority, ids["open"], ["industry"], True, "")
        resource = world.resource
        world.resource = lambda *given: tx.get(type(made), ids["open"])  # type: ignore[method-assign,assignment]
        made = resource("other")
        tx.change(made, status="retired")
        offer = Offer(world, purposes=["industry"])
        ids |= {"product": offer.product.id, "grant": offer.grant.id, "draft": offer.offered(status="draft").id}
    answer = Web(house, create_app(house).test_client(), "").call("GET", "/catalogue.jsonld", key="")
    assert answer.status_code == 200 and answer.content_type.startswith("application/ld+json")
    yield json.loads(answer.text), ids
    store.close()


def graph_of(document: dict[str, Any]) -> Graph:
    return Graph().parse(data=json.dumps(document), format="json-ld")


def faults(document: dict[str, Any]) -> str:
    """What the validator finds; empty when the document conforms."""
    conforms, _, said = validate(graph_of(document), shacl_graph=SHAPES, advanced=False)
    return "" if conforms else said


def test_R5_a_standard_validator_accepts_the_catalogue(published):
    document, ids = published
    assert faults(document) == ""
    graph = graph_of(document)
    assert (URIRef(NAME + ids["open"]), RDF.type, DCAT.Dataset) in graph
    assert (URIRef(NAME + ids["product"]), DCAT.servesDataset, URIRef(NAME + ids["open"])) in graph
    assert (URIRef(NAME + ids["product"]), DCAT.endpointURL, URIRef("https://sandbox.example.org/api/v1/jobs")) in graph
    agreed = URIRef(f"{NAME}{ids['grant']}/agreement")
    assert (agreed, RDF.type, ODRL2.Agreement) in graph
    [permission] = graph.objects(agreed, ODRL2.permission)
    assert (permission, ODRL2.target, URIRef(NAME + ids["open"])) in graph
    assert len(list(graph.objects(permission, ODRL2.constraint))) == 3, "purposes, from, until"
    [offered] = graph.objects(URIRef(f"{NAME}{ids['open']}/offer"), ODRL2.permission)
    assert list(graph.objects(offered, ODRL2.duty)), "the holder is asked"
    assert ids["closed"] not in json.dumps(document) and ids["draft"] not in json.dumps(document)


def _without(place: str, name: str) -> Callable[[dict[str, Any]], None]:
    return lambda document: document[place][0].pop(name)


def _policy(change: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    return lambda document: change(document["dcat:dataset"][0]["odrl:hasPolicy"])


@pytest.mark.parametrize(
    "broken",
    [
        _without("dcat:dataset", "dct:description"),
        _without("dcat:dataset", "odrl:hasPolicy"),
        _without("dcat:service", "dcat:endpointURL"),
        _without("sbx:agreement", "odrl:assignee"),
        lambda document: document.pop("dct:publisher"),
        lambda document: document["dcat:dataset"][0].update({"dcat:theme": "health"}),
        lambda document: document["dcat:dataset"][0].update({"dct:accrualPeriodicity": "P1M"}),
        _policy(lambda policy: policy["odrl:permission"][0].update({"odrl:action": "odrl:use"})),
        _policy(lambda policy: policy["odrl:permission"][0].pop("odrl:target")),
        _policy(lambda policy: policy["odrl:permission"][0]["odrl:constraint"][0].pop("odrl:operator")),
        _policy(lambda policy: policy.pop("odrl:permission")),
    ],
)
def test_R5_the_validator_refuses_what_is_no_catalogue(published, broken):
    document = deepcopy(published[0])
    broken(document)
    assert faults(document) != ""
