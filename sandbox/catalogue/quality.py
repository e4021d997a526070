"""Quality (R3): exact figures for who answers for the data and for data administrations; for everybody else whether the
data are up to date, and what the holder itself says in coarse grades. See decision 0024."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.catalogue.records import DataVersion, QualityStatement, Resource
from sandbox.catalogue.registry import own
from sandbox.core.clock import now, rfc3339
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.privacy.periods import begin
from sandbox.transparency.journal import Journal

DIMENSIONS = ("completeness", "accuracy", "timeliness", "uniqueness", "readability")
LEVELS = ("high", "medium", "low")


def timeliness(frequency: str, updated: datetime, moment: datetime) -> dict[str, Any]:
    """Give when data of this declared frequency are due again, and whether they are overdue. A frequency of less than a
    day counts as one day: nobody can be asked to upload at night."""
    try:
        due = begin(frequency, updated, 1)
    except ValueError:
        due = begin("P1D", updated, 1)
    return {
        "update_frequency": frequency,
        "updated_at": rfc3339(updated),
        "due": rfc3339(due),
        "overdue": moment > due,
    }


def state(
    tx: Transaction, journal: Journal, principal: Principal, resource_id: str, grades: Mapping[str, str]
) -> QualityStatement:
    """Say in public of what quality the present data are, by dimension: high, medium or low. The holder's word, never
    computed. Raises not_found, field_invalid."""
    resource = own(tx, principal, resource_id)
    if resource.version is None:
        raise Problem("state_conflict", "there are no data to speak of yet")
    said = {name: level for name, level in grades.items() if level is not None}
    if not said or any(name not in DIMENSIONS or level not in LEVELS for name, level in said.items()):
        raise Problem("field_invalid", f"write {', '.join(LEVELS)} for at least one of {', '.join(DIMENSIONS)}")
    made = QualityStatement(new_id("quality"), resource.id, resource.version, said, principal.party.id, now())
    tx.add(made)
    journal.write(
        tx,
        "resource.quality_stated",
        public={"resource": resource.id, "version": resource.version, **said},
        party=principal.party.id,
        resource=resource.id,
    )
    return made


def public_view(tx: Transaction, resource: Resource) -> dict[str, Any]:
    """Give what everybody may know: dates of uploads, which the log shows anyhow, and the holder's statement."""
    version = tx.get(DataVersion, resource.version or "")
    stated = tx.find(QualityStatement, resource=resource.id, order=["-created_at"], limit=1)
    said = None
    if stated:
        said = {**stated[0].grades, "version": stated[0].version, "stated_at": rfc3339(stated[0].created_at)}
    frequency = resource.entry["update_frequency"]
    current = timeliness(frequency, version.created_at, now()) if version is not None else None
    return {"timeliness": current, "stated": said}


def view(tx: Transaction, resource: Resource, principal: Principal) -> dict[str, Any]:
    """Give `public_view`, and to registrar, holder and administration the reports of all data versions."""
    shown = public_view(tx, resource)
    if principal.party.id not in (resource.registrar, resource.answers) and not principal.has("administration"):
        return shown | {"reports": None}
    versions = tx.find(DataVersion, resource=resource.id, order=["number"])
    reports = [
        {"version": one.id, "number": one.number, "created_at": rfc3339(one.created_at), "report": one.report}
        for one in versions
    ]
    return shown | {"reports": reports}
