"""The columns of an answer: how far a released aggregate can reach, and what it is called without an alias."""

from __future__ import annotations

from decimal import Decimal

from sqlglot import exp

from sandbox.plan import scalar as s
from sandbox.plan.plan import STATISTICS
from sandbox.sql.aggregates import MEASURES
from sandbox.sql.draft import COUNTS, Ask
from sandbox.sql.terms import Bound

MOST_ROWS = 10**12  # a table has fewer rows
MOST_NOISE = Decimal(10) ** 20  # the sampler's samples fit 64 bits


def reach(wanted: Ask) -> tuple[Bound, Bound]:
    """How far a released aggregate can reach, noise included; None for a date."""
    span = None if wanted.term is None or wanted.what in COUNTS else wanted.term.range
    if wanted.type == s.DATE:
        return None, None
    if span is None:
        return -MOST_NOISE, MOST_NOISE
    if wanted.what in ("average", "quantile", *STATISTICS):
        return _reach(wanted, span) if wanted.what in STATISTICS else span
    most = max(abs(span[0]), abs(span[1])) * MOST_ROWS + MOST_NOISE
    return -most, most


def _reach(wanted: Ask, span: tuple[Decimal, Decimal]) -> tuple[Decimal, Decimal]:
    """How far a statistic can reach: no slope is steeper than the whole range over the smallest step."""
    far, second = span[1] - span[0], wanted.second
    low, high = span if second is None or second.range is None else second.range
    steepest = far * Decimal(1).scaleb(second.type.scale if second else 0)
    most = {
        "stddev": far,
        "corr": Decimal(1),
        "regr_r2": Decimal(1),
        "regr_sxx": far * far * MOST_ROWS + MOST_NOISE,
        "regr_syy": far * far * MOST_ROWS + MOST_NOISE,
        "regr_sxy": far * (high - low) * MOST_ROWS + MOST_NOISE,
        "regr_slope": steepest,
        "regr_intercept": max(map(abs, span)) + steepest * max(abs(low), abs(high)),
    }.get(wanted.what.partition("_")[0] if wanted.what.startswith("stddev") else wanted.what, far * (high - low))
    return (Decimal(0) if STATISTICS[wanted.what][0] == "aa" or wanted.what == "regr_r2" else -most), most


def name_of(node: exp.Expr, place: int) -> str:
    """Give the name of a column of the answer that has no alias."""
    inner = node.unnest()
    if isinstance(inner, exp.Filter):
        inner = inner.this.unnest()
    if isinstance(inner, exp.Column):
        return inner.name
    if isinstance(inner, exp.AggFunc):
        argument = inner.this.expressions[0] if isinstance(inner.this, exp.Distinct) else inner.this
        measure = MEASURES.get(type(inner), "")
        function = measure if measure in STATISTICS else inner.sql_name().lower()
        return f"{function}_{argument.name}" if isinstance(argument, exp.Column) else function
    if isinstance(inner, (exp.Year, exp.Quarter, exp.Month, exp.Day)):
        return type(inner).__name__.lower()
    if isinstance(inner, exp.Extract):
        return str(inner.this.this).lower()
    return f"column_{place}"
