"""Rows of units for what works on rows inside the vault: what a text says of them, under the names it gives them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sandbox.plan import relation as r
from sandbox.plan.scalar import Column, Value
from sandbox.plan.walk import walk
from sandbox.sql.canonical import canonical, pruned
from sandbox.sql.fields import Table, named, names, typed
from sandbox.sql.statement import MOST_TABLES, Statement
from sandbox.sql.terms import Term, refuse


@dataclass(frozen=True)
class UnitRows:
    """`relation`, and of each named field the column that holds it, with the values that it can have where they are
    known, and of a date the first and last day that it can be, where both are declared. Fields that tell units apart
    are left out: nothing may be made of them."""

    relation: r.Relation
    columns: dict[str, Column]
    domains: dict[str, tuple[Value, ...]]
    days: dict[str, tuple[date, date]]


def units_asked(table: Table, statement: Statement) -> UnitRows:
    """Give the rows of units that `table` is. Raises sql_not_allowed for other tables, and for one without a column
    beside those that tell units apart."""
    if table.relation.state != "unit":
        raise refuse(
            "Rows of a protected table are wanted here; select its columns, without aggregates over all units."
        )
    fields = [field for field in table.fields if field.term is not None]
    if not fields:
        raise refuse("Nothing but identifiers is selected; select the columns that are to be worked with.")
    terms: list[Term] = [typed(field.term) for field in fields if field.term is not None]
    made = [named(field.name, term, bounded=True) for field, term in zip(fields, terms, strict=True)]
    project = r.Project(table.relation, tuple(made))
    found = canonical().relation(pruned(project, names(project)))
    if sum(isinstance(node, r.Scan | r.Public) for node in walk(found)) > MOST_TABLES:
        raise refuse(f"The text reads more than {MOST_TABLES} tables, each use counted; ask a smaller question.")
    columns = {one.name: column for one, column in zip(made, found.columns, strict=True)}
    domains = {one.name: term.domain for one, term in zip(made, terms, strict=True) if term.domain is not None}
    days = {
        one.name: (term.low, term.high)
        for one, term in zip(made, terms, strict=True)
        if isinstance(term.low, date) and isinstance(term.high, date)
    }
    return UnitRows(found, columns, domains, days)


def of_one_row(rows: UnitRows, unit: str) -> UnitRows:
    """Give the same rows, of which a unit has one at most. Raises sql_not_allowed, saying what to write instead."""
    if rows.relation.rows != 1:
        raise refuse(
            f"One {unit} may have {rows.relation.rows} of these rows, and one is wanted; aggregate them by the column "
            f"that names the {unit}, with GROUP BY, and select SUM, COUNT or MAX of the others."
        )
    return rows
