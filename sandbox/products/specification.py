"""What a product is asked to be, and what its specification may say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.catalogue.entry import Entry, parse_entry
from sandbox.catalogue.exact import EXACT
from sandbox.catalogue.records import Resource
from sandbox.core.canonical import digest
from sandbox.core.sentences import plainly
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.grants.documents import check_digest
from sandbox.grants.give import covers
from sandbox.grants.records import Grant
from sandbox.jobs.product import ProductKind, exact_service, takes_several

MOST_RESOURCES = 8
APPROVALS = ("manual", "automatic")
OURS = ("approval", "agreement", "automated_decisions")
"""What a specification of any kind may say."""


class ProductRequest(BaseModel):
    """A product as it is asked for. `spec.approval` says whether subscriptions wait for the operator; all else in
    `spec` belongs to the kind."""

    model_config = ConfigDict(extra="forbid")
    grant: str
    kind: str
    name: Annotated[str, Field(min_length=1, max_length=200)]
    resources: Annotated[list[str], Field(min_length=1)]
    spec: dict[str, Any] = {}


def read(body: Mapping[str, Any]) -> ProductRequest:
    """Read what is asked for. Raises field_invalid."""
    try:
        asked = ProductRequest.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        raise Problem("field_invalid", f"{'.'.join(map(str, first['loc']))}: {plainly(first['msg'])}") from None
    return asked


def check(
    tx: Transaction,
    kinds: Mapping[str, ProductKind],
    grant: Grant,
    kind: str,
    resource_ids: list[str],
    spec: Mapping[str, Any],
) -> None:
    """Refuse a specification that the kind cannot run, or that reads what the grant does not cover.

    Raises field_invalid, not_found, and what the kind refuses."""
    if kind not in kinds:
        raise Problem("field_invalid", f"kind: this instance runs {', '.join(sorted(kinds))} products only")
    if len(set(resource_ids)) != len(resource_ids):
        raise Problem("field_invalid", "resources: name each once")
    if len(resource_ids) > (MOST_RESOURCES if takes_several(kinds[kind]) else 1):
        raise Problem("field_invalid", f"resources: name one, or of a query product at most {MOST_RESOURCES}")
    if spec.get("approval", "manual") not in APPROVALS:
        raise Problem("field_invalid", f"spec.approval: write {' or '.join(APPROVALS)}")
    entries: list[Entry] = []
    for resource_id in resource_ids:
        resource = tx.get(Resource, resource_id)
        if resource is None or not covers(grant, resource):
            raise Problem("not_found", "resources: the grant covers no such resource")
        entries.append(parse_entry(resource.entry))
    if exact_service(kinds[kind]) is None and any(entry.protection == EXACT for entry in entries):
        raise Problem("field_invalid", f"resources: products of kind {kind} are not served exactly; offer a query")
    agreement = spec.get("agreement")
    if agreement is not None:
        check_digest(agreement if isinstance(agreement, str) else "", "spec.agreement")
    if not isinstance(spec.get("automated_decisions", False), bool):
        raise Problem("field_invalid", "spec.automated_decisions: write true, or leave it out")
    kinds[kind].review({name: value for name, value in spec.items() if name not in OURS}, entries)


def digest_of(spec: Mapping[str, Any]) -> str:
    """Give the digest by which a specification is reviewed. Raises field_invalid."""
    try:
        return digest(spec)
    except TypeError:
        raise Problem("field_invalid", "spec: write numbers with decimals as text") from None
