"""Names of columns to fields: what FROM has, under which qualifiers, and what an expression over it may say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Protocol

from sqlglot import exp

from sandbox.errors import Problem
from sandbox.sql.conditions import is_null
from sandbox.sql.fields import UNIT, Field
from sandbox.sql.scalars import Builder
from sandbox.sql.statement import Statement
from sandbox.sql.terms import Term, quote, refuse

AGGREGATE = (exp.AggFunc, exp.Filter)  # what stands for a number of many rows
SUBQUERY = (exp.Subquery, exp.Select, exp.SetOperation)

Qualifiers = frozenset[tuple[str, ...]]


@dataclass(frozen=True)
class Entry:
    """A field under the qualifiers of its table. `bare`: it is also meant without any, and by a star."""

    qualifiers: Qualifiers
    field: Field
    bare: bool = True


class Readable(Protocol):
    """Who reads expressions over the columns of one relation."""

    builder: Builder
    unit: str

    def leaf(self, node: exp.Expr) -> Term | None:
        """Give what a name, an aggregate or a subquery stands for, None for other nodes. Raises `Problem`."""

    def named(self, node: exp.Expr) -> Field | None:
        """Give the field that `node` names, None when it is no name."""

    def counted(self, node: exp.Expr) -> Term | None:
        """Give the term that is NULL where the identifier `node` is; None when it names no identifier."""

    def known(self, node: exp.Column) -> bool:
        """Say whether a name means something here."""


class Row:
    """The fields of one row. `outer`: the row around an EXISTS, whose fields count after its own. `scalar` gives the
    one value of a subquery."""

    def __init__(
        self,
        entries: Iterable[Entry],
        statement: Statement,
        *,
        released: Callable[[], bool] = lambda: False,
        outer: Row | None = None,
        scalar: Callable[[exp.Expr], Term] | None = None,
    ) -> None:
        self.entries = tuple(entries)
        self._outer, self._scalar = outer, scalar
        self.builder = Builder(self.leaf, released=released, meter=statement.meter, today=statement.today)
        declared = statement.entry.unit.column.partition(".")[2] if statement.entry.unit else "…"
        self.unit = next((one.field.name for one in self.entries if one.field.unit), declared)

    def leaf(self, node: exp.Expr) -> Term | None:
        """The leaf of expressions: columns are terms; aggregates and identifiers are refused."""
        if isinstance(node, AGGREGATE):
            raise refuse(f"The aggregate {quote(node)} cannot stand here; write it in SELECT, HAVING or ORDER BY.")
        if isinstance(node, exp.Window):
            raise refuse(f"{quote(node)} cannot stand here; write it in SELECT, QUALIFY or ORDER BY.")
        if isinstance(node, exp.Exists) or (isinstance(node, exp.In) and node.args.get("query")):
            raise refuse(
                f"{quote(node)} stands in WHERE alone or joined by AND; write it there, not within OR or CASE."
            )
        if isinstance(node, SUBQUERY):
            if self._scalar is None:
                raise refuse("A subquery for one value stands in SELECT, WHERE or HAVING; write it there.")
            return self._scalar(node)
        if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
            field = self.named(node.this)
            missing = None if field is None else field.missing
            return None if missing is None else is_null(missing)
        if not isinstance(node, exp.Column):
            return None
        field = self.column(node)
        if field.term is None:
            raise self.hidden(field)
        return field.term

    def hidden(self, field: Field) -> Problem:
        """The refusal of a field that tells single units apart."""
        return refuse(
            f"{field.name} tells single units apart, so it can neither be a key nor be compared or added up; "
            f"write COUNT(DISTINCT {self.unit}) to count units."
        )

    def counted(self, node: exp.Expr) -> Term | None:
        """Give the term that is NULL where the identifier `node` is; None when it names no identifier."""
        field = self.named(node)
        return None if field is None else field.missing

    def named(self, node: exp.Expr) -> Field | None:
        """Give the field that `node` names, None when it is no name."""
        inner = node.unnest()
        return self.column(inner) if isinstance(inner, exp.Column) else None

    def known(self, node: exp.Column) -> bool:
        """Say whether a name means something here."""
        return self.find(node) is not None

    def column(self, node: exp.Column) -> Field:
        """Give the field that `node` names: exactly when quoted, in any case of letters otherwise. Raises
        unknown_column with the nearest names, sql_not_allowed where several tables have it."""
        if not isinstance(node.this, exp.Identifier):
            raise refuse("Rows never leave; write COUNT(*), or an aggregate of one column.")
        found = self.find(node)
        if found is None and self._outer is not None:
            found = self._outer.find(node)
        if found is None:
            self.check_qualifier(node)
            raise self.unknown(node)
        return found

    def find(self, node: exp.Column) -> Field | None:
        """Give the field that `node` names here, None for none."""
        qualifier, wanted, quoted = _qualifier(node), node.name.lower(), bool(node.this.args.get("quoted"))
        found = [
            one
            for one in self.entries
            if one.field.name.lower() == wanted and (one.bare if not qualifier else qualifier in one.qualifiers)
        ]
        exact = [one for one in found if one.field.name == node.name]
        found = exact if quoted or len(exact) == 1 else found
        if len(found) > 1:
            tables = [min(one.qualifiers)[-1] for one in found if one.qualifiers]
            hint = " or ".join(f"{table}.{node.name[:60]}" for table in dict.fromkeys(tables)) or "an alias for each"
            raise refuse(f"{quote(node)} stands for columns of several tables; write {hint}.")
        return found[0].field if found else None

    def star(self, node: exp.Expr) -> list[Field]:
        """Give the fields that * or t.* stands for."""
        qualifier = _qualifier(node)
        if not qualifier:
            return [one.field for one in self.entries if one.bare]
        self.check_qualifier(node)
        return [one.field for one in self.entries if qualifier in one.qualifiers]

    def check_qualifier(self, node: exp.Expr) -> None:
        """Refuse (unknown_column) a column or star of a table that FROM does not have."""
        qualifier = _qualifier(node)
        known = [*self.entries, *(self._outer.entries if self._outer else ())]
        if qualifier and all(qualifier not in one.qualifiers for one in known):
            names = sorted({min(one.qualifiers)[-1] for one in known if one.qualifiers})
            hint = " or ".join(f"{name}.column" for name in names[:6]) or "the column alone"
            raise Problem(
                "unknown_column", f"{quote(node)}: FROM has no {'.'.join(qualifier)[:60]}; write {hint} or its alias."
            )

    def unknown(self, node: exp.Column) -> Problem:
        """The refusal of a name that no table has."""
        qualifier = _qualifier(node)
        own = [one for one in self.entries if not qualifier or qualifier in one.qualifiers]
        names = {one.field.name.lower(): one.field.name for one in own}
        near = [names[one] for one in get_close_matches(node.name.lower()[:64], names, n=3, cutoff=0.5)]
        hint = " or ".join(near) if near else ", ".join(list(names.values())[:12]) or "a value"
        tables = sorted({min(one.qualifiers)[-1] for one in own if one.qualifiers})
        where = f"{tables[0]} has" if len(tables) == 1 else "the subquery has" if not tables else "FROM has"
        return Problem(
            "unknown_column",
            f"{where} no column {node.name[:60]!r}; write {hint}. "
            "If it is a text to compare with, put it in single quotes.",
            suggestions=near,
        )


def of(fields: Sequence[Field], alias: str | None) -> list[Entry]:
    """Give fields under an alias, or under none."""
    names: Qualifiers = frozenset() if alias is None else frozenset({(alias.lower(),)})
    return [Entry(names, field) for field in fields]


def _qualifier(node: exp.Expr) -> tuple[str, ...]:
    return tuple(part.name.lower() for part in (node.args.get("db"), node.args.get("table")) if part)


__all__ = ["AGGREGATE", "SUBQUERY", "UNIT", "Entry", "Readable", "Row", "of"]
