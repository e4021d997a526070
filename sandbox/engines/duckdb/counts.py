"""Rows and units counted by the ordinals of the index, where nothing else is measured.

DuckDB copies what a condition keeps, and bounds keep nearly all rows: a third of the time. Counted is instead how many
rows meet the condition, which in a byte each is r < R·(g < L); a group that has none was not there."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from sandbox.engines.duckdb.bounding import Limits
from sandbox.engines.duckdb.terms import call, cast, column, digits
from sandbox.plan.block import Measurement

ROW, GROUP = "__r", "__g"
"""The columns of the ordinals: of a row in its unit's group, of the group."""


def counted(picked: Sequence[Measurement], limits: Limits) -> list[exp.Expression] | None:
    """Give the counts of rows and units that the limits leave; None where they are not all such counts."""
    if any(m.what not in ("rows", "units") or m.expr is not None for m in picked):
        return None
    return [_count(1 if m.what == "units" else limits.rows, limits.groups) for m in picked]


def _count(rows: int | None, groups: int | None) -> exp.Expression:
    inside = None if groups is None else exp.LT(this=column(GROUP), expression=digits(groups))
    if rows is None:
        return exp.Count(this=exp.Star()) if inside is None else _true(inside)
    if inside is None:
        return _true(exp.LT(this=column(ROW), expression=digits(rows)))
    allowed: exp.Expression = cast(exp.Paren(this=inside), "UTINYINT")
    if rows > 1:
        allowed = exp.Mul(this=allowed, expression=cast(digits(rows), "UTINYINT"))
    return _true(exp.LT(this=column(ROW), expression=allowed))


def _true(condition: exp.Expression) -> exp.Expression:
    return cast(call("count_if", condition), "BIGINT")  # of 128 bits otherwise
