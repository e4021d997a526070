"""Whether the holder of a resource agrees to a grant over it, where it demands to be asked (A1)."""

from __future__ import annotations

from sandbox.catalogue.records import Conditions, HolderConsent, Resource
from sandbox.core.store import Transaction
from sandbox.grants.records import Grant


def consented(tx: Transaction, grant: Grant, resource: Resource) -> bool:
    """Give whether nothing is open or refused between the holder and this grant.

    A holder that demands to be asked is asked of every grant that could not have known: one given after the demand, or
    one that came to cover a resource registered later."""
    said = tx.find(HolderConsent, grant=grant.id, resource=resource.id)
    if said:
        return said[0].status == "given"
    demands = tx.find(Conditions, resource=resource.id, order=["-number"], limit=1)
    if not demands or not demands[0].consent:
        return True
    return demands[0].created_at > grant.created_at and resource.created_at <= grant.created_at


def waiting(tx: Transaction, grant: Grant) -> list[str]:
    """Give the listed resources whose holders have not consented to the grant yet, or refused."""
    listed = (tx.get(Resource, name) for name in grant.resources)
    return [resource.id for resource in listed if resource is not None and not consented(tx, grant, resource)]
