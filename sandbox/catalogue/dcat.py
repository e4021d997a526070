"""The public catalogue in a standard vocabulary: DCAT 3 datasets with ODRL 2.2 offers, as JSON-LD (R5).

Entries graded general only; declarations, never data or anything measured.
"""

from __future__ import annotations

from typing import Any

from policies.purposes import PURPOSES
from sandbox.catalogue.records import Resource
from sandbox.catalogue.registry import ACTIVE
from sandbox.core.clock import rfc3339
from sandbox.core.store import Transaction

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "csvw": "http://www.w3.org/ns/csvw#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "sbx": "urn:data-product-sandbox:",
}
DATATYPES = {"integer": "xsd:integer", "string": "xsd:string", "boolean": "xsd:boolean", "date": "xsd:date"}
TABLE_SAID = {"unit": "unit", "key_sets": "keySets", "measures": "measures"}


def dcat(tx: Transaction) -> dict[str, Any]:
    """Give the catalogue of live resources graded general as a JSON-LD document."""
    return {
        "@context": CONTEXT,
        "@id": "sbx:catalogue",
        "@type": "dcat:Catalog",
        "dct:title": _titles({"zh": "公共数据资源目录", "en": "Catalogue of public data resources"}),
        "dcat:dataset": [_dataset(one) for one in tx.find(Resource, status=ACTIVE, grade="general")],
    }


def _dataset(resource: Resource) -> dict[str, Any]:
    entry = resource.entry
    return {
        "@id": f"sbx:{resource.id}",
        "@type": "dcat:Dataset",
        "dct:identifier": resource.id,
        "dct:title": _titles(entry["title"]),
        "dct:publisher": {"@type": "foaf:Agent", "foaf:name": resource.holder},
        "dcat:theme": resource.domain,
        "dct:issued": {"@type": "xsd:dateTime", "@value": rfc3339(resource.created_at)},
        "dct:accrualPeriodicity": {"@type": "xsd:duration", "@value": entry["update_frequency"]},
        "dct:accessRights": "private aggregates only; rows never leave",
        "sbx:grade": resource.grade,
        "sbx:legalBasis": entry["legal_basis"],
        "csvw:table": [table_as_dcat(table) for table in entry["tables"]],
        "odrl:hasPolicy": _offer(resource),
    }


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


def _offer(resource: Resource) -> dict[str, Any]:
    """What is offered: use under a granted purpose, with attribution; passing rows on is prohibited."""
    target = f"sbx:{resource.id}"
    purpose = {
        "odrl:leftOperand": "odrl:purpose",
        "odrl:operator": "odrl:isAnyOf",
        "odrl:rightOperand": [f"sbx:{name}" for name in PURPOSES],
    }
    return {
        "@id": f"sbx:{resource.id}/offer",
        "@type": "odrl:Offer",
        "odrl:assigner": {"foaf:name": resource.holder},
        "odrl:permission": [{"odrl:target": target, "odrl:action": "odrl:use", "odrl:constraint": [purpose]}],
        "odrl:prohibition": [{"odrl:target": target, "odrl:action": one} for one in ("odrl:extract", "odrl:reproduce")],
    }


def _titles(titles: dict[str, str]) -> list[dict[str, str]]:
    return [{"@language": language, "@value": text} for language, text in sorted(titles.items())]
