"""Offers and agreements in ODRL 2.2: what a holder allows, and which operator was authorised to what, until when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from policies.purposes import PURPOSES
from sandbox.catalogue.holders import conditions_of
from sandbox.catalogue.records import Resource
from sandbox.core.store import Transaction
from sandbox.grants.give import covers
from sandbox.grants.records import Grant

PROHIBITED = ("odrl:extract", "odrl:reproduce")


def term(name: str) -> dict[str, Any]:
    """Give a reference to what has this name."""
    return {"@id": name}


def offer(tx: Transaction, resource: Resource, names: Mapping[str, str]) -> dict[str, Any]:
    """What a resource is offered for: use under a granted purpose that its holder allows, and with its consent where it
    demands that; passing rows on is prohibited."""
    held = conditions_of(tx, resource.id)
    target = term(f"sbx:{resource.id}")
    permission: dict[str, Any] = {
        "odrl:target": target,
        "odrl:action": term("odrl:use"),
        "odrl:constraint": [_purposes((held.purposes if held else None) or list(PURPOSES))],
    }
    if held and held.consent:
        permission["odrl:duty"] = [{"@type": "odrl:Duty", "odrl:action": term("odrl:obtainConsent")}]
    return {
        "@id": f"sbx:{resource.id}/offer",
        "@type": "odrl:Offer",
        "odrl:assigner": _party(resource.answers, names.get(resource.answers, resource.holder)),
        "odrl:permission": [permission],
        "odrl:prohibition": [{"odrl:target": target, "odrl:action": term(action)} for action in PROHIBITED],
    }


def agreement(grant: Grant, listed: Iterable[Resource], names: Mapping[str, str]) -> dict[str, Any]:
    """What a grant authorises its operator to, for which purposes, from when until when. One that names no resource is
    about the whole catalogue, or the listed ones of its domain."""
    named = grant.resources or [one.id for one in listed if grant.mode == "domain" and covers(grant, one)]
    targets = [term(f"sbx:{one}") for one in named] or [term("sbx:catalogue")]
    constraints = [
        _purposes(grant.purposes),
        _day("odrl:gteq", grant.starts.isoformat()),
        _day("odrl:lteq", grant.ends.isoformat()),
    ]
    return {
        "@id": f"sbx:{grant.id}/agreement",
        "@type": "odrl:Agreement",
        "sbx:mode": grant.mode,
        "sbx:status": grant.status,
        "odrl:assigner": _party(grant.authoriser, names.get(grant.authoriser, grant.authoriser)),
        "odrl:assignee": _party(grant.operator, names[grant.operator]),
        "odrl:permission": [
            {"odrl:target": target, "odrl:action": term("odrl:use"), "odrl:constraint": constraints}
            for target in targets
        ],
        "odrl:prohibition": [
            {"odrl:target": target, "odrl:action": term(action)} for target in targets for action in PROHIBITED
        ],
    }


def _party(name: str, called: str) -> dict[str, Any]:
    return {"@id": f"sbx:{name}", "@type": ["odrl:Party", "foaf:Agent"], "foaf:name": called}


def _purposes(names: Sequence[str]) -> dict[str, Any]:
    return {
        "@type": "odrl:Constraint",
        "odrl:leftOperand": term("odrl:purpose"),
        "odrl:operator": term("odrl:isAnyOf"),
        "odrl:rightOperand": [term(f"sbx:{name}") for name in names],
    }


def _day(operator: str, day: str) -> dict[str, Any]:
    return {
        "@type": "odrl:Constraint",
        "odrl:leftOperand": term("odrl:dateTime"),
        "odrl:operator": term(operator),
        "odrl:rightOperand": {"@type": "xsd:date", "@value": day},
    }
