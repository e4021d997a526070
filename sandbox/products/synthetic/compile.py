"""From the specification to a plan: a count of units for each marginal, and how ρ is shared between them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sandbox.plan.block import Block, Bounds, Key, Measurement
from sandbox.plan.drawn import Coded, Drawn
from sandbox.plan.relation import Relation
from sandbox.plan.scalar import INTEGER, Case, Column, Compare, Constant, IsNull, Scalar
from sandbox.privacy.calibrate import sigma_for

GRAIN = Decimal("1e-18")


def blocks(rows: Relation, columns: Sequence[Column], drawn: Drawn, rho: Decimal, evaluation: Decimal) -> list[Block]:
    """Give a block for each marginal. Those that are only looked at share `evaluation` of ρ, the others the rest.

    Between marginals ρ goes by cells^⅔, by which the sum of their expected errors is smallest: a marginal of c cells
    is off by c·σ in all, and σ goes by 1/√ρ (Zhang et al., PrivSyn, USENIX Security 2021, section 4.2)."""
    codes = [code(shape, column) for shape, column in zip(drawn.columns, columns, strict=True)]
    look = rho * evaluation if drawn.fitted < len(drawn.marginals) else Decimal(0)
    shares = [
        *_shared(rho - look, [drawn.cells(one) for one in drawn.marginals[: drawn.fitted]]),
        *_shared(look, [drawn.cells(one) for one in drawn.marginals[drawn.fitted :]]),
    ]
    return [
        Block(
            rows,
            tuple(
                Key(drawn.columns[place].name, codes[place], tuple(range(drawn.columns[place].size)))
                for place in marginal
            ),
            Bounds(1, 1, 1),
            (_count(share),),
            None,
        )
        for marginal, share in zip(drawn.marginals, shares, strict=True)
    ]


def code(shape: Coded, column: Column) -> Scalar:
    """Give the code of a column's value, which every row has. What is beyond the bounds is in the outermost bins."""
    none = Constant(shape.size - 1 if shape.nulls else 0, INTEGER)
    whens: list[tuple[Scalar, Scalar]] = [(IsNull(column), none)]
    if shape.values:
        for place, value in enumerate(shape.values):
            whens.append((Compare("=", column, Constant(value, column.type)), Constant(place, INTEGER)))
        return Case(tuple(whens), none, INTEGER)
    for place, edge in enumerate(shape.edges[1:-1]):
        whens.append((Compare("<", column, Constant(shape.at(edge), column.type)), Constant(place, INTEGER)))
    return Case(tuple(whens), Constant(len(shape.edges) - 2, INTEGER), INTEGER)


def _count(rho: Decimal) -> Measurement:
    sigma, charged = sigma_for(1, rho)
    return Measurement("rows", None, 0, 0, 0, 0, 1, sigma, charged)


def _shared(rho: Decimal, cells: Sequence[int]) -> list[Decimal]:
    parts = [Decimal(round(1000 * count ** (2 / 3))) for count in cells]
    return [(rho * part / sum(parts)).quantize(GRAIN, "ROUND_DOWN") for part in parts]
