"""Marks in real numbers: measurements with decimals, and scores of a model in logit space, keyed by record.

Real numbers are counted in units that are small against δ, and marked as whole numbers are. A score p is moved along
its logit ln p/(1−p), so that it stays between 0 and 1 and the order of far-apart scores stays as it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from watermarking.base import Base, Primitive, Value
from watermarking.design import Design
from watermarking.embed import embed
from watermarking.leak import Direct, Leak
from watermarking.numbers import reading

PARTS = 10_000  # units that σ is counted in
EDGE = 1e-9  # scores nearer to 0 or 1 count as that near


@dataclass(frozen=True)
class RealBase:
    """Real numbers of one kind, one for each key, with noise of standard deviation `sigma` (of logits, where `scores`);
    for scores without noise, `sigma` is the error that the product declares."""

    id: bytes
    key: str
    records: Sequence[Value]
    numbers: Sequence[float]
    sigma: float
    scores: bool = False

    def __post_init__(self) -> None:
        if len(self.records) != len(self.numbers):
            raise ValueError("each record has one number")
        if not (math.isfinite(self.sigma) and self.sigma > 0):
            raise ValueError("sigma must be positive: exact numbers carry no marks")
        if not all(map(math.isfinite, self.numbers)):
            raise ValueError("numbers must be finite")
        if self.scores and not all(0 <= number <= 1 for number in self.numbers):
            raise ValueError("scores lie between 0 and 1")

    @property
    def base(self) -> Base:
        """The numbers (or logits) in units of σ / `PARTS`, as a base to embed into and to align with."""
        numbers = map(logit, self.numbers) if self.scores else self.numbers
        values = tuple((round(number / self.sigma * PARTS),) for number in numbers)
        primitives = (Primitive("score" if self.scores else "number", Fraction(PARTS), False),)
        return Base(self.id, (self.key,), tuple((record,) for record in self.records), primitives, values)

    def copy(self, k_base: bytes, k_user: bytes) -> list[float]:
        """Give the marked numbers of one recipient, in the order of the records."""
        base = self.base
        marked = [value * self.sigma / PARTS for (value,) in embed(base, Design.of(base), k_base, k_user)]
        return [1 / (1 + math.exp(-number)) for number in marked] if self.scores else marked

    def leak(self, leak: Leak) -> Leak:
        """Give a leaked table with its numbers in units of the base, to be aligned with `view`. Of scores only columns
        whose numbers all lie between 0 and 1 are changed."""
        columns = [list(column) for column in zip(*leak.rows, strict=True)]
        for place, column in enumerate(columns):
            read = [reading(text) for text in column]
            known = [float(value) for value in read if value is not None]
            if known and (not self.scores or all(0 <= value <= 1 for value in known)):
                columns[place] = [
                    text if value is None else repr(self._unit(float(value)))
                    for text, value in zip(column, read, strict=True)
                ]
        # The keys may be numbers too, so every column is kept beside as it was.
        rows = tuple((*row, *more) for row, more in zip(leak.rows, zip(*columns, strict=True), strict=True))
        return Leak((*leak.columns, *leak.columns), rows)

    @property
    def view(self) -> Direct:
        """How a leak shows the numbers, once `leak` has turned them into units."""
        return Direct("score" if self.scores else "number", 0)

    def _unit(self, number: float) -> float:
        return round((logit(number) if self.scores else number) / self.sigma * PARTS, 3)


def logit(score: float) -> float:
    """Give ln p/(1−p), of scores at the edge that of `EDGE`."""
    kept = min(max(score, EDGE), 1 - EDGE)
    return math.log(kept / (1 - kept))
