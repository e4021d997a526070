"""Names of columns to terms: what a row holds, and who may be named by it."""

from __future__ import annotations

from difflib import get_close_matches

from sqlglot import exp

from sandbox.catalogue.entry import ColumnEntry, TableEntry
from sandbox.errors import Problem
from sandbox.plan import scalar as s
from sandbox.sql.scalars import Builder, quote
from sandbox.sql.terms import Bound, Term, refuse

AGGREGATE = (exp.AggFunc, exp.Filter)  # what stands for a number of many rows


class Row:
    """The columns of one table under the qualifiers that its FROM clause gives them."""

    def __init__(self, table: TableEntry, qualifiers: frozenset[tuple[str, ...]]) -> None:
        self.table = table
        self._qualifiers = qualifiers
        self.builder = Builder(self.leaf)

    def leaf(self, node: exp.Expr) -> Term | None:
        """The leaf of row expressions: columns are terms; aggregates and identifiers are refused."""
        if isinstance(node, AGGREGATE):
            raise refuse(f"The aggregate {quote(node)} cannot stand here; write it in SELECT, HAVING or ORDER BY.")
        if not isinstance(node, exp.Column):
            return None
        column = self.column(node)
        if column.role == "identifier" or column.name == self.table.unit:
            raise refuse(
                f"{column.name} tells single units apart, so it can neither be a key nor be compared or added up; "
                f"write COUNT(DISTINCT {self.table.unit}) to count units."
            )
        return _term(column)

    def column(self, node: exp.Column) -> ColumnEntry:
        """Give the declared column that `node` names: exactly when quoted, in any case of letters otherwise.
        Raises unknown_column with the nearest names of the public schema."""
        if not isinstance(node.this, exp.Identifier):
            raise refuse("Rows never leave; write COUNT(*), or an aggregate of one column.")
        qualifier = tuple(part.name.lower() for part in (node.args.get("db"), node.args.get("table")) if part)
        if qualifier and qualifier not in self._qualifiers:
            raise Problem(
                "unknown_column",
                f"{quote(node)}: FROM has no {'.'.join(qualifier)[:60]}; write {self.table.name}.column or its alias.",
            )
        found = self.find(node.this)
        if found is None:
            raise self.unknown(node.name)
        return found

    def find(self, name: exp.Identifier) -> ColumnEntry | None:
        found = self.table.column(name.name)
        return found if found is None or found.name == name.name or not name.args.get("quoted") else None

    def unknown(self, name: str) -> Problem:
        """The refusal of a name that the table does not have."""
        names = {column.name.lower(): column.name for column in self.table.columns}
        near = [names[one] for one in get_close_matches(name.lower()[:64], names, n=3, cutoff=0.5)]
        hint = " or ".join(near) if near else ", ".join(list(names.values())[:12])
        return Problem(
            "unknown_column",
            f"{self.table.name} has no column {name[:60]!r}; write {hint}. "
            "If it is a text to compare with, put it in single quotes.",
            suggestions=near,
        )


def _term(column: ColumnEntry) -> Term:
    kind = column.plan_type
    low: Bound = column.lower
    high: Bound = column.upper
    if kind == s.DATE:
        days = column.bounds or (column.domain and (min(column.domain), max(column.domain)))
        low, high = days or (None, None)
    domain = column.domain or ((False, True) if kind == s.BOOLEAN else None)
    return Term(s.Column(column.name, kind, column.lower, column.upper), low, high, not column.required, domain)
