"""FROM: one protected table, as `table` or `resource.table`, with or without an alias."""

from __future__ import annotations

from sqlglot import exp

from sandbox.catalogue.entry import Entry, TableEntry
from sandbox.sql.columns import Row
from sandbox.sql.draft import Draft
from sandbox.sql.scalars import Meter
from sandbox.sql.terms import refuse


def table(tree: exp.Select, entry: Entry, meter: Meter) -> Draft:
    """Resolve the table; the first draft has its columns and nothing else."""
    source = tree.args.get("from_")
    if source is None:
        raise refuse("A question is about a table; write FROM " + _names(entry) + ".")
    named = source.this
    if not isinstance(named, exp.Table):
        raise refuse("FROM takes a registered table; write FROM " + _names(entry) + ".")
    resource = named.args.get("db")
    found = _find(named.this, entry)
    if found is None or (resource and resource.name.lower() != entry.name.lower()):
        raise refuse(f"There is no table {named.name[:60]!r} in {entry.name}; write {_names(entry)}.")
    if found.public:
        raise refuse(
            f"{found.name} is a public table; ask about a protected one: public tables alone are not served yet."
        )
    alias = named.args.get("alias")
    if alias:
        return Draft(Row.of(found, frozenset({(alias.this.name.lower(),)}), meter))
    name = found.name.lower()
    return Draft(Row.of(found, frozenset({(name,), (entry.name.lower(), name)}), meter))


def _find(name: exp.Identifier, entry: Entry) -> TableEntry | None:
    found = entry.table(name.name)
    return found if found is None or found.name == name.name or not name.args.get("quoted") else None


def _names(entry: Entry) -> str:
    return " or ".join(table.name for table in entry.tables if not table.public) or "one of its protected tables"
