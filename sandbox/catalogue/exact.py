"""Exact service (精确服务, U6): of which resources rows and sums may leave as they are, and which tables that opens.

The rules are `policies/grades.yaml`. They are asked at registration, and again whenever a question is permitted, begun
and answered: a grade or a role may have changed since."""

from __future__ import annotations

from collections.abc import Mapping

from policies import grades
from sandbox.catalogue.entry import Entry
from sandbox.catalogue.keys import invalid
from sandbox.catalogue.records import Resource
from sandbox.errors import Problem
from sandbox.plan.scalar import Type

EXACT = "exact"


def check_shape(entry: Entry) -> None:
    """Raise `Problem` (field_invalid) when an entry for exact service has a unit, a protected table or a budget: there
    is nobody to protect, or it is not for exact service."""
    if entry.protection != EXACT:
        return
    for number, table in enumerate(entry.tables):
        if not table.public:
            raise invalid(
                f"tables[{number}].public",
                f'{table.name} is served exactly and must be the same without any one person; write `"public": true`, '
                "or leave protection out",
            )
    if entry.unit is not None or entry.privacy is not None:
        where = "unit" if entry.unit is not None else "privacy"
        raise invalid(where, "data that are served exactly protect nobody; leave it out, or leave protection out")


def check_exact(entry: Entry) -> None:
    """Raise `Problem` (grade_refused) when an entry asks for exact service that the rules do not allow."""
    if reason := inexact(entry):
        raise Problem("grade_refused", f"Exact service is refused: {reason}.", field="protection")


def inexact(entry: Entry) -> str | None:
    """Give the sentence why exact service of this entry – as it is registered now – is refused; None for what may be
    served so, and for entries that do not ask for it."""
    if entry.protection != EXACT:
        return None
    roles = {f"{table.name}.{column.name}": column.role for table in entry.tables for column in table.columns}
    return grades.inexact(entry.grade, entry.legal_basis.type, entry.personal_information, roles)


def protection_of(resource: Resource) -> str:
    """Give how a resource is served: private, with noise and marks; or exact, with neither."""
    return str(resource.entry.get("protection", "private"))


def readable(entry: Entry) -> Mapping[str, Mapping[str, Type]]:
    """Give the tables whose rows may leave as they are, with the types of their columns: none of an entry that is
    protected, or may not be served exactly any more."""
    if entry.protection != EXACT or inexact(entry):
        return {}
    return {
        table.name: {column.name: column.plan_type for column in table.columns}
        for table in entry.tables
        if table.public
    }
