"""FROM: tables, subqueries, lists of values, and how they are joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from sandbox.plan import relation as r
from sandbox.plan import scalar as s
from sandbox.sql.choices import case
from sandbox.sql.columns import Entry, Row, of
from sandbox.sql.conditions import is_null, negate
from sandbox.sql.fields import Field, Table, lone, names, plain, projected
from sandbox.sql.links import Link, conjuncts, link, linked
from sandbox.sql.rules.join import How, Leaf, Part, Step, joined_on, leaves
from sandbox.sql.rules.own import own_table
from sandbox.sql.rules.table import renamed, table, values
from sandbox.sql.statement import MOST_TABLES, Scope, Statement
from sandbox.sql.terms import quote, refuse

_SIDES: dict[str, How] = {"": "inner", "LEFT": "left", "RIGHT": "left", "FULL": "full"}


@dataclass
class From:
    """What FROM has: the parts to be joined, and their fields. `whole`: no part can lose its rows above, so that a
    condition on all rows may stand within."""

    part: Part
    entries: list[Entry]
    whole: bool = True


class Sources:
    """Reads one FROM, `outer` the row around it if it is that of an EXISTS."""

    def __init__(self, scope: Scope, statement: Statement, outer: Row | None = None) -> None:
        self._scope, self._statement, self._outer = scope, statement, outer
        self._kept_apart = False
        self._seen: set[str] = set()

    def read(self, tree: exp.Select) -> From:
        """Give what FROM has; without it, one row without columns."""
        first = tree.args.get("from_")
        if first is None:
            return From(Leaf(r.Values((), ((),))), [])
        joins = tree.args.get("joins") or []
        if len(joins) >= MOST_TABLES:
            raise refuse(f"FROM joins {len(joins) + 1} tables; join at most {MOST_TABLES}.")
        self._kept_apart = any(_side(one) for part in (first, *joins) for one in part.find_all(exp.Join))
        return self._joined(self._item(first.this), joins)

    def _joined(self, left: From, joins: Sequence[exp.Join]) -> From:
        for join in joins:
            left = self._join(left, join)
        return left

    def _item(self, node: exp.Expr) -> From:
        joins = node.args.get("joins") or []
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table | exp.Subquery | exp.Values):
            if node.args.get("alias"):
                raise refuse("Joined tables in brackets have no alias; give each table its own.")
            found = self._item(node.this)
        else:
            found = self._leaf(*self._read(node))
        return self._joined(found, joins)

    def _read(self, node: exp.Expr) -> tuple[Table, list[Entry] | None, exp.Expr | None]:
        """A table, its entries where they are not just those under an alias, and the alias."""
        alias = node.args.get("alias")
        if isinstance(node, exp.Subquery):
            return self._statement.query(node.this, self._scope), None, alias
        if isinstance(node, exp.Values):
            return values(node, self._statement), None, alias
        if not isinstance(node, exp.Table):
            raise refuse(f"{quote(node)} stands in FROM without brackets; put it in brackets.")
        if not node.args.get("db") and node.name.lower() in self._scope:
            found = again(self._scope[node.name.lower()], self._statement)
            return found, None, alias or exp.TableAlias(this=node.this)
        found, entries = own_table(node, self._statement) or table(node, self._statement)
        return found, None if alias else entries, alias

    def _leaf(self, found: Table, entries: list[Entry] | None, alias: exp.Expr | None) -> From:
        if self._kept_apart or self._outer or names(found.relation) & self._seen:
            found = self._apart(found)
        self._seen |= names(found.relation)
        if entries is None:
            fields = renamed(found.fields, alias)
            entries = of(fields, alias.name if alias is not None else None)
        else:
            entries = [replace(entry, field=field) for entry, field in zip(entries, found.fields, strict=True)]
        return From(Leaf(found.relation), entries)

    def _apart(self, found: Table) -> Table:
        """A side that may be missing has columns, not expressions, which could have a value without a row."""
        repeated = self._seen & names(found.relation) or (self._outer and found.relation.state == "released")
        if plain(found) and not repeated:
            return found
        return projected(found, [self._statement.name(field.name) for field in found.fields])

    def _join(self, left: From, join: exp.Join) -> From:
        side, how = _side(join), _SIDES[_side(join)]
        right = self._item(join.this)
        turned = side == "RIGHT"
        step = Step(how, right.part, left.part) if turned else Step(how, left.part, right.part)
        row = Row([*left.entries, *right.entries], self._statement, outer=self._outer, released=lambda: _released(step))
        entries, links = self._shared(left, right, join, row)
        if join.args.get("on") is not None:
            links += [link(one, row, "ON") for one in conjuncts(join.args["on"])]
        elif side and not links:
            raise refuse(f"{side} JOIN needs a condition; write ON … or USING (…).")
        for one in links:
            joined_on(step, one)
        missing_left, missing_right = how == "full" or turned, how == "full" or (side == "LEFT")
        merged = len(entries) - len(left.entries) - len(right.entries)
        after = [*entries[:merged]]
        for place, entry in enumerate(entries[merged:]):
            lost = missing_left if place < len(left.entries) else missing_right
            after.append(replace(entry, field=lone(entry.field)) if lost else entry)
        return From(step, after, left.whole and right.whole and not turned and how != "full")

    def _shared(self, left: From, right: From, join: exp.Join, row: Row) -> tuple[list[Entry], list[Link]]:
        """The entries with those that USING merges in front, which no longer count apart, and their equalities."""
        shared = list(join.args.get("using") or [])
        if join.args.get("method"):
            mine = {entry.field.name.lower() for entry in left.entries if entry.bare}
            both = [entry.field.name for entry in right.entries if entry.bare and entry.field.name.lower() in mine]
            shared = [exp.to_identifier(name, quoted=True) for name in both]
            if not shared:
                raise refuse("NATURAL JOIN finds no column that both sides have; write ON …")
        merged, links, gone = [], [], set()
        sides = [Row(one.entries, self._statement) for one in (left, right)]
        for name in shared:
            fields = [side.column(exp.Column(this=_loose(name))) for side in sides]
            links.append(
                linked(fields[0], fields[1], row) if None in (fields[0].term, fields[1].term) else _equal(fields, row)
            )
            merged.append(Entry(frozenset(), _merged(fields, _side(join))))
            gone.add(fields[0].name.lower())
        rest = [
            replace(entry, bare=entry.bare and entry.field.name.lower() not in gone)
            for entry in (*left.entries, *right.entries)
        ]
        return [*merged, *rest], links


def again(found: Table, statement: Statement) -> Table:
    """Give what WITH defines once more: rows of tables that are read anew, or the same released groups."""
    from sandbox.sql.canonical import Renaming

    if found.relation.state == "released":
        statement.count(found.relation)
        return found
    statement.count(found.relation)
    renaming = Renaming(statement.number, statement.name)
    relation = renaming.relation(found.relation)
    fields = []
    for field in found.fields:
        term = None if field.term is None else replace(field.term, node=renaming.scalar(field.term.node), listing=None)
        column = None if field.column is None else renaming.scalar(field.column)
        assert column is None or isinstance(column, s.Column)
        fields.append(replace(field, term=term, column=column))
    return Table(relation, tuple(fields))


def _side(join: exp.Join) -> str:
    side, kind, method = (str(join.args.get(part) or "").upper() for part in ("side", "kind", "method"))
    if method not in ("", "NATURAL"):
        raise refuse(f"{method} JOIN is not built; write JOIN … ON.")
    if kind in ("SEMI", "ANTI"):
        raise refuse(f"Write WHERE {'NOT ' if kind == 'ANTI' else ''}EXISTS (…) instead of {kind} JOIN.")
    if kind not in ("", "INNER", "OUTER", "CROSS") or side not in _SIDES:
        raise refuse(f"{quote(join)} is not one of the joins that are built; write JOIN, LEFT, RIGHT or FULL JOIN.")
    return side


def _released(step: Step) -> bool:
    return any(relation.state == "released" for relation in leaves(step))


def _loose(name: exp.Expr) -> exp.Identifier:
    if not isinstance(name, exp.Identifier):
        raise refuse(f"USING takes columns of both sides; write their names instead of {quote(name)}.")
    return name


def _equal(fields: Sequence[Field], row: Row) -> Link:
    from sandbox.sql.conditions import compare

    left, right = fields
    assert left.term is not None and right.term is not None
    found = compare("=", left.term, right.term).node
    same = left.kin is not None and left.kin == right.kin
    if same and isinstance(left.node, s.Column) and isinstance(right.node, s.Column):
        return Link(found, (left.node.name, right.node.name), left.unit and right.unit)
    return Link(found)


def _merged(fields: Sequence[Field], side: str) -> Field:
    """The one column that USING makes of two: that of the side that is never missing, or the first that is there."""
    left, right = fields
    if side != "FULL":
        return right if side == "RIGHT" else left
    if left.unit and right.unit:
        return replace(left, partial=True)
    if left.term is None or right.term is None:
        raise refuse("FULL JOIN can merge units and plain columns only; write ON … for other identifiers.")
    both = case([(negate(is_null(replace(left.term, nullable=True))), left.term)], right.term)
    return Field(left.name, replace(both, nullable=left.term.nullable or right.term.nullable))
