"""Tables: protected and public ones as registered, lists of values, and the names that an alias gives their columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from sqlglot import exp

from policies.grades import ROLES
from sandbox.catalogue.entry import ColumnEntry, Entry, TableEntry
from sandbox.catalogue.facts import ColumnFacts
from sandbox.plan import relation as r
from sandbox.plan import scalar as s
from sandbox.sql.choices import case
from sandbox.sql.columns import Entry as Visible
from sandbox.sql.columns import Row
from sandbox.sql.fields import UNIT, Field, Table
from sandbox.sql.statement import Statement
from sandbox.sql.terms import Bound, Term, literal, refuse, truth

MOST_CELLS = 5_000
UNIT_CODE = "__unit"


def table(node: exp.Table, statement: Statement) -> tuple[Table, list[Visible]]:
    """Give a registered table, as `table` or `resource.table`, and its fields under both names. Raises `Problem`."""
    entry, resource = statement.entry, node.args.get("db")
    found = entry.table(node.name)
    if found is not None and found.name != node.name and node.this.args.get("quoted"):
        found = None
    if found is None or (resource and resource.name.lower() != entry.name.lower()):
        raise refuse(f"There is no table {node.name[:60]!r} in {entry.name}; write {_names(entry)}.")
    number = statement.number()
    columns = [_column(one, found, number, statement) for one in found.columns]
    fields = tuple(_field(one, column, found, statement) for one, column in zip(found.columns, columns, strict=True))
    name = found.name.lower()
    under = frozenset({(name,), (entry.name.lower(), name)})
    if found.public:
        relation: r.Relation = r.Public(found.name, number, tuple(columns))
    else:
        assert found.max_rows_per_unit is not None
        relation = r.Scan(found.name, number, tuple(columns), found.max_rows_per_unit)
    return Table(relation, fields), [Visible(under, field) for field in fields]


def values(node: exp.Values, statement: Statement) -> Table:
    """Give a list of values; their types are brought together column by column."""
    rows = [list(row.expressions) if isinstance(row, exp.Tuple) else [row] for row in node.expressions]
    width = len(rows[0]) if rows else 0
    if not width or any(len(row) != width for row in rows):
        raise refuse("Every row of VALUES has the same number of values; write them out.")
    if width * len(rows) > MOST_CELLS:
        raise refuse(f"VALUES takes at most {MOST_CELLS} values; write fewer.")
    builder = Row((), statement).builder
    cells = [[builder.term(cell) for cell in row] for row in rows]
    if not all(cell.constant for row in cells for cell in row):
        raise refuse("VALUES takes values, not columns; write SELECT for what is computed.")
    columns = [_listed([row[place] for row in cells]) for place in range(width)]
    return constants([f"col{place}" for place in range(width)], columns, statement)


def constants(names: Sequence[str], columns: Sequence[Sequence[Term]], statement: Statement) -> Table:
    """Give constants as a relation, column by column; each column of one type."""
    fields, stored = [], []
    for name, terms in zip(names, columns, strict=True):
        found = [one.node.value for one in terms if isinstance(one.node, s.Constant)]
        kind = terms[0].type
        known = [value for value in found if value is not None]
        low, high = (min(known), max(known)) if known and kind.kind != "boolean" else (None, None)
        bounds: tuple[Bound, Bound] = (low, high) if kind == s.DATE else (None, None)  # type: ignore[assignment]
        if kind.numeric and known:
            bounds = Decimal(str(low)), Decimal(str(high))
        column = s.Column(statement.name(name), kind, *(bounds if kind.numeric else (None, None)))  # type: ignore[arg-type]
        domain = tuple(dict.fromkeys(known))
        fields.append(Field(name, Term(column, *bounds, None in found, domain or None)))
        stored.append((column, found))
    cells = tuple(zip(*(found for _, found in stored), strict=True)) if stored else ((),)
    return Table(r.Values(tuple(column for column, _ in stored), cells), tuple(fields))


def renamed(fields: Sequence[Field], alias: exp.Expr | None) -> tuple[Field, ...]:
    """Give the fields under the names that an alias lists, the first ones first."""
    given = [] if alias is None else alias.args.get("columns") or []
    if len(given) > len(fields):
        raise refuse(f"The alias {alias.name[:60] if alias else ''} names {len(given)} columns of {len(fields)}.")
    names = [one.name for one in given]
    if len({name.lower() for name in names}) != len(names):
        raise refuse("An alias gives two columns one name; give each its own.")
    return tuple(replace(field, name=name) for field, name in zip(fields, names, strict=False)) + tuple(
        fields[len(names) :]
    )


def _listed(terms: list[Term]) -> list[Term]:
    """The values in one type: what CASE would make of them."""
    whole = case([(truth(s.Compare("=", term.node, term.node)), term) for term in terms], literal(None))
    kind = whole.type if any(not term.null for term in terms) else s.STRING
    return [replace(literal(_typed(term, kind)), node=s.Constant(_typed(term, kind), kind)) for term in terms]


def _typed(term: Term, kind: s.Type) -> s.Value:
    value = term.node.value if isinstance(term.node, s.Constant) else None
    return Decimal(value) if isinstance(value, int) and kind.kind == "decimal" else value


def _column(column: ColumnEntry, table: TableEntry, number: int, statement: Statement) -> s.Column:
    if table.unit_column == column.name and not table.public:  # versions store a code for each unit, not its name
        return s.Column(f"{UNIT_CODE}{r.NUMBER}{number}", s.INTEGER)
    low, high = column.lower, column.upper
    facts = _facts(column, table, statement)
    if low is None and facts is not None and isinstance(facts.least, (int, Decimal)) and column.plan_type.numeric:
        low, high = Decimal(facts.least), Decimal(str(facts.most))
    return s.Column(f"{column.name}{r.NUMBER}{number}", column.plan_type, low, high)


def _facts(column: ColumnEntry, table: TableEntry, statement: Statement) -> ColumnFacts | None:
    facts = statement.facts.get(table.name) if table.public else None
    return facts.columns.get(column.name) if facts else None


def _field(column: ColumnEntry, stored: s.Column, table: TableEntry, statement: Statement) -> Field:
    unit = table.unit_column == column.name and not table.public
    parent = table.path is not None and table.path.column == column.name
    kin = UNIT if unit else _kin(column, table, statement.entry)
    nullable = not (unit or parent or column.required)
    if not table.public and (not ROLES[column.role].groups or unit):
        return Field(column.name, None, stored, unit, kin, nullable)
    return Field(column.name, _term(column, stored, _facts(column, table, statement)), None, False, kin, nullable)


def _kin(column: ColumnEntry, table: TableEntry, entry: Entry) -> str | None:
    """The key that a column of a protected table names, in the table where that is no reference."""
    seen: set[str] = set()
    while not table.public and table.name not in seen:
        seen.add(table.name)
        if table.unit_column == column.name:
            return UNIT
        parent = entry.parent(table) if table.path is not None and table.path.column == column.name else None
        if parent is None and column.references is not None:
            name, _, key = column.references.partition(".")
            found = entry.table(name)
            target = found.column(key) if found else None
            parent = (found, target) if found and target and (target.key or found.unit_column == key) else None
        if parent is None:
            return f"{table.name}.{column.name}" if column.key else None
        table, column = parent
    return None


def _term(column: ColumnEntry, stored: s.Column, facts: ColumnFacts | None) -> Term:
    low: Bound = stored.lower
    high: Bound = stored.upper
    domain = column.domain or ((False, True) if stored.type == s.BOOLEAN else None)
    if facts is not None and domain is None and facts.values:
        domain = facts.values
    if stored.type == s.DATE:
        days = column.bounds or (column.domain and (min(column.domain), max(column.domain)))
        if days is None and facts is not None and facts.least is not None:
            days = facts.least, facts.most
        low, high = days or (None, None)
    nullable = not column.required and (facts is None or facts.nulls > 0)
    return Term(stored, low, high, nullable, domain)


def _names(entry: Entry) -> str:
    named = [table.name for table in entry.tables if not table.public or entry.protection == "exact"]
    return " or ".join(named) or "one of its protected tables"
