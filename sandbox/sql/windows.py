"""Windows: columns that look at other rows of their partition – of the same unit, or of the same released groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from sqlglot import exp

from sandbox.plan import scalar as s
from sandbox.plan.ordering import node_key
from sandbox.plan.parts import Fold, Frame, Order, Over, Place
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
WHOLE: Frame = (None, None)


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
        frame = self._frame(node, kind, order)
        if frame == WHOLE:
            frame, order = None, order if folded_as is None else ()
        elif frame is not None and fold not in ("rows", "values"):
            term = replace(term, nullable=True)  # there may be no row in it
        return self._column(fold, expr, term, partition, order, step, frame)

    def _column(
        self,
        what: Fold | Place,
        expr: s.Scalar | None,
        term: Term,
        partition: tuple[s.Scalar, ...],
        order: tuple[Order, ...],
        step: int,
        frame: Frame | None,
    ) -> Term:
        bounded = self._row.builder.digits and not self._row.builder.released
        low, high = bounds(Folded("rows", None, term), bool(bounded))
        over = Over(self._statement.name("window"), what, expr, partition, order, term.type, low, high, step, frame)
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
        if found.args.get("alias") is not None:
            raise refuse(f"The window {name.name[:60]} is made of another; write its parts out.")
        return found.args.get(part)

    def _step(self, function: exp.Expr) -> int:
        if function.args.get("default") is not None:
            raise refuse(f"{quote(function)} takes no value for missing rows; write COALESCE around it.")
        offset = function.args.get("offset")
        return 1 if offset is None else whole(offset, 0, MOST_STEP, quote(function))

    def _frame(self, node: exp.Window, kind: type[exp.Expr], order: tuple[Order, ...]) -> Frame | None:
        """The frame, None for the usual one: up to the row and its peers. Raises `Problem`."""
        spec = self._chosen(node, "spec")
        if kind is exp.LastValue and order and spec is None:
            raise refuse(
                "LAST_VALUE … ORDER BY ends at the current row; turn the order round and write FIRST_VALUE, or add "
                "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING."
            )
        if spec is None:
            return None
        if kind in _RANKS or kind in _STEPS:
            raise refuse(f"{quote(node)} looks at the whole partition; remove the frame.")
        frame = _edge(spec, "start", node), _edge(spec, "end", node)
        if spec.args.get("exclude") or spec.args.get("kind") not in ("ROWS", "RANGE"):
            raise refuse(f"{quote(node)}: write ROWS BETWEEN … AND … without EXCLUDE; other frames are not built.")
        if spec.args.get("kind") == "RANGE" and frame != WHOLE:
            if frame == (None, 0) and kind not in _ENDS:
                return None
            raise refuse(f"{quote(node)}: of RANGE frames only those from UNBOUNDED PRECEDING are built; write ROWS.")
        if frame[0] is not None and frame[1] is not None and frame[0] > frame[1]:
            raise refuse(f"{quote(node)}: the frame ends before it starts; write the smaller place first.")
        if frame != WHOLE and not order:
            raise refuse(f"{quote(node)}: a frame counts rows in an order; add ORDER BY.")
        return frame


def _edge(spec: exp.Expr, end: str, node: exp.Window) -> int | None:
    """Where a frame starts or ends, counted from the row itself; None for the end of the partition."""
    written, side = spec.args.get(end), str(spec.args.get(f"{end}_side") or "").upper()
    if written is None or written == "CURRENT ROW":  # a frame of one end goes up to the row itself
        return 0
    if written == "UNBOUNDED":
        if side != ("PRECEDING" if end == "start" else "FOLLOWING"):
            raise refuse(f"{quote(node)}: a frame starts at UNBOUNDED PRECEDING and ends at UNBOUNDED FOLLOWING.")
        return None
    assert isinstance(written, exp.Expr)
    return whole(written, 0, MOST_STEP, f"The end of a frame in {quote(node)}") * (-1 if side == "PRECEDING" else 1)


def named_windows(tree: exp.Select) -> dict[str, exp.Window]:
    """Give what WINDOW defines, by its name in small letters."""
    return {str(one.this.name).lower(): one for one in tree.args.get("windows") or []}
