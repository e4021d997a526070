"""Give a grant (授权): what the request must say, and what the law asks of the operator (A1, A3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from policies.purposes import PURPOSES
from sandbox.catalogue.holders import check_conditions
from sandbox.catalogue.records import Resource
from sandbox.core.canonical import digest
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.sentences import plainly
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.grants.records import Grant
from sandbox.identity.keys import Principal
from sandbox.identity.records import Party
from sandbox.transparency.journal import Journal

Text = Annotated[str, Field(min_length=1, max_length=2000)]


RIGHTS = ("processing_use", "product_operation")
"""加工使用权 and 产品经营权. The third right, holding (持有权), stays with who answers for the resource."""


class DecisionRecord(BaseModel):
    """The decision a grant rests on: which instrument, of which day; `digest` is the SHA-256 of the document."""

    model_config = ConfigDict(extra="forbid")
    instrument: Text
    day: date
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class GrantRequest(BaseModel):
    """A grant as it is asked for. Days are inclusive and in UTC."""

    model_config = ConfigDict(extra="forbid")
    operator: str
    mode: Literal["whole", "domain", "scenario"]
    domain: Text | None = None
    scenario: Text | None = None
    resources: list[str] = []
    purposes: Annotated[list[str], Field(min_length=1)]
    starts: date
    ends: date
    conditions: Annotated[str, Field(max_length=2000)] = ""
    security_contact: Text
    decision: DecisionRecord | None = None
    volume: Annotated[int, Field(ge=1, le=10**12)] | None = None
    rights: Annotated[list[Literal["processing_use", "product_operation"]], Field(min_length=1)] | None = None


def give(tx: Transaction, journal: Journal, principal: Principal, body: Mapping[str, Any]) -> Grant:
    """Authorise an operator. An empty list of resources means all of the domain, or – mode whole – all there are.

    Raises role_not_allowed, field_invalid, not_found, separation_of_duties, purpose_not_allowed.
    """
    principal.may("grant.give")
    asked = read(tx, principal, body)
    grant = Grant(
        id=new_id("grant"),
        **asked.model_dump(exclude={"decision"}),
        decision=asked.decision.model_dump(mode="json") if asked.decision else None,
        status="active",
        authoriser=principal.party.id,
        created_at=now(),
    )
    tx.add(grant)
    log(tx, journal, "grant.given", grant, principal)
    return grant


def read(tx: Transaction, principal: Principal, body: Mapping[str, Any]) -> GrantRequest:
    """Read the terms of a grant and hold them against parties and resources. Raises like `give`."""
    asked = _read(body)
    _check(asked)
    resources = [_resource(tx, asked, name) for name in asked.resources]
    check_operator(tx, principal, asked.operator, resources)
    for resource in resources:
        check_conditions(tx, resource, asked.purposes)
    return asked


def check_operator(tx: Transaction, principal: Principal, operator_id: str, resources: Sequence[Resource]) -> None:
    """Raise unless this party may operate these resources: not_found, field_invalid, separation_of_duties."""
    operator = tx.get(Party, operator_id)
    if operator is None:
        raise Problem("not_found", "operator: there is no such party")
    if "operator" not in operator.roles:
        raise Problem("field_invalid", "operator: this party does not have the role operator")
    manages = any(operator.id in (resource.registrar, resource.answers) for resource in resources)
    if operator.id == principal.party.id or manages:
        raise Problem("separation_of_duties", "who manages data may not operate the same data; choose another operator")


def rights_of(grant: Grant) -> list[str]:
    """Give the rights that a grant gives; one that names none gives both."""
    return list(grant.rights or RIGHTS)


def covers(grant: Grant, resource: Resource) -> bool:
    """Whether the grant extends to a resource: it is listed, or none is and the mode includes it."""
    if grant.mode == "domain" and resource.domain != grant.domain:
        return False
    return resource.id in grant.resources if grant.resources else grant.mode != "scenario"


def standing(grant: Grant) -> str:
    """Give the state of a grant as people read it: its status, or `expired` when its term is over. Nothing changes in
    the database on that day: every decision looks at the term itself."""
    return "expired" if grant.status != "exited" and grant.ends < now().date() else grant.status


def check_term(starts: date, ends: date) -> None:
    """Raise field_invalid unless the term has at least two days in the right order."""
    if starts >= ends:
        raise Problem("field_invalid", "ends: must be a day after starts")


def log(
    tx: Transaction, journal: Journal, kind: str, grant: Grant, principal: Principal, reason: str | None = None
) -> str:
    """Write what a grant is now; give the id of the leaf. Terms are public (disclosure); conditions, contact and the
    reason of a change are committed to."""
    public: dict[str, str | int | None] = {
        "grant": grant.id,
        "operator": grant.operator,
        "mode": grant.mode,
        "domain": grant.domain,
        "resources": ",".join(grant.resources),
        "purposes": ",".join(grant.purposes),
        "starts": grant.starts.isoformat(),
        "ends": grant.ends.isoformat(),
        "status": grant.status,
        "by": principal.party.id,
        "rights": ",".join(rights_of(grant)),
        "volume": grant.volume,
        "decision": digest(grant.decision) if grant.decision else None,
        "predecessor": grant.predecessor,
    }
    committed = {"conditions": grant.conditions, "security_contact": grant.security_contact}
    if reason is not None:
        committed["reason"] = reason
    only = grant.resources[0] if len(grant.resources) == 1 else None
    return journal.write(tx, kind, public=public, committed=committed, party=grant.operator, resource=only).id


def _read(body: Mapping[str, Any]) -> GrantRequest:
    try:
        return GrantRequest.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        raise Problem("field_invalid", f"{'.'.join(map(str, first['loc']))}: {plainly(first['msg'])}") from None


def _check(asked: GrantRequest) -> None:
    check_term(asked.starts, asked.ends)
    if unknown := [purpose for purpose in asked.purposes if purpose not in PURPOSES]:
        raise Problem("field_invalid", f"purposes: {unknown[0]} is unknown; write {', '.join(PURPOSES)}")
    if len(set(asked.purposes)) != len(asked.purposes) or len(set(asked.resources)) != len(asked.resources):
        raise Problem("field_invalid", "purposes and resources: name each once")
    if (asked.domain is not None) != (asked.mode == "domain"):
        raise Problem("field_invalid", "domain: name it for the mode domain, and only for it")
    if (asked.scenario is not None) != (asked.mode == "scenario"):
        raise Problem("field_invalid", "scenario: name it for the mode scenario, and only for it")
    if asked.rights is not None and len(set(asked.rights)) != len(asked.rights):
        raise Problem("field_invalid", "rights: name each once")
    if asked.mode == "scenario" and not asked.resources:
        raise Problem("field_invalid", "resources: a grant for a scenario lists its resources")


def _resource(tx: Transaction, asked: GrantRequest, resource_id: str) -> Resource:
    resource = tx.get(Resource, resource_id)
    if resource is None:
        raise Problem("not_found", "resources: there is no such resource")
    if asked.mode == "domain" and resource.domain != asked.domain:
        raise Problem("field_invalid", "resources: one of them is not of this domain")
    return resource
