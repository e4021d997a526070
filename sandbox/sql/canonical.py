"""One form for relations of one meaning: columns that nothing reads are left out, and tables and computed columns are
numbered in the order in which they appear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any, TypeVar

from sandbox.plan import relation as r
from sandbox.plan import scalar as s
from sandbox.plan.ordering import node_key, unique_sorted
from sandbox.plan.parts import Aggregate, Named, Order, Over, Paired
from sandbox.plan.walk import expressions, stored
from sandbox.sql.fields import names, reads

_FLIP = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_Part = TypeVar("_Part", Named, Aggregate, Over)


def pruned(node: r.Relation, wanted: frozenset[str]) -> r.Relation:
    """Give the relation without the columns that neither `wanted` names nor it reads itself."""
    below = wanted.union(*(reads(expr) for expr in expressions(node)))
    match node:
        case r.Scan() | r.Public():
            kept = [column for column in node.columns if column.name in wanted]
            return replace(node, columns=tuple(sorted(kept, key=lambda column: column.name)))
        case r.Released():
            return replace(node, columns=tuple(column for column in node.columns if column.name in wanted))
        case r.Values():
            at = [place for place, column in enumerate(node.columns) if column.name in wanted]
            cells = tuple(tuple(row[place] for place in at) for row in node.cells)
            return r.Values(tuple(node.columns[place] for place in at), cells)
        case r.Project():
            named = tuple(one for one in node.named if one.name in wanted)
            source = pruned(node.source, frozenset().union(*(reads(one.expr) for one in named)))
            return r.Project(source, named) if named else source
        case r.Join() if _adds_nothing(node.right, wanted) and _free(node):
            return pruned(node.left, wanted)
        case r.Join() if _adds_nothing(node.left, wanted) and _free(node):
            return pruned(node.right, wanted)
        case r.Join() | r.Semi():
            found = replace(node, left=pruned(node.left, below), right=pruned(node.right, below))
            return found.left if isinstance(found, r.Join) and _free(found) and _alone(found.right) else found
        case r.Union():
            return _union(node, wanted)
        case r.Group():
            kept_too = tuple(one for one in node.aggregates if one.name in wanted)
            if not (node.keys or kept_too) and node.state != "unit":  # one row, whatever there is below
                return r.Values((), ((),))
            own = [*(reads(key.expr) for key in node.keys), *(reads(part) for one in kept_too for part in one.parts)]
            return r.Group(pruned(node.source, frozenset().union(*own)), node.keys, kept_too)
        case r.Window():
            over = tuple(one for one in node.over if one.name in wanted)
            source = pruned(node.source, wanted.union(*(reads(part) for one in over for part in one.parts)))
            return r.Window(source, over) if over else source
        case _:
            return replace(node, source=pruned(node.source, below))


def _free(node: r.Join) -> bool:
    return node.how == "inner" and not node.equal and node.condition is None


def _adds_nothing(node: r.Relation, wanted: frozenset[str]) -> bool:
    return isinstance(node, r.Values) and len(node.cells) == 1 and names(node).isdisjoint(wanted)


def _alone(node: r.Relation) -> bool:
    return isinstance(node, r.Values) and len(node.cells) == 1 and not node.columns


def _union(node: r.Union, wanted: frozenset[str]) -> r.Relation:
    """The sources keep the same columns: projections, of one column at least, which is 1 where nothing is read."""
    kept = frozenset(column.name for column in node.columns if column.name in wanted)
    sources = tuple(pruned(source, kept) for source in node.sources)
    if not kept:
        one = (Named(node.columns[0].name if node.columns else r.NUMBER, s.Constant(1, s.INTEGER)),)
        sources = tuple(r.Project(source, one) for source in sources)
    return r.Union(sources)


class Renaming:
    """Gives tables and columns new names, the same ones wherever they stand again."""

    def __init__(self, number: Callable[[], int], name: Callable[[str], str]) -> None:
        self.names: dict[str, str] = {}
        self._number, self._name = number, name

    def relation(self, node: r.Relation) -> r.Relation:
        """Give the relation under new names."""
        match node:
            case r.Scan() | r.Public():
                return self._table(node)
            case r.Released():
                return node
            case r.Values():
                return r.Values(tuple(self._column(one) for one in node.columns), node.cells)
            case r.Filter():
                return r.Filter(self.relation(node.source), self.scalar(node.condition))
            case r.Project():
                return r.Project(self.relation(node.source), self._parts(node.named))
            case r.Join() | r.Semi():
                left, right = self.relation(node.left), self.relation(node.right)
                pairs = [(self.scalar(one), self.scalar(other)) for one, other in node.equal]
                equal = tuple(sorted(pairs, key=node_key))
                condition = None if node.condition is None else self.scalar(node.condition)
                return replace(node, left=left, right=right, equal=equal, condition=condition)
            case r.Union():
                return r.Union(tuple(self.relation(source) for source in node.sources))
            case r.Group():
                return r.Group(self.relation(node.source), self._parts(node.keys), self._parts(node.aggregates))
            case r.Window():
                return r.Window(self.relation(node.source), self._parts(node.over))
            case r.Worked():
                raise ValueError("no text has a program in it")
            case r.Sort():
                return replace(node, source=self.relation(node.source), order=self._order(node.order))

    def scalar(self, node: s.Scalar) -> s.Scalar:
        """Give the expression under new names, its parts in canonical order."""
        if isinstance(node, s.Column):
            return replace(node, name=self.names.get(node.name, node.name))
        node = s.mapped(node, self.scalar)
        if isinstance(node, s.Logic):
            args = unique_sorted(node.args)
            return replace(node, args=args) if len(args) > 1 else args[0]
        turned = isinstance(node, s.Compare) and not isinstance(node.right, s.Constant)
        if isinstance(node, s.Compare) and turned and node_key(node.right) < node_key(node.left):
            return s.Compare(_FLIP[node.op], node.right, node.left)  # type: ignore[arg-type]
        return node

    def _table(self, node: r.Scan | r.Public) -> r.Relation:
        number = self._number()
        for column in node.columns:
            self.names[column.name] = stored(column) + (f"{r.NUMBER}{number}" if number else "")
        return replace(node, number=number, columns=tuple(self._column(one) for one in node.columns))

    def _column(self, column: s.Column) -> s.Column:
        return replace(column, name=self._new(column.name))

    def _new(self, name: str) -> str:
        if name not in self.names:
            self.names[name] = self._name(name)
        return self.names[name]

    def _parts(self, parts: tuple[_Part, ...]) -> tuple[_Part, ...]:
        return tuple(self._part(one) for one in parts)

    def _part(self, one: _Part) -> _Part:
        expr = None if one.expr is None else self.scalar(one.expr)
        changed: dict[str, Any] = {"name": self._new(one.name), "expr": expr}
        if isinstance(one, Paired):
            changed["second"] = self.scalar(one.second)
        if isinstance(one, Over):
            changed["partition"] = unique_sorted(self.scalar(part) for part in one.partition)
            changed["order"] = self._order(one.order)
        return replace(one, **changed)

    def _order(self, order: tuple[Order, ...]) -> tuple[Order, ...]:
        return tuple(replace(one, expr=self.scalar(one.expr)) for one in order)


def canonical() -> Renaming:
    """Give the renaming of a finished relation: tables from 0 on, computed columns by numbers alone."""
    computed = count()
    tables = count()
    return Renaming(lambda: next(tables), lambda _: f"{r.NUMBER}{next(computed)}")


__all__ = ["Renaming", "canonical", "names", "pruned"]
