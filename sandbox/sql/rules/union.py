"""UNION: rows of units with rows of units, released groups with released groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from sqlglot import exp

from sandbox.plan import relation as r
from sandbox.plan import scalar as s
from sandbox.plan.parts import Named
from sandbox.sql.choices import case
from sandbox.sql.fields import UNIT, Field, Table, at, named, typed
from sandbox.sql.numbers import arithmetic
from sandbox.sql.public import written_out
from sandbox.sql.rules.common import defined
from sandbox.sql.rules.select import distinct_rows, ordered
from sandbox.sql.statement import Scope, Statement
from sandbox.sql.terms import Term, literal, refuse, truth


def union(tree: exp.Union, scope: Scope, statement: Statement) -> Table:
    """Give what a chain of UNION and UNION ALL gives, read from the left. Raises `Problem`."""
    scope = defined(tree, scope, statement)
    first, chain = _chain(tree)
    arms = [statement.query(first, scope)]
    for distinct, arm in chain:
        arms.append(statement.query(arm, scope))
        if distinct:
            arms = [distinct_rows(all_of(arms, statement), statement)]
    return ordered(all_of(arms, statement), tree, statement)


def _chain(tree: exp.Union) -> tuple[exp.Expr, list[tuple[bool, exp.Expr]]]:
    """The first arm, and the others in order with whether they make rows different; however many there are."""
    found: list[tuple[bool, exp.Expr]] = []
    node: exp.Expr = tree
    while isinstance(node, exp.Union) and (node is tree or not _own(node)):
        if node.args.get("by_name"):
            raise refuse("UNION BY NAME is not built; name the columns in one order.")
        found.append((bool(node.args.get("distinct")), node.expression.unnest()))
        node = node.this.unnest() if isinstance(node.this, exp.Subquery) and _bare(node.this) else node.this
        if isinstance(node, exp.Union) and node.parent is not tree and isinstance(node.parent, exp.Subquery):
            break
    return node, found[::-1]


def _own(node: exp.Expr) -> bool:
    return any(node.args.get(part) for part in ("order", "limit", "offset", "with_"))


def _bare(node: exp.Subquery) -> bool:
    return not _own(node) and not node.args.get("alias")


def all_of(arms: Sequence[Table], statement: Statement) -> Table:
    """Give all rows of all tables, column by column. Raises `Problem` for tables that do not fit."""
    if len(arms) == 1:
        return arms[0]
    columns, names, sources = _laid_out(arms, "UNION", statement)
    found = r.Union(tuple(sources))
    return _table(found, names, columns)


def aligned(arms: Sequence[Table], word: str, statement: Statement) -> list[Table]:
    """Give each table with columns of the same names and types as the others'. Raises `Problem` for tables that do not
    fit, naming what puts them together."""
    columns, names, sources = _laid_out(arms, word, statement)
    return [_table(source, names, [[several[number]] for several in columns]) for number, source in enumerate(sources)]


def _laid_out(
    arms: Sequence[Table], word: str, statement: Statement
) -> tuple[list[list[tuple[Field, Term | None]]], list[str], list[r.Relation]]:
    if len({len(arm.fields) for arm in arms}) > 1:
        raise refuse(f"The SELECTs of {word} have the same number of columns; name as many in each.")
    states = {arm.relation.state for arm in arms}
    if "unit" in states and len(states) > 1:
        raise refuse(f"{word} puts rows of units together with rows of units only; aggregate them first.")
    if len(states) > 1:
        arms = [replace(arm, relation=written_out(arm.relation, statement)) for arm in arms]
    columns = [_alike([arm.fields[place] for arm in arms], word) for place in range(len(arms[0].fields))]
    names = [statement.name(field.name) for field in arms[0].fields]
    bounded = "released" not in states
    held = [place for place, several in enumerate(columns) if all(field.column or term for field, term in several)]
    sources: list[r.Relation] = []
    for number, arm in enumerate(arms):
        parts = [_named(names[place], *columns[place][number], bounded=bounded) for place in held]
        sources.append(r.Project(arm.relation, tuple(parts)))
    return columns, names, sources


def _table(relation: r.Relation, names: Sequence[str], columns: Sequence[Sequence[tuple[Field, Term | None]]]) -> Table:
    by_name = {column.name: column for column in relation.columns}
    return Table(
        relation, tuple(_field(several, by_name.get(name)) for name, several in zip(names, columns, strict=True))
    )


def _named(name: str, field: Field, term: Term | None, *, bounded: bool) -> Named:
    if term is not None:
        return named(name, term, bounded=bounded)
    assert field.column is not None
    return Named(name, field.column, field.column.lower, field.column.upper)


def _alike(fields: Sequence[Field], word: str) -> list[tuple[Field, Term | None]]:
    """The fields of one column, their terms in one type."""
    hidden = [field.term is None for field in fields]
    if any(hidden):
        kinds = {(field.node.type.kind, field.kin == UNIT) for field in fields if field.column}
        if not all(hidden) or len(kinds) > 1:
            raise refuse(
                f"{fields[hidden.index(True)].name} tells single units apart and stands beside another column in "
                f"{word}; put the same columns in the same places."
            )
        return [(field, None) for field in fields]
    terms = [typed(field.term) for field in fields if field.term is not None]
    known = [field.term for field in fields if field.term is not None and not field.term.null]
    whole = case([(truth(s.IsNull(term.node)), term) for term in known], literal(None)).type if known else s.STRING
    return [(field, _as(term, whole)) for field, term in zip(fields, terms, strict=True)]


def _as(term: Term, kind: s.Type) -> Term:
    if isinstance(term.node, s.Constant) and term.node.value is None:
        return replace(term, node=s.Constant(None, kind))
    if term.type == kind:
        return term
    return arithmetic("+", term, literal(Decimal(0).scaleb(-kind.scale)))


def _field(several: Sequence[tuple[Field, Term | None]], column: s.Column | None) -> Field:
    fields = [field for field, _ in several]
    first = fields[0]
    kins = {field.kin for field in fields}
    whole = replace(
        first,
        unit=all(field.unit for field in fields),
        kin=first.kin if len(kins) == 1 else None,
        nullable=any(field.nullable for field in fields),
        partial=any(field.partial for field in fields),
    )
    if column is None:
        return whole
    terms = [term for _, term in several if term is not None]
    if not terms:
        return replace(whole, column=column)
    domains = [term.domain for term in terms]
    listed = None if None in domains else tuple(dict.fromkeys(one for domain in domains for one in domain or ()))
    lows, highs = [term.low for term in terms], [term.high for term in terms]
    low = None if None in lows else min(lows)  # type: ignore[type-var]
    high = None if None in highs else max(highs)  # type: ignore[type-var]
    term = Term(column, low, high, any(term.nullable for term in terms), listed)
    return at(replace(whole, term=term), column, term)
