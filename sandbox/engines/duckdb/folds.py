"""Aggregates and window columns as SQL trees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from sandbox.engines.duckdb.scalars import Scalars
from sandbox.engines.duckdb.terms import column, digits
from sandbox.plan.parts import Aggregate, Frame, Order, Over

SIDES = ("PRECEDING", "FOLLOWING")


@dataclass(frozen=True)
class Folds:
    """Renders what looks at many rows."""

    scalars: Scalars

    def fold(self, one: Aggregate, places: Sequence[str]) -> exp.Expression:
        if one.expr is None:
            return exp.Count(this=exp.Star())
        if one.what == "first":
            order = [exp.Ordered(this=column(place), nulls_first=True) for place in places]
            return exp.First(this=exp.Order(this=self.scalars.render(one.expr), expressions=order))
        return self._folded(one, [])

    def _folded(
        self,
        one: Aggregate | Over,
        partition: Sequence[exp.Expression],
        order: Sequence[exp.Expression] = (),
        spec: exp.WindowSpec | None = None,
    ) -> exp.Expression:
        """An aggregate, over a window if there is a partition."""

        def within(function: exp.Expression) -> exp.Expression:
            if not partition:
                return function
            return exp.Window(this=function, partition_by=list(partition), order=_by(order), spec=spec and spec.copy())

        if one.expr is None:
            return within(exp.Count(this=exp.Star()))
        value = self.scalars.render(one.expr)
        match one.what:
            case "values":
                return within(exp.Count(this=value))
            case "distinct":
                return within(exp.Count(this=exp.Distinct(expressions=[value])))
            case "sum":
                return within(exp.Sum(this=value))
            case "min":
                return within(exp.Min(this=value))
            case "max":
                return within(exp.Max(this=value))
            case "every":
                return within(exp.LogicalAnd(this=value))
            case "some":
                return within(exp.LogicalOr(this=value))
            case "average":
                finer = 10 ** (one.type.scale - self.scalars.scale(one.expr))
                return self.scalars.average(within(exp.Sum(this=value)), within(exp.Count(this=value.copy())), finer)
            case _:
                raise ValueError(f"no window has {one.what}")

    def over(self, one: Over, unit: Sequence[exp.Expression], places: Sequence[str]) -> exp.Expression:
        partition = [*unit, *(self.scalars.render(expr) for expr in one.partition)]
        order = [self.ordered(by) for by in one.order]
        ties = [exp.Ordered(this=column(place), nulls_first=True) for place in places]
        match one.what:
            case "row_number":
                return exp.Window(this=exp.RowNumber(), partition_by=partition, order=_by([*order, *ties]))
            case "rank" | "dense_rank":
                if not order:
                    return digits(1)
                rank = exp.Rank() if one.what == "rank" else exp.DenseRank()
                return exp.Window(this=rank, partition_by=partition, order=_by(order))
            case "lag" | "lead":
                assert one.expr is not None
                step = (exp.Lag if one.what == "lag" else exp.Lead)(
                    this=self.scalars.render(one.expr), offset=digits(one.step)
                )
                return exp.Window(this=step, partition_by=partition, order=_by([*order, *ties]))
            case "first" | "last":
                assert one.expr is not None
                value = (exp.FirstValue if one.what == "first" else exp.LastValue)(this=self.scalars.render(one.expr))
                spec = _spec(one.frame or (None, None))
                return exp.Window(this=value, partition_by=partition, order=_by([*order, *ties]), spec=spec)
            case _ if one.frame is not None:
                one_of_all = partition or [exp.Literal.number("1")]
                return self._folded(one, one_of_all, [*order, *ties], _spec(one.frame))
            case _:
                return self._folded(one, partition or [exp.Literal.number("1")], order)

    def ordered(self, by: Order) -> exp.Expression:
        """Give an expression of ORDER BY."""
        return exp.Ordered(this=self.scalars.render(by.expr), desc=by.descending, nulls_first=by.nulls_first)


def over(
    function: exp.Expression, partition: Sequence[exp.Expression], order: Sequence[exp.Expression]
) -> exp.Expression:
    """Give `function OVER (PARTITION BY … ORDER BY … NULLS FIRST)`."""
    return exp.Window(
        this=function,
        partition_by=list(partition),
        order=_by([exp.Ordered(this=one, nulls_first=True) for one in order]),
    )


def _spec(frame: Frame) -> exp.WindowSpec:
    """Give ROWS BETWEEN … AND …."""
    (start, start_side), (end, end_side) = (_edge(at, side) for at, side in zip(frame, SIDES, strict=True))
    return exp.WindowSpec(kind="ROWS", start=start, start_side=start_side, end=end, end_side=end_side)


def _edge(at: int | None, unbounded: str) -> tuple[str | exp.Expression, str | None]:
    if at is None:
        return "UNBOUNDED", unbounded
    return ("CURRENT ROW", None) if at == 0 else (digits(abs(at)), SIDES[at > 0])


def _by(order: Sequence[exp.Expression]) -> exp.Order | None:
    return exp.Order(expressions=list(order)) if order else None
