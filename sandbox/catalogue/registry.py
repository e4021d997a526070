"""Resources: registered once, followed by data versions, shown by grade.

The budget belongs to the unit population, not to the resource: registering again under the same population goes on
where it stood."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from policies import grades
from sandbox.catalogue.entry import Entry, parse_entry
from sandbox.catalogue.exact import check_exact
from sandbox.catalogue.holders import holder_of
from sandbox.catalogue.records import DataVersion, Resource
from sandbox.core.canonical import digest
from sandbox.core.clock import now, rfc3339
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.privacy.accounts import open_accounts
from sandbox.transparency.journal import Journal

ACTIVE = "active"


def read_new(raw: object) -> Entry:
    """Read a registration that is to be made. Raises `Problem` as `parse_entry` does, and grade_refused for exact
    service of data that the rules do not allow it for."""
    entry = parse_entry(raw)
    check_exact(entry)
    return entry


def register(tx: Transaction, journal: Journal, principal: Principal, entry: Entry, version: DataVersion) -> Resource:
    """Add the resource named by `version.resource` with its first data version; opens its privacy accounts.

    Raises `Problem`: role_not_allowed; state_conflict when the name is taken, or the population is another
    registrar's or has another promise; field_invalid when it names a holder that is none; grade_refused.
    """
    principal.may("resource.register")
    check_exact(entry)
    if tx.find(Resource, name=entry.name, status=ACTIVE):
        raise Problem("state_conflict", f"A resource is called {entry.name} already; choose another name.")
    _check_population(tx, principal, entry.population)
    resource = Resource(
        id=version.resource,
        name=entry.name,
        holder=entry.holder,
        registrar=principal.party.id,
        domain=entry.domain,
        grade=entry.grade,
        population=entry.population,
        entry=entry.as_json(),
        version=version.id,
        status=ACTIVE,
        created_at=now(),
        holder_party=holder_of(tx, principal, entry),
    )
    tx.add(resource)
    tx.add(replace(version, number=1))
    if entry.privacy is not None and entry.population:
        promise, each = entry.privacy, (entry.privacy.per_user.epsilon, entry.privacy.per_user.delta)
        whole = promise.epsilon, promise.delta
        open_accounts(tx, entry.population, *whole, each, pure=promise.pure, renew=promise.renew)
    journal.write(
        tx,
        "resource.registered",
        public={
            "resource": resource.id,
            "grade": resource.grade,
            "entry": digest(resource.entry),
            "version": version.id,
        },
        committed={"report": digest(version.report)},
        party=principal.party.id,
        resource=resource.id,
    )
    return resource


def new_version(
    tx: Transaction, journal: Journal, principal: Principal, resource_id: str, version: DataVersion
) -> Resource:
    """Make `version` the current data of one's own resource; declarations stay. Raises not_found, state_conflict."""
    resource = own(tx, principal, resource_id, lock=True)
    if resource.status != ACTIVE:
        raise Problem("state_conflict", f"The resource is {resource.status}; register it anew.")
    known = tx.find(DataVersion, resource=resource.id)
    number = 1 + max((one.number for one in known), default=0)
    tx.add(replace(version, number=number))
    journal.write(
        tx,
        "version.registered",
        public={"resource": resource.id, "version": version.id, "number": number},
        committed={"report": digest(version.report)},
        party=principal.party.id,
        resource=resource.id,
    )
    return tx.change(resource, version=version.id)


def own(tx: Transaction, principal: Principal, resource_id: str, *, lock: bool = False) -> Resource:
    """Give a resource that the principal registered or holds. Raises role_not_allowed, then not_found."""
    principal.may("resource.register")
    resource = tx.get(Resource, resource_id, lock=lock)
    if resource is None or principal.party.id not in (resource.registrar, resource.answers):
        raise Problem("not_found", "There is no such resource of yours.")
    return resource


def visible(resource: Resource, principal: Principal) -> bool:
    """Say whether the entry is shown: general ones to every party, important ones to all but data subjects."""
    if resource.grade in grades.RULES.listed or principal.party.id in (resource.registrar, resource.answers):
        return True
    return principal.oversees or principal.has("holder", "operator", "user")


def view(resource: Resource, principal: Principal) -> dict[str, Any]:
    """Give the entry as others see it: declarations, never anything measured. Its registrar sees whose budget it is."""
    shown = {
        **resource.entry,
        "id": resource.id,
        "grade": resource.grade,
        "status": resource.status,
        "created_at": rfc3339(resource.created_at),
    }
    if principal.party.id in (resource.registrar, resource.answers) or principal.oversees:
        shown |= {"registrar": resource.registrar, "population": resource.population, "version": resource.version}
    return shown


def _check_population(tx: Transaction, principal: Principal, population: str) -> None:
    """Whoever shares a population spends its budget: only its first registrar may add to it."""
    if population and any(one.registrar != principal.party.id for one in tx.find(Resource, population=population)):
        raise Problem("state_conflict", "Another registrar's resource spends this population; name another population.")
