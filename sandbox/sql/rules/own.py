"""`own.table` in FROM: a user's own table, beside the data. By identifier it is a relation of units, joined to others
on the unit; without one it is public."""

from __future__ import annotations

from sqlglot import exp

from sandbox.plan import relation as r
from sandbox.plan import scalar as s
from sandbox.plan.own import SCHEMA, Own, OwnPublic
from sandbox.sql.columns import Entry as Visible
from sandbox.sql.fields import UNIT, Field, Table
from sandbox.sql.own import OwnColumn, OwnTable
from sandbox.sql.statement import Statement
from sandbox.sql.terms import Term, refuse

UNIT_CODE = "__unit"


def own_table(node: exp.Table, statement: Statement) -> tuple[Table, list[Visible]] | None:
    """Give an own table and its fields, None when `node` names none. Raises `Problem` for one that was not brought."""
    if statement.own is None or node.args.get("db") is None or node.args["db"].name.lower() != SCHEMA:
        return None
    found = next((one for one in statement.own.values() if one.name.lower() == node.name.lower()), None)
    if found is None or (node.this.args.get("quoted") and found.name != node.name):
        known = " or ".join(f"{SCHEMA}.{name}" for name in statement.own)
        say = f"write {known}" if known else "bring one, and have it admitted, before it is asked about"
        raise refuse(f"There is no own table {node.name[:60]!r} in this admission; {say}.")
    number = statement.number()
    columns = [_column(one, found, number) for one in found.columns]
    fields = [_field(one, column, found) for one, column in zip(found.columns, columns, strict=True)]
    name = found.name.lower()
    under = frozenset({(name,), (SCHEMA, name)})
    relation: r.Relation
    if found.identifier is None:
        relation = OwnPublic(found.full_name, number, tuple(columns), found.admission, found.digest)
    else:
        relation = Own(found.full_name, number, tuple(columns), 1, found.admission, found.digest)
    return Table(relation, tuple(fields)), [Visible(under, field) for field in fields]


def _column(one: OwnColumn, table: OwnTable, number: int) -> s.Column:
    if one.name == table.identifier:
        return s.Column(f"{UNIT_CODE}{r.NUMBER}{number}", s.INTEGER)
    return s.Column(f"{one.name}{r.NUMBER}{number}", one.type, *one.ends)


def _field(one: OwnColumn, stored: s.Column, table: OwnTable) -> Field:
    if one.name == table.identifier:
        return Field(one.name, None, stored, True, UNIT, False)
    domain = one.domain or ((False, True) if one.type == s.BOOLEAN else None)
    return Field(one.name, Term(stored, *one.bounds, one.nullable, domain))
