"""Windows: columns that look at other rows of their partition – of the same unit, or of the same released groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from sqlglot import exp

from sandbox.plan import scalar as s
from sandbox.plan.ordering import node_key
from sandbox.plan.parts import Fold, Order, Over, Place
from sandbox.sql.columns import Readable
from sandbox.sql.fields import typed
from sandbox.sql.folds import Folded, bounds, folded
from sandbox.sql.statement import Statement
from sandbox.sql.terms import Term, quote, refuse, whole

_RANKS: dict[type[exp.Expr], Place] = {
    exp.RowNumber: "row_number", exp.Rank: "rank", exp.DenseRank: "dense_rank",
}  # fmt: skip
_STEPS: dict[type[exp.Expr], Place] = {exp.Lag: "lag", exp.Lead: "lead"}
_ENDS: dict[type[exp.Expr], Place] = {exp.FirstValue: "first", exp.LastValue: "last"}
MOST_STEP = 1000
WHOLE = ("UNBOUNDED", "PRECEDING", "UNBOUNDED", "FOLLOWING")


class Windows:
    """Collects the window columns of one SELECT. `row` reads what stands in them, `most` bounds the rows of a
    partition; over rows of `units` a partition holds rows of one unit."""

    def __init__(
        self, row: Readable, statement: Statement, most: int, units: bool, named: Mapping[str, exp.Window]
    ) -> None:
        self._row, self._statement = row, statement
        self._most, self._units, self._named = most, units, named
        self.over: list[Over] = []
        self._terms: dict[bytes, Term] = {}

    def term(self, node: exp.Window) -> Term:
        """Give the term of a window column. Raises `Problem`."""
        function = node.this
        partition, order = self._partition(node), self._order(node)
        kind, folded_as = type(function.this if isinstance(function, exp.Filter) else function), None
        fold: Fold | Place
        expr: s.Scalar | None
        if kind in _RANKS:
            fold, expr, step = _RANKS[kind], None, 1
            term = Term(s.Constant(1, s.INTEGER), Decimal(1), Decimal(self._most), False)
        elif kind in _STEPS:
            fold, step = _STEPS[kind], self._step(function)
            term = replace(typed(self._row.builder.term(function.this)), nullable=True)
            expr = term.node
        elif kind in _ENDS:
            fold, step = _ENDS[kind], 1
            term = typed(self._row.builder.term(function.this))
            expr = term.node
        else:
            folded_as = folded(function, self._row, self._most, self._row.builder.digits)
            fold, expr, step, term = folded_as.what, folded_as.expr, 1, folded_as.term
        if fold == "distinct" and order:
            raise refuse(f"{quote(node)}: distinct values are counted over a whole partition; remove ORDER BY.")
        self._check_frame(node, kind, order, ranked=folded_as is None)
        if folded_as is not None and _frame(node) == WHOLE:
            order = ()
        return self._column(fold, expr, term, partition, order, step, quote(node))

    def _column(
        self,
        what: Fold | Place,
        expr: s.Scalar | None,
        term: Term,
        partition: tuple[s.Scalar, ...],
        order: tuple[Order, ...],
        step: int,
        written: str,
    ) -> Term:
        bounded = self._row.builder.digits and not self._row.builder.released
        low, high = bounds(Folded("rows", None, term), bool(bounded))
        over = Over(self._statement.name("window"), what, expr, partition, order, term.type, low, high, step)
        key = node_key(replace(over, name=""))
        if key not in self._terms:
            self.over.append(over)
            self._terms[key] = replace(term, node=over.column, listing=None)
        return self._terms[key]

    def _partition(self, node: exp.Window) -> tuple[s.Scalar, ...]:
        parts, owned = [], False
        for one in self._chosen(node, "partition_by") or []:
            field = self._row.named(one)
            if field is None or field.term is not None:
                parts.append(self._row.builder.term(one).node)
            elif not field.unit and field.column is not None:
                parts.append(field.column)
            owned = owned or (field is not None and field.owned)
        if self._units and not owned:
            raise refuse(
                f"{quote(node)} would look at rows of other units; write PARTITION BY {self._row.unit}"
                f"{', …' if parts else ''}."
            )
        return tuple(part for part in parts if not isinstance(part, s.Constant))

    def _order(self, node: exp.Window) -> tuple[Order, ...]:
        clause = self._chosen(node, "order")
        found = []
        for one in clause.expressions if clause else []:
            term = self._row.builder.term(one.this)
            if not term.constant:
                found.append(Order(term.node, bool(one.args.get("desc")), bool(one.args.get("nulls_first"))))
        return tuple(found)

    def _chosen(self, node: exp.Window, part: str):  # type: ignore[no-untyped-def]
        """A part of the window, or of the named one that it stands for."""
        own = node.args.get(part)
        name = node.args.get("alias")
        if own or name is None:
            return own
        found = self._named.get(name.name.lower())
        if found is None:
            raise refuse(f"WINDOW defines no {name.name[:60]}; write WINDOW {name.name[:60]} AS (…).")
        if found.args.get("alias") is not None or found.args.get("spec") is not None:
            raise refuse(f"The window {name.name[:60]} is made of another or has a frame; write its parts out.")
        return found.args.get(part)

    def _step(self, function: exp.Expr) -> int:
        if function.args.get("default") is not None:
            raise refuse(f"{quote(function)} takes no value for missing rows; write COALESCE around it.")
        offset = function.args.get("offset")
        return 1 if offset is None else whole(offset, 0, MOST_STEP, quote(function))

    def _check_frame(self, node: exp.Window, kind: type[exp.Expr], order: tuple[Order, ...], *, ranked: bool) -> None:
        frame = _frame(node)
        if frame is not None and (frame != WHOLE or (ranked and kind not in _ENDS)):
            raise refuse(
                f"{quote(node)}: frames are not built; leave the frame out, so that rows up to the current one count."
            )
        if kind is exp.LastValue and order and frame is None:
            raise refuse(
                "LAST_VALUE … ORDER BY ends at the current row; turn the order round and write FIRST_VALUE, or add "
                "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING."
            )


def _frame(node: exp.Window) -> tuple[str, ...] | None:
    spec = node.args.get("spec")
    if spec is None:
        return None
    parts = [str(spec.args.get(part) or "") for part in ("start", "start_side", "end", "end_side")]
    plain = spec.args.get("kind") in ("ROWS", "RANGE") and not spec.args.get("exclude")
    return tuple(parts) if plain else ()


def named_windows(tree: exp.Select) -> dict[str, exp.Window]:
    """Give what WINDOW defines, by its name in small letters."""
    return {str(one.this.name).lower(): one for one in tree.args.get("windows") or []}
