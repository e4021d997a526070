"""What belongs to somebody else: a record for every kind of id in the paths of the API, and a body for each endpoint.

Nothing here names an endpoint: records are filled by their types, bodies by their schemas. A new kind of id, or a body
that cannot be made up, fails the test that asks for it."""

from __future__ import annotations

import re
import types
import typing
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from sandbox.billing.records import (
    CostSurvey,
    Dispute,
    Letter,
    PriceCycle,
    Settlement,
    SpendingLimit,
    TaxInvoice,
    YearlyReport,
    YearlyReview,
)
from sandbox.catalogue.records import Matter, Resource
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.grants.records import CreditEntry, Grant, PolicyVersion, Subscription
from sandbox.identity.records import ApiKey, Person, SigningKey
from sandbox.jobs.records import Job
from sandbox.oversight.records import Alert, Drill, Emergency, Incident, Trace
from sandbox.persons.records import Consent, PersonRequest
from sandbox.privacy.accounts import account_id, open_accounts
from sandbox.products.records import Product
from sandbox.products.verification.records import Verification
from sandbox.products.workspace.records import Admission
from sandbox.webhooks.records import Webhook

PLAIN: dict[type, Any] = {
    str: "x", int: 1, bool: False, bytes: b"", Decimal: Decimal(1), dict: {}, list: [], date: date(2030, 1, 1),
}  # fmt: skip
DATED = {"date": "2031-01-01", "date-time": "2031-01-01T00:00:00Z"}
TEXTS = ("x", "1", "2026-01", "0" * 64, "A" * 43 + "=", "x" * 50)
"""Texts of which one fits each pattern of a body."""


def strangers(tx: Transaction, user: str, operator: str, regulator: str, holder: str) -> dict[str, str]:
    """Give an id for every parameter of a path; what it names belongs to these parties."""
    open_accounts(tx, "victim", Decimal(8), Decimal("1e-6"), (Decimal(4), Decimal("1e-7")))
    made = {
        "resource": filled(tx, Resource, registrar=holder, status="active"),
        "grant": filled(tx, Grant, operator=operator, status="active", mode="whole"),
        "job": filled(tx, Job, party=user, operator=operator, status="done"),
        "verification": filled(tx, Verification, party=user, status="done"),
        "trace": filled(tx, Trace, regulator=regulator, status="done"),
        "consent": filled(tx, Consent, given_by=user, recipient=user),
        "demand": filled(tx, PersonRequest, holder=holder, status="open"),
        "credit": filled(tx, CreditEntry, party=user, status="in_force"),
        "policies": filled(tx, PolicyVersion, status="retired"),
        "matter": filled(tx, Matter, party=user, holder=holder, status="open"),
        "survey": filled(tx, CostSurvey, operator=operator, status="filed"),
        "settlement": filled(tx, Settlement, operator=operator, party=user),
        "dispute": filled(tx, Dispute, operator=operator, party=user, status="open"),
        "limit": filled(tx, SpendingLimit, party=user),
        "stop": filled(tx, Emergency, raised_by=regulator, scope="party", target="x"),
        "alert": filled(tx, Alert, status="open", kind="probing"),
        "drill": filled(tx, Drill),
        "incident": filled(tx, Incident, status="open", opened_by=regulator),
        "person": filled(tx, Person, party=user, status="active"),
        "webhook": filled(tx, Webhook, party=user, status="active"),
        "signing_key": filled(tx, SigningKey, party=user),
        "review": filled(tx, YearlyReview, operator=operator, status="open"),
        "cycle": filled(tx, PriceCycle, operator=operator),
        "report": filled(tx, YearlyReport, operator=operator),
        "letter": filled(tx, Letter, operator=operator),
        "invoice": filled(tx, TaxInvoice, operator=operator, party=user),
    }
    made["admission"] = filled(tx, Admission, party=user, status="submitted")
    made["product"] = filled(
        tx, Product, operator=operator, grant=made["grant"], resources=[made["resource"]], status="draft"
    )
    made["subscription"] = filled(tx, Subscription, party=user, product=made["product"], status="pending")
    ids = {f"{name}_id": one for name, one in made.items()}
    others = {"party_id": user, "operator_id": operator, "account_id": account_id("victim", None), "month": "2026-01"}
    return ids | others | {"key_id": tx.find(ApiKey, party=user)[0].id}


def unknown(ids: dict[str, str]) -> dict[str, str]:
    """Give ids of nothing; a month is no id."""
    return {name: made if name == "month" else new_id("nothing") for name, made in ids.items()}


def path_of(path: str, ids: dict[str, str]) -> str:
    """Put ids into a path; raises KeyError for a parameter that nothing is known for."""
    if "/signing-keys/" in path:
        ids = ids | {"key_id": ids["signing_key_id"]}
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: ids[found[1]], path)


def body_for(schema: type[BaseModel] | None) -> dict[str, Any] | None:
    """Make up a body that the schema takes, so that what is refused is refused for its id."""
    if schema is None:
        return None
    whole = schema.model_json_schema()
    made = {name: _value(whole["properties"][name], whole) for name in whole.get("required", [])}
    schema.model_validate(made)
    return made


def filled(tx: Transaction, kind: type[Any], /, **known: Any) -> str:
    """Add a record with something of its type in each field; give its id."""
    hints, values = typing.get_type_hints(kind), {}
    for place, field in enumerate(fields(kind)):
        hint = hints[field.name]
        optional = isinstance(hint, types.UnionType)
        plain = typing.get_origin(hint) or hint
        values[field.name] = new_id(kind.__name__.lower()) if place == 0 else None if optional else _plain(plain)
    tx.add(kind(**values | {name: value for name, value in known.items() if name in values}))
    return str(next(iter(values.values())))


def _plain(kind: type) -> Any:
    return now() if kind is datetime else PLAIN[kind]


def _value(part: dict[str, Any], whole: dict[str, Any]) -> Any:
    if "$ref" in part:
        part = whole["$defs"][part["$ref"].rpartition("/")[2]]
    if "const" in part or "enum" in part:
        return part.get("const", part.get("enum", [None])[0])
    for choice in part.get("anyOf", []) or part.get("oneOf", []):
        return _value(choice, whole)
    match part.get("type"):
        case "object":
            return {name: _value(part["properties"][name], whole) for name in part.get("required", [])}
        case "array":
            return [_value(part["items"], whole) for _ in range(part.get("minItems", 0))]
        case "boolean":
            return True
        case "integer" | "number":
            most = part.get("maximum", part.get("exclusiveMaximum", 2))
            return max(1, part.get("minimum", 1)) if most > 1 else 0.5
        case _ if part.get("format") in DATED:
            return DATED[part["format"]]
        case _:
            fit = [text for text in TEXTS if re.search(part.get("pattern", ""), text)]
            return next((text for text in fit if len(text) >= part.get("minLength", 0)), "")
