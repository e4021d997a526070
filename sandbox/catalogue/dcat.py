"""The public catalogue in a standard vocabulary: DCAT 3 with ODRL 2.2, as JSON-LD (R5).

Resources of listed grades are datasets with an offer each, products on offer are data services, grants in force are
agreements. Declarations and dates only, never data or anything measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from policies.grades import RULES
from sandbox.catalogue.exact import protection_of
from sandbox.catalogue.odrl import agreement, offer, term
from sandbox.catalogue.quality import public_view
from sandbox.catalogue.records import Resource
from sandbox.catalogue.registry import ACTIVE
from sandbox.core.clock import rfc3339
from sandbox.core.store import Transaction
from sandbox.grants.give import standing
from sandbox.grants.records import Grant
from sandbox.identity.records import Party
from sandbox.products.records import Product

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "csvw": "http://www.w3.org/ns/csvw#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "freq": "http://publications.europa.eu/resource/authority/frequency/",
    "sbx": "urn:data-product-sandbox:",
}
DATATYPES = {"integer": "xsd:integer", "string": "xsd:string", "boolean": "xsd:boolean", "date": "xsd:date"}
TABLE_SAID = {"unit": "unit", "key_sets": "keySets", "measures": "measures"}
FREQUENCIES = {
    "P1D": "DAILY",
    "P7D": "WEEKLY",
    "P1W": "WEEKLY",
    "P1M": "MONTHLY",
    "P3M": "QUARTERLY",
    "P6M": "ANNUAL_2",
    "P1Y": "ANNUAL",
    "P12M": "ANNUAL",
    "P2Y": "BIENNIAL",
    "P10Y": "DECENNIAL",
}
"""Update frequencies that the vocabulary of DCAT-AP has a word for; the exact duration stands beside it."""
RIGHTS = {
    "private": {"en": "private aggregates only; rows never leave", "zh": "仅提供隐私保护的统计结果，原始数据不出域"},
    "exact": {"en": "exact service under a subscription: rows and aggregates", "zh": "订购后提供精确服务：明细与统计"},
}
ON_OFFER = ("approved", "paused")
IN_FORCE = ("active", "suspended")


def dcat(tx: Transaction, root: str = "") -> dict[str, Any]:
    """Give the catalogue as a JSON-LD document. `root` is where the service is reached, without a slash behind."""
    resources = tx.find(Resource, status=ACTIVE, grade=list(RULES.listed))
    listed = {resource.id for resource in resources}
    products = tx.find(Product, status=list(ON_OFFER))
    grants = {grant.id: grant for grant in tx.find(Grant) if standing(grant) in IN_FORCE}
    names = {party.id: party.name for party in tx.find(Party)}
    publisher = next((party.name for party in tx.find(Party) if "authoriser" in party.roles), "Authorising body")
    return {
        "@context": CONTEXT,
        "@id": "sbx:catalogue",
        "@type": "dcat:Catalog",
        "dct:title": titles({"zh": "公共数据资源目录", "en": "Catalogue of public data resources"}),
        "dct:description": titles(
            {
                "zh": "已登记的公共数据资源、其产品和服务及授权；数据可用不可见。",
                "en": "Registered public data resources, products made of them, and who is authorised to what. Of what "
                "protects persons rows never leave.",
            }
        ),
        "dct:publisher": agent(publisher),
        "dcat:dataset": [_dataset(tx, resource, names, root) for resource in resources],
        "dcat:service": [_service(one, grants.get(one.grant), listed, names, root) for one in products],
        "sbx:agreement": [agreement(grant, resources, names) for grant in grants.values()],
    }


def agent(name: str) -> dict[str, Any]:
    """Give a body by its name."""
    return {"@type": "foaf:Agent", "foaf:name": name}


def titles(said: Mapping[str, str]) -> list[dict[str, str]]:
    """Give texts with their languages."""
    return [{"@language": language, "@value": text} for language, text in sorted(said.items())]


def _dataset(tx: Transaction, resource: Resource, names: Mapping[str, str], root: str) -> dict[str, Any]:
    entry, quality = resource.entry, public_view(tx, resource)
    dates, basis, title = quality["timeliness"], entry["legal_basis"], entry["title"]
    shown: dict[str, Any] = {
        "@id": f"sbx:{resource.id}",
        "@type": "dcat:Dataset",
        "dct:identifier": resource.id,
        "dct:title": titles(entry["title"]),
        "dct:description": f"{title['en']} ({title['zh']}): {basis['purpose']}, {basis['instrument']}",
        "dct:publisher": agent(resource.holder),
        "dcat:theme": {
            "@id": f"sbx:domain/{quote(resource.domain)}",
            "@type": "skos:Concept",
            "skos:prefLabel": resource.domain,
        },
        "dct:issued": _moment(rfc3339(resource.created_at)),
        "dct:accrualPeriodicity": term(f"freq:{FREQUENCIES.get(entry['update_frequency'], 'OTHER')}")
        | {"@type": "dct:Frequency"},
        "sbx:updateFrequency": {"@type": "xsd:duration", "@value": entry["update_frequency"]},
        "dct:accessRights": {
            "@type": "dct:RightsStatement",
            "rdfs:label": titles(RIGHTS[protection_of(resource)]),
        },
        "sbx:grade": resource.grade,
        "sbx:legalBasis": {f"sbx:{name}": value for name, value in basis.items()},
        "csvw:table": [table_as_dcat(table) for table in entry["tables"]],
        "odrl:hasPolicy": offer(tx, resource, names),
    }
    if dates is not None:
        shown |= {"dct:modified": _moment(dates["updated_at"]), "sbx:dataDue": _moment(dates["due"])}
    if quality["stated"] is not None:
        shown["sbx:qualityStatedByHolder"] = {f"sbx:{name}": value for name, value in quality["stated"].items()}
    if root:
        shown["dcat:landingPage"] = {"@id": f"{root}/api/v1/resources/{resource.id}", "@type": "foaf:Document"}
    return shown


def table_as_dcat(table: dict[str, Any]) -> dict[str, Any]:
    """Give one declared table: its columns, keys and references, how it leads to the unit, and its key sets."""
    shown: dict[str, Any] = {"csvw:name": table["name"], "sbx:public": table.get("public", False)}
    shown |= {f"sbx:{said}": table[name] for name, said in TABLE_SAID.items() if name in table}
    return shown | {"csvw:column": [_column(column) for column in table["columns"]]}


def _column(column: dict[str, Any]) -> dict[str, Any]:
    shown = {
        "csvw:name": column["name"],
        "csvw:datatype": DATATYPES.get(column["type"], "xsd:decimal"),
        "sbx:role": column["role"],
    }
    return shown | {f"sbx:{name}": column[name] for name in ("key", "references") if name in column}


def _service(
    product: Product, grant: Grant | None, listed: Iterable[str], names: Mapping[str, str], root: str
) -> dict[str, Any]:
    """A product: whoever subscribes to it asks there, for the purposes of its grant."""
    shown: dict[str, Any] = {
        "@id": f"sbx:{product.id}",
        "@type": "dcat:DataService",
        "dct:identifier": product.id,
        "dct:title": product.name,
        "dct:publisher": agent(names[product.operator]),
        "dct:type": f"sbx:{product.kind}",
        "sbx:status": product.status,
        "dcat:endpointURL": term(f"{root or 'sbx:'}/api/v1/jobs"),
        "dcat:endpointDescription": term(f"{root or 'sbx:'}/api/v1/openapi.json"),
    }
    if serves := [term(f"sbx:{one}") for one in product.resources if one in listed]:
        shown["dcat:servesDataset"] = serves
    if grant is not None:
        shown["dct:conformsTo"] = term(f"sbx:{grant.id}/agreement") | {"@type": "dct:Standard"}
    return shown


def _moment(text: str) -> dict[str, str]:
    return {"@type": "xsd:dateTime", "@value": text}
