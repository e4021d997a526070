"""What a SELECT gives: a relation and named fields, each an expression over the columns of the relation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sandbox.plan import scalar as s
from sandbox.plan.parts import Named
from sandbox.plan.relation import NUMBER, Project, Relation
from sandbox.sql.terms import Term, literal, refuse

UNIT = "unit"  # the kin of every column that names units


@dataclass(frozen=True)
class Field:
    """A field. Without a term it tells single units apart, and `column` is where it stands. `unit`: it is the unit of
    its row, in every row. `kin` names what its values stand for: the unit, or a key whose value belongs to one unit, so
    that two rows with equal fields of one kin are of one unit. `partial`: `column` has the unit of some rows only."""

    name: str
    term: Term | None
    column: s.Column | None = None
    unit: bool = False
    kin: str | None = None
    nullable: bool = False
    partial: bool = False

    @property
    def node(self) -> s.Scalar:
        """What it computes. Raises `Problem` when nothing holds it."""
        found = self.column if self.term is None else self.term.node
        if found is None:
            raise refuse(f"{self.name} is the unit that FULL JOIN merged, and may be missing here; join it first.")
        return found

    @property
    def owned(self) -> bool:
        """Whether all rows that share a value are of one unit."""
        return self.kin is not None and not self.nullable

    @property
    def missing(self) -> Term | None:
        """The term that is NULL where an identifier is; None of other fields."""
        if self.term is not None or self.column is None:
            return None
        return Term(self.column, nullable=self.nullable)


@dataclass(frozen=True)
class Table:
    relation: Relation
    fields: tuple[Field, ...]


def lone(field: Field) -> Field:
    """Give the field as it is where its side of a join may be missing."""
    term = field.term and replace(field.term, nullable=True)
    return replace(field, term=term, column=None if field.partial else field.column, unit=False, nullable=True)


def at(field: Field, column: s.Column, term: Term | None = None) -> Field:
    """Give the field as it is when `column` holds it; `term` says what is known of it, if not what was."""
    if field.term is None:
        return replace(field, column=column)
    return replace(field, term=replace(term or field.term, node=column, listing=None))


def named(name: str, term: Term, *, bounded: bool) -> Named:
    """Give a computed column; its bounds where the relation is one of rows and they are known."""
    low, high = term.range if bounded and term.range and term.type.numeric else (None, None)
    return Named(name, term.node, low, high)


def typed(term: Term) -> Term:
    """A term that can stand in a column of its own: a lone NULL is a text."""
    return replace(literal(None), node=s.Constant(None, s.STRING)) if term.null else term


def plain(table: Table) -> bool:
    """Say whether every field is a column as it stands in the relation."""
    return all(isinstance(field.node, s.Column) for field in table.fields)


def told(name: str) -> str:
    """Give the name of a column as the asker knows it."""
    return name.partition(NUMBER)[0]


def names(relation: Relation) -> frozenset[str]:
    return frozenset(column.name for column in relation.columns)


def reads(node: s.Scalar | None) -> frozenset[str]:
    return frozenset() if node is None else s.columns(node)


def projected(table: Table, names: Iterable[str]) -> Table:
    """Give the table with a column of its own for every field, called so."""
    unit = table.relation.state != "released"
    columns, fields = [], []
    for field, name in zip(table.fields, names, strict=True):
        term = None if field.term is None else typed(field.term)
        if term is None:
            column = field.node
            assert isinstance(column, s.Column)
            one = Named(name, column, column.lower, column.upper)
        else:
            one = named(name, term, bounded=unit)
        columns.append(one)
        fields.append(at(field, one.column, term))
    return Table(Project(table.relation, tuple(columns)), tuple(fields))
