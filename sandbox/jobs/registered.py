"""What a plan's loss follows from and cannot show: held against the registration where the data is."""

from __future__ import annotations

from sandbox.catalogue.facts import public_facts
from sandbox.catalogue.records import DataVersion, Resource
from sandbox.catalogue.stored import stored_entry
from sandbox.core.store import Transaction
from sandbox.jobs.owntables import Brought
from sandbox.plan.own import Own, OwnPublic
from sandbox.plan.plan import Plan
from sandbox.plan.relation import Public, Scan
from sandbox.plan.walk import walk
from sandbox.sql.fanout import Declared, as_claimed

NOTHING = Brought()


def as_registered(tx: Transaction, plan: Plan, version: DataVersion, own: Brought = NOTHING) -> bool:
    """Say whether the plan spends the budget of the version's own population and counts on as many rows of a unit, and
    of public tables, as there are: what its loss follows from and cannot show. `own` tables are those that were
    opened, and no others."""
    resource = tx.get(Resource, version.resource)
    if resource is None or (plan.resource, plan.population) != (resource.id, resource.population):
        return False
    entry = stored_entry(resource.entry)
    known = Declared(entry, {**public_facts(version), **own.facts})
    for rows in plan.relations:
        if not as_claimed(rows, known):
            return False
        for node in walk(rows):
            if isinstance(node, Own | OwnPublic):
                if node.table not in own.rows:
                    return False
                continue
            table = entry.table(node.table) if isinstance(node, Scan | Public) else None
            if isinstance(node, Scan) and (table is None or table.public or table.max_rows_per_unit != node.rows):
                return False
            if isinstance(node, Public) and (table is None or not table.public):
                return False
    return True
