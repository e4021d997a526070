"""IN, EXISTS and their negations over a subquery: whether a row has a partner among rows of its own unit, among those
of a public table, or among released groups."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from sandbox.plan import relation as r
from sandbox.plan import scalar as s
from sandbox.sql.columns import AGGREGATE, Row
from sandbox.sql.conditions import compare, logic
from sandbox.sql.fields import Field, names, projected
from sandbox.sql.filters import filtered, split
from sandbox.sql.links import Link, conjuncts, link, linked
from sandbox.sql.public import side_by_side
from sandbox.sql.rules.common import defined
from sandbox.sql.rules.join import placed, relation
from sandbox.sql.rules.source import Sources
from sandbox.sql.statement import Scope, Statement
from sandbox.sql.terms import quote, refuse, truth

_GROUPED = ("group", "having", "qualify", "limit", "offset")


@dataclass(frozen=True)
class Partner:
    """A condition that there is a partner in `right`, or, `anti`, none. `open`: a NULL in any row of `right` would make
    it unknown for all."""

    right: r.Relation
    links: tuple[Link, ...]
    anti: bool
    written: str
    open: bool = False


def partner(node: exp.Expr, row: Row, scope: Scope, statement: Statement) -> Partner | None:
    """Give the condition when `node` is one of a subquery, else None. Raises `Problem`."""
    anti, inner = False, node.unnest()
    while isinstance(inner, exp.Not):
        anti, inner = not anti, inner.this.unnest()
    if isinstance(inner, exp.Exists):
        return _exists(inner, row, scope, statement, anti)
    if isinstance(inner, exp.In) and inner.args.get("query"):
        return _member(inner, row, scope, statement, anti)
    return None


def kept(left: r.Relation, one: Partner, statement: Statement) -> r.Relation:
    """Give the rows of `left` that have such a partner. Raises `Problem` where it may not be asked."""
    _check(left, one)
    if one.open:
        raise refuse(
            f"{one.written}: a NULL of any unit would decide about all; write NOT EXISTS (… WHERE inner = outer)."
        )
    of_units = left.state == one.right.state == "unit"
    across = [found for found in one.links if found.across(names(left), names(one.right))]
    if of_units and not across:
        raise refuse(
            f"{one.written}: a subquery may look at rows of the same unit only; "
            "add the equality of the unit, for example WHERE inner.unit = outer.unit."
        )
    left_over = [found.node for found in one.links if not (of_units and found.units and found in across)]
    known = names(left) | names(one.right)
    if any(not found.reads <= known for found in one.links):
        raise refuse(f"{one.written} reads columns of a SELECT further out; name those of the next one only.")
    left, right = side_by_side(left, one.right, statement)
    equal, condition = split(left_over, left, right)
    return r.Semi(left, right, equal, condition, one.anti)


def _exists(node: exp.Exists, row: Row, scope: Scope, statement: Statement, anti: bool) -> Partner:
    select = node.this.unnest()
    if not isinstance(select, exp.Select) or not _simple(select):
        raise refuse(
            f"{quote(node)}: EXISTS takes plain rows; for groups write unit IN (SELECT unit … GROUP BY unit …)."
        )
    right, links, _ = _rows(select, row, scope, statement, None)
    return Partner(right, tuple(links), anti, quote(node))


def _member(node: exp.In, row: Row, scope: Scope, statement: Statement, anti: bool) -> Partner:
    select = node.args["query"].unnest()
    if isinstance(node.this.unnest(), exp.Tuple):
        raise refuse(f"{quote(node)}: write EXISTS, with one equality for each column.")
    if isinstance(select, exp.Select) and _simple(select):
        item = select.expressions[0] if len(select.expressions) == 1 else None
        if item is None or item.find(exp.Star):
            raise refuse(f"{quote(node)}: the subquery of IN gives one column; name it.")
        right, links, inner = _rows(select, row, scope, statement, item.unalias())
        assert inner is not None
        field = inner
    else:
        table = statement.query(select, scope)
        if table.relation.state == "released":
            table = projected(table, [statement.name(one.name) for one in table.fields])
        if len(table.fields) != 1:
            raise refuse(f"{quote(node)}: the subquery of IN gives one column; name it.")
        right, links, field = table.relation, [], table.fields[0]
    same = _same(node.this, field, row)
    unknown = _unknown(node, field, row) if anti else []
    if unknown and right.state == "unit" and not any(found.pair for found in links):
        return Partner(right, (*links, same), anti, quote(node), open=True)
    if unknown:  # NOT IN is true only where no comparison is unknown: a NULL on either side counts as a partner
        same = Link(logic("or", [truth(one) for one in (same.node, *unknown)]).node)
    return Partner(right, (*links, same), anti, quote(node))


def _rows(
    select: exp.Select, row: Row, scope: Scope, statement: Statement, item: exp.Expr | None
) -> tuple[r.Relation, list[Link], Field | None]:
    """The rows of a subquery, the conditions that reach out of it, and the field that `item` is."""
    scope = defined(select, scope, statement)
    found = Sources(scope, statement, row).read(select)
    inner = Row(found.entries, statement, outer=row)
    own = found.part.columns
    across: list[Link] = []
    nested: list[Partner] = []
    above: list[s.Scalar] = []
    pairs: list[tuple[str, str]] = []
    for one in conjuncts(select.args["where"].this) if select.args.get("where") else []:
        deeper = partner(one, inner, scope, statement)
        if deeper is not None:
            nested.append(deeper)
            continue
        condition = link(one, inner, "WHERE")
        pairs += [condition.pair] if condition.pair and condition.units else []
        if not condition.reads <= own:
            across.append(condition)
        elif not (found.whole and placed(found.part, condition)):
            above.append(condition.node)
    right = relation(found.part, statement, pairs)
    for node in above:
        right = filtered(right, node)
    for deeper in nested:
        right = kept(right, deeper, statement)
    return right, across, None if item is None else _item(item, Row(found.entries, statement))


def _item(node: exp.Expr, row: Row) -> Field:
    named = row.named(node)
    return named if named is not None else Field("", row.builder.term(node))


def _same(node: exp.Expr, field: Field, row: Row) -> Link:
    mine = row.named(node)
    if mine is not None and (mine.term is None or field.term is None):
        return linked(mine, field, row)
    if field.term is None:
        raise row.hidden(field)
    term = row.builder.term(node)
    found = Link(compare("=", term, field.term).node)
    if mine is not None and mine.kin and mine.kin == field.kin:
        return linked(mine, field, row)
    return found


def _unknown(node: exp.In, field: Field, row: Row) -> list[s.Scalar]:
    """The conditions under which a comparison is unknown."""
    mine = row.named(node.this)
    left = mine.missing if mine is not None and mine.term is None else row.builder.term(node.this)
    right = field.missing if field.term is None else field.term
    return [s.IsNull(term.node) for term in (left, right) if term is not None and term.nullable]


def _simple(select: exp.Select) -> bool:
    grouped = any(select.args.get(part) for part in _GROUPED)
    return not grouped and not any(item.find(*AGGREGATE, exp.Window) for item in select.expressions)


def _check(left: r.Relation, one: Partner) -> None:
    states = left.state, one.right.state
    if states == ("unit", "released"):
        raise refuse(f"{one.written}: released groups cannot choose among rows of units; write the values themselves.")
    if states[1] == "unit" and states[0] != "unit":
        raise refuse(f"{one.written} would show which rows there are; aggregate the protected rows first.")
