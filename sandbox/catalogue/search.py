"""Finding resources by words (R5): in names, titles, holders, domains, purposes, in tables and columns."""

from __future__ import annotations

from collections.abc import Iterator

from policies.grades import RULES
from sandbox.catalogue.records import Resource
from sandbox.catalogue.registry import ACTIVE
from sandbox.core.store import Transaction


def matches(resource: Resource, words: str | None) -> bool:
    """Say whether each of the words stands somewhere in what is declared of a resource, in any case of letters; without
    words every resource matches."""
    wanted = (words or "").casefold().split()
    if not wanted:
        return True
    said = "\n".join(_texts(resource)).casefold()
    return all(word in said for word in wanted)


def listed(tx: Transaction, words: str | None = None) -> list[Resource]:
    """Give the resources of the public catalogue that match, by name."""
    found = tx.find(Resource, status=ACTIVE, grade=list(RULES.listed), order=("name", "id"))
    return [resource for resource in found if matches(resource, words)]


def _texts(resource: Resource) -> Iterator[str]:
    entry = resource.entry
    yield from (resource.id, resource.name, resource.holder, resource.domain, *entry["title"].values())
    yield entry["legal_basis"]["purpose"]
    for table in entry["tables"]:
        yield table["name"]
        for column in table["columns"]:
            yield from (column["name"], column.get("description", ""))
