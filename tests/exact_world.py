"""Data without persons, that were lawfully published: stations of a city, to be served exactly."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from estate import Estate
from registrations import write_csv

LEGAL = {"type": "lawfully_published", "instrument": "Open Data Ordinance §3", "purpose": "information of the public"}
REGISTRATION: dict[str, Any] = {
    "name": "transit",
    "title": {"zh": "轨道交通站点", "en": "Stations of the metro"},
    "holder": "Transport Bureau",
    "domain": "transport",
    "grade": "general",
    "personal_information": False,
    "legal_basis": LEGAL,
    "update_frequency": "P1Y",
    "protection": "exact",
    "tables": [
        {
            "name": "stations",
            "public": True,
            "columns": [
                {"name": "id", "type": "integer", "role": "public", "key": True},
                {"name": "name", "type": "string", "role": "public"},
                {"name": "line", "type": "string", "role": "public"},
                {"name": "depth", "type": "decimal(6,2)", "role": "public"},
                {"name": "opened", "type": "date", "role": "public"},
                {"name": "lift", "type": "boolean", "role": "public"},
            ],
        },
        {
            "name": "lines",
            "public": True,
            "columns": [
                {"name": "line", "type": "string", "role": "public", "key": True},
                {"name": "colour", "type": "string", "role": "public"},
            ],
        },
    ],
}
STATIONS = [
    ["id", "name", "line", "depth", "opened", "lift"],
    [1, "东门", "A", "12.50", "1999-05-01", "true"],
    [2, "西门", "A", "-1.25", "2001-10-31", "false"],
    [3, "Zoo", "B", "20.00", "2010-01-01", "true"],
    [4, "alley", "B", None, "2010-01-01", None],
    [5, "Ä Platz", "C", "7.75", None, "false"],
    [6, "Zoo", None, "20.00", "2022-02-28", "true"],
]
LINES = [["line", "colour"], ["A", "red"], ["B", "blue"], ["D", "green"]]


def registration(**changed: Any) -> dict[str, Any]:
    """The registration, changed at the top."""
    return {**deepcopy(REGISTRATION), **changed}


def with_role(table: str, column: str, role: str) -> dict[str, Any]:
    """The registration with another role of one column."""
    raw = registration()
    for one in raw["tables"]:
        for field in one["columns"]:
            if (one["name"], field["name"]) == (table, column):
                field["role"] = role
    return raw


def files(folder: Path) -> dict[str, tuple[Path, str]]:
    """The tables as CSV."""
    return {
        "stations": (write_csv(folder / "stations.csv", STATIONS), "csv"),
        "lines": (write_csv(folder / "lines.csv", LINES), "csv"),
    }


def parts(raw: Mapping[str, Any], **tables: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """The body of an upload: the registration and its tables."""
    found: dict[str, Any] = {"metadata": (io.BytesIO(json.dumps(raw).encode()), "m.json", "application/json")}
    for name, rows in (tables or {"stations": STATIONS, "lines": LINES}).items():
        text = io.StringIO()
        csv.writer(text).writerows(["" if cell is None else cell for cell in row] for row in rows)
        found[name] = (io.BytesIO(text.getvalue().encode()), f"{name}.csv", "text/csv")
    return found


def publish(box: Estate, users: tuple[str, ...] = ("firm",), **spec: Any) -> None:
    """Register the stations, authorise, package, price and subscribe."""
    with box.working():
        box.resource = box.ok("POST", "/resources", data=parts(REGISTRATION))["id"]
    if "operator" not in box.web.keys:
        box.web.join("operator")
    grant = box.ok("POST", "/grants", box.grant())["id"]
    product = {"grant": grant, "kind": "query", "name": "stations", "resources": [box.resource], "spec": spec}
    box.product = box.ok("POST", "/products", product, "operator")["id"]
    box.ok("POST", f"/products/{box.product}/submit", {}, "operator")
    box.ok("POST", f"/products/{box.product}/approve", {})
    box.ok("POST", f"/products/{box.product}/price", {"unit": "call", "price": "1.20", "trial": True}, "operator")
    for name in users:
        if name not in box.web.keys:
            box.web.join(name, "user")
        asked = {"product": box.product, "purpose": "industry", "commitment": {"accepted": True}}
        subscription = box.ok("POST", "/subscriptions", asked, name)
        box.ok("POST", f"/subscriptions/{subscription['id']}/approve", {}, "operator")
        box.subscriptions[name] = subscription["id"]
