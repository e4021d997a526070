"""Another grade, other roles of columns, after de-identification or because they were wrong; the history stays (R6).

Nothing is ever called anonymous here: a grade says how data are handled, not that nobody can be found in them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from policies.grades import DETECTION
from sandbox.catalogue.entry import Entry, parse_entry
from sandbox.catalogue.records import DataVersion, Regrading, Resource
from sandbox.catalogue.registry import own
from sandbox.core.canonical import canonical_bytes
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.transparency.journal import Journal


def regrade(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    resource_id: str,
    grade: str,
    reason: str,
    columns: Mapping[str, str] | None = None,
) -> Resource:
    """Give one's own resource another grade, and `columns` – written table.column – other roles, with the reason on
    record.

    Raises not_found, field_invalid, grade_refused – also for a role that the contents of the column do not allow."""
    resource = own(tx, principal, resource_id, lock=True)
    if not reason.strip():
        raise Problem("field_invalid", "Field reason is empty; write why the grade changes.", field="reason")
    raw, before = _with_roles(resource.entry, columns or {})
    entry = parse_entry({**raw, "grade": grade})
    _check_contents(tx, resource, entry, before)
    after = {name: role for name, role in (columns or {}).items() if name in before}
    was, becomes = {"grade": resource.grade, "columns": before}, {"grade": entry.grade, "columns": after}
    leaf = journal.write(
        tx,
        "resource.regraded",
        public={"resource": resource.id, "from": resource.grade, "to": entry.grade, "columns": len(after)},
        committed={"reason": reason, "columns": canonical_bytes({"before": before, "after": after})},
        party=principal.party.id,
        resource=resource.id,
    )
    tx.add(Regrading(new_id("regrading"), resource.id, was, becomes, reason, principal.party.id, leaf.id, now()))
    return tx.change(resource, grade=entry.grade, entry=entry.as_json())


def history(tx: Transaction, resource: Resource, principal: Principal) -> list[dict[str, Any]]:
    """Give every step since the registration, oldest first; reasons to those who answer or oversee."""
    steps = [shown(one, "resource") for one in tx.find(Regrading, resource=resource.id, order=["created_at", "id"])]
    if principal.oversees or principal.party.id in (resource.registrar, resource.answers):
        return steps
    return [{name: value for name, value in step.items() if name not in ("reason", "by")} for step in steps]


def _with_roles(raw: Mapping[str, Any], columns: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Give the registration with these roles, and the roles that they replace. Raises field_invalid."""
    changed, before, places = deepcopy(dict(raw)), {}, {}
    for table in changed["tables"]:
        for column in table["columns"]:
            places[f"{table['name']}.{column['name']}"] = column
    for name, role in columns.items():
        if name not in places:
            raise Problem(
                "field_invalid", f"Field columns: there is no column {name}; write table.column.", field="columns"
            )
        if places[name]["role"] != role:
            before[name] = places[name]["role"]
            places[name]["role"] = role
    return changed, before


def _check_contents(tx: Transaction, resource: Resource, entry: Entry, changed: Mapping[str, str]) -> None:
    """What the present data hold goes on binding the roles of their columns."""
    version = tx.get(DataVersion, resource.version or "")
    holds = version.report.get("holds", {}) if version is not None else {}
    for name in changed:
        table, _, column = name.partition(".")
        found = entry.table(table)
        declared = found.column(column) if found is not None else None
        assert declared is not None, "its role was changed"
        for kind in holds.get(name, ()):
            rule = DETECTION.kinds[kind]
            if declared.role not in rule.roles and kind not in (declared.cleared or {}):
                raise Problem(
                    "grade_refused",
                    f"{name} holds {rule.en} ({rule.zh}): its role is {' or '.join(rule.roles)}.",
                    field=name,
                )
