"""Names of columns to terms: what a row holds, and who may be named by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from sqlglot import exp

from sandbox.catalogue.entry import ColumnEntry, TableEntry
from sandbox.errors import Problem
from sandbox.plan import scalar as s
from sandbox.sql.scalars import Builder, Meter, quote
from sandbox.sql.terms import Bound, Term, refuse

AGGREGATE = (exp.AggFunc, exp.Filter)  # what stands for a number of many rows


@dataclass(frozen=True)
class Field:
    """A column of a row relation; without a term it tells single units apart. `unit`: it is the unit itself."""

    name: str
    term: Term | None
    unit: bool = False


class Row:
    """The columns of rows of one table, as it is or as subqueries make them of it, under the qualifiers that FROM gives
    them. `name` is for sentences."""

    def __init__(
        self,
        table: TableEntry,
        fields: Sequence[Field],
        qualifiers: frozenset[tuple[str, ...]],
        name: str,
        meter: Meter | None = None,
    ) -> None:
        self.table, self.fields, self.name = table, tuple(fields), name
        self._qualifiers = qualifiers
        self.builder = Builder(self.leaf, meter=meter)

    @classmethod
    def of(cls, table: TableEntry, qualifiers: frozenset[tuple[str, ...]], meter: Meter | None = None) -> Row:
        """Give the rows of a registered table."""
        return cls(table, [_field(column, table.unit) for column in table.columns], qualifiers, table.name, meter)

    def under(self, alias: str | None) -> Row:
        """Give the same rows under a subquery's alias, or under none."""
        names = frozenset() if alias is None else frozenset({(alias.lower(),)})
        return Row(self.table, self.fields, names, alias or "the subquery", self.builder.meter)

    def made_of(self, fields: Sequence[Field]) -> Row:
        """Give the rows with other columns, made of these."""
        return Row(self.table, fields, frozenset(), "the subquery", self.builder.meter)

    def leaf(self, node: exp.Expr) -> Term | None:
        """The leaf of row expressions: columns are terms; aggregates and identifiers are refused."""
        if isinstance(node, AGGREGATE):
            raise refuse(f"The aggregate {quote(node)} cannot stand here; write it in SELECT, HAVING or ORDER BY.")
        if not isinstance(node, exp.Column):
            return None
        field = self.column(node)
        if field.term is None:
            raise refuse(
                f"{field.name} tells single units apart, so it can neither be a key nor be compared or added up; "
                f"write COUNT(DISTINCT {self.table.unit}) to count units."
            )
        return field.term

    def column(self, node: exp.Column) -> Field:
        """Give the declared column that `node` names: exactly when quoted, in any case of letters otherwise.
        Raises unknown_column with the nearest names of the public schema."""
        if not isinstance(node.this, exp.Identifier):
            raise refuse("Rows never leave; write COUNT(*), or an aggregate of one column.")
        self.check_qualifier(node)
        found = self.find(node.this)
        if found is None:
            raise self.unknown(node.name)
        return found

    def check_qualifier(self, node: exp.Expr) -> None:
        """Refuse (unknown_column) a column or star of a table that FROM does not have."""
        qualifier = tuple(part.name.lower() for part in (node.args.get("db"), node.args.get("table")) if part)
        if qualifier and qualifier not in self._qualifiers:
            raise Problem(
                "unknown_column",
                f"{quote(node)}: FROM has no {'.'.join(qualifier)[:60]}; write {self.name}.column or its alias.",
            )

    def find(self, name: exp.Identifier) -> Field | None:
        """Give the column called `name`: exactly when quoted, in any case of letters otherwise."""
        wanted = name.name.lower()
        found = next((field for field in self.fields if field.name.lower() == wanted), None)
        return found if found is None or found.name == name.name or not name.args.get("quoted") else None

    def unknown(self, name: str) -> Problem:
        """The refusal of a name that the table does not have."""
        names = {column.name.lower(): column.name for column in self.fields}
        near = [names[one] for one in get_close_matches(name.lower()[:64], names, n=3, cutoff=0.5)]
        hint = " or ".join(near) if near else ", ".join(list(names.values())[:12])
        return Problem(
            "unknown_column",
            f"{self.name} has no column {name[:60]!r}; write {hint}. "
            "If it is a text to compare with, put it in single quotes.",
            suggestions=near,
        )


def _field(column: ColumnEntry, unit: str | None) -> Field:
    hidden = column.role == "identifier" or column.name == unit
    return Field(column.name, None if hidden else _term(column), column.name == unit)


def _term(column: ColumnEntry) -> Term:
    kind = column.plan_type
    low: Bound = column.lower
    high: Bound = column.upper
    if kind == s.DATE:
        days = column.bounds or (column.domain and (min(column.domain), max(column.domain)))
        low, high = days or (None, None)
    domain = column.domain or ((False, True) if kind == s.BOOLEAN else None)
    return Term(s.Column(column.name, kind, column.lower, column.upper), low, high, not column.required, domain)
