"""INTERSECT and EXCEPT: rows that also stand, or do not stand, in another SELECT; NULL is a value there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sqlglot import exp

from sandbox.plan import relation as r
from sandbox.plan import scalar as s
from sandbox.plan.parts import Named, Over
from sandbox.sql.fields import Field, Table, names
from sandbox.sql.filters import split
from sandbox.sql.public import side_by_side
from sandbox.sql.rules.common import defined
from sandbox.sql.rules.select import distinct_rows, ordered
from sandbox.sql.rules.union import aligned
from sandbox.sql.statement import Scope, Statement
from sandbox.sql.terms import refuse

_INSTEAD: dict[str, s.Value] = {
    "integer": 0, "decimal": 0, "string": "", "boolean": False, "date": date(1970, 1, 1),
}  # fmt: skip


def intersect(tree: exp.SetOperation, scope: Scope, statement: Statement) -> Table:
    """Give what INTERSECT or EXCEPT of two SELECTs gives. Rows of units are compared with those of the same unit;
    without the unit among the columns, the different rows of each side are released first. Raises `Problem`."""
    scope = defined(tree, scope, statement)
    word, every = type(tree).__name__.upper(), not tree.args.get("distinct")
    if tree.args.get("by_name"):
        raise refuse(f"{word} BY NAME is not built; name the columns in one order.")
    arms = [
        _of_units(statement.query(arm.unnest(), scope), word, every, statement) for arm in (tree.this, tree.expression)
    ]
    left, right = aligned(arms, word, statement)
    if any(field.column is None and field.term is None for field in (*left.fields, *right.fields)):
        raise refuse(f"{word} takes no unit that FULL JOIN merged; join it first.")
    if left.relation.state == "unit" and not any(map(_of_one_unit, left.fields, right.fields)):
        raise refuse(f"{word} compares rows of one unit; write the unit in the same place of both SELECTs.")
    numbers: list[s.Column] = []
    if every:
        left, right = (_numbered(side, numbers, statement) for side in (left, right))
    else:
        left = distinct_rows(left, statement)
    met = {name: statement.name(name) for name in names(right.relation)}
    there = r.Project(right.relation, tuple(_moved(column, met[column.name]) for column in right.relation.columns))
    others = [s.renamed(field.node, met) for field in right.fields]
    same = [
        one
        for mine, other, its in zip(left.fields, others, right.fields, strict=True)
        for one in _same(mine, other, its)
    ]
    same += [s.Compare("=", numbers[0], s.renamed(numbers[1], met))] if numbers else []
    here, there_too = side_by_side(left.relation, there, statement)
    equal, condition = split(same, here, there_too)
    found = r.Semi(here, there_too, equal, condition, anti=isinstance(tree, exp.Except))
    return ordered(Table(found, left.fields), tree, statement)


def _of_units(arm: Table, word: str, every: bool, statement: Statement) -> Table:
    """A side whose rows may be compared: released where it has rows of units and not whose they are."""
    if arm.relation.state != "unit" or any(field.owned for field in arm.fields):
        return arm
    if every:
        raise refuse(f"{word} ALL of rows of units would count them; add the unit to the columns, or aggregate first.")
    return distinct_rows(arm, statement)


def _numbered(side: Table, numbers: list[s.Column], statement: Statement) -> Table:
    """The side with the number of each row among those that are the same."""
    columns = tuple(field.node for field in side.fields if not field.unit)
    numbers.append(s.Column(statement.name("number"), s.INTEGER))
    over = Over(numbers[-1].name, "row_number", None, columns, (), s.INTEGER)
    return Table(r.Window(side.relation, (over,)), side.fields)


def _of_one_unit(mine: Field, its: Field) -> bool:
    """Whether rows with equal values here are of one unit."""
    return mine.kin is not None and mine.kin == its.kin and (mine.owned or its.owned)


def _moved(column: s.Column, name: str) -> Named:
    return Named(name, column, column.lower, column.upper)


def _same(mine: Field, other: s.Scalar, its: Field) -> Iterator[s.Scalar]:
    """The conditions under which two values are the same, NULL and NULL too."""
    if mine.unit and its.unit:
        return  # rows of units meet within one unit
    nullable = [field.nullable if field.term is None else field.term.nullable for field in (mine, its)]
    if not all(nullable):
        yield s.Compare("=", mine.node, other)
        return
    yield s.Compare("=", s.IsNull(mine.node), s.IsNull(other))
    yield s.Compare("=", _present(mine.node), _present(other))


def _present(node: s.Scalar) -> s.Scalar:
    return s.Case(((s.IsNull(node), s.Constant(_INSTEAD[node.type.kind], node.type)),), node, node.type)


__all__ = ["intersect"]
