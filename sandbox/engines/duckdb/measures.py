"""What is measured of a row, and of the rows of a group, as SQL trees."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from sandbox.engines.duckdb.facts import Facts
from sandbox.engines.duckdb.scalars import Scalars, clamped
from sandbox.engines.duckdb.scans import Cell
from sandbox.engines.duckdb.terms import call, cast, column, digits
from sandbox.engines.layout import UNIT
from sandbox.engines.width import width
from sandbox.plan.block import WEIGHT, Measurement
from sandbox.plan.scalar import Column

BITS = 128 << 20  # bytes that the bit strings of a statement may take, in two threads


def stored_cell(m: Measurement, scalars: Scalars) -> Cell | None:
    """Give the stored column that is measured as it is, if it is one."""
    return scalars.scope.get(m.expr.name) if isinstance(m.expr, Column) else None


def value(m: Measurement, scalars: Scalars, weight: exp.Expression | None = None) -> exp.Expression:
    """The integer, bin or counted value of a row, weighed where a weight is given; NULL where it does not count."""
    if m.expr is None:
        return exp.Literal.number("1") if weight is None else weight
    if m.what in ("values", "distinct", "units"):
        cell = stored_cell(m, scalars)
        found = scalars.render(m.expr) if cell is None else cell.code()
        return found if weight is None else exp.Case(ifs=[exp.If(this=exp.Not(this=is_null(found)), true=weight)])
    own = width(m.expr)
    scale = m.scale - (WEIGHT if m.norm else 0)
    if scale < own.scale:
        raise ValueError("a sum keeps the exact precision of its rows")
    number = clamped(scalars.number(m.expr, own.at(scale)), m.lower, m.upper, m.centre, _ends(m, scalars, scale))
    return number if weight is None else exp.Mul(this=cast(number, "HUGEINT"), expression=weight)


def _ends(m: Measurement, scalars: Scalars, scale: int) -> tuple[int, int] | None:
    """The least and the most that a stored number can be."""
    cell = stored_cell(m, scalars)
    if cell is None or cell.stored.least is None or cell.stored.most is None:
        return None
    finer: int = 10 ** (scale - cell.stored.scale)
    return cell.stored.least * finer, cell.stored.most * finer


@dataclass(frozen=True)
class Counting:
    """How to count: `groups` there can be (None: unknown), `units` of codes (None: codes are not dense), `first`: what
    says that a row is its unit's first in its group. `once`: a unit has one row in a group at most."""

    facts: Facts
    scalars: Scalars
    groups: int | None
    first: exp.Expression | None
    once: bool

    def aggregate(self, m: Measurement, measured: str) -> exp.Expression:
        """Give the measurement of a group; `measured` is the column of its values."""
        match m.what:
            case "rows":
                return exp.Count(this=exp.Star())
            case "values":
                return exp.Count(this=column(measured))
            case "units":
                return self._units(m, measured)
            case "distinct":
                return self._distinct(m, measured)
            case _:
                return summed(column(measured))

    def _units(self, m: Measurement, measured: str) -> exp.Expression:
        if self.once:
            return exp.Count(this=exp.Star() if m.expr is None else column(measured))
        if m.expr is None and self.first is not None:
            return exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=self.first.copy()))
        unit: exp.Expression = column(UNIT)
        if m.expr is not None:
            unit = exp.Case(ifs=[exp.If(this=exp.Not(this=is_null(column(measured))), true=unit)])
        return self._different(unit, self.facts.units if self.facts.whole else None)

    def _distinct(self, m: Measurement, measured: str) -> exp.Expression:
        cell = stored_cell(m, self.scalars)
        coded = cell is not None and cell.coded
        codes = len(cell.stored.domain) or self.facts.codes[str(cell.stored.dictionary)] if cell and coded else None
        return self._different(column(measured), codes)

    def _different(self, code: exp.Expression, codes: int | None) -> exp.Expression:
        """Count different values: by a bit for each code where that is not too much."""
        if codes and self.groups is not None and self.groups * (codes // 8 + 16) * 2 <= BITS:
            bits = call("bitstring_agg", code, digits(0), digits(codes - 1))
            return exp.Coalesce(this=call("bit_count", bits), expressions=[digits(0)])
        return exp.Count(this=exp.Distinct(expressions=[code]))


def summed(values: exp.Expression) -> exp.Expression:
    """Give the sum of a group, 0 when there is nothing in it."""
    return exp.Coalesce(this=exp.Sum(this=values), expressions=[digits(0)])


def is_null(value: exp.Expression) -> exp.Expression:
    """Give (value IS NULL)."""
    return exp.Paren(this=exp.Is(this=value, expression=exp.null()))
