"""How much a statement stands for, over all of its levels."""

from __future__ import annotations

from sqlglot import exp

from sandbox.plan import scalar as s
from sandbox.sql.terms import quote, refuse

MOST_BUILT = 100_000  # parts: NULLIF, COALESCE, BETWEEN and CASE x repeat an operand, so that text of n can mean 2ⁿ
DEEPEST = 70  # additions in each other, or what is as deep: whoever reads a plan recurses at each
MOST_LISTED = 30_000  # values that are computed to list those of expressions, about 10 µs each


class Meter:
    """Counts what a statement builds: a subquery's column can be repeated by the next one."""

    def __init__(self) -> None:
        self._sizes: dict[int, tuple[s.Scalar, int, int]] = {}
        self._built = 0
        self._listed = 0

    def add(self, node: s.Scalar, written: exp.Expr) -> None:
        """Count `node`. Raises `Problem` when it is too deep or all is too much, whatever its text looks like."""
        size, depth = self._measure(node)
        self._built += size
        if self._built > MOST_BUILT:
            raise refuse(f"{quote(written)} repeats its parts too often; nest NULLIF, COALESCE, BETWEEN and CASE less.")
        if depth > DEEPEST:
            raise refuse(f"{quote(written)} stands for too much in itself; nest it, or the subqueries below it, less.")

    def spend(self, values: int) -> None:
        """Count values that are computed at once. Raises `Problem` when all are too many."""
        self._listed += values
        if self._listed > MOST_LISTED:
            raise refuse(
                f"The text computes more than {MOST_LISTED:,} values from long lists of declared ones; group or "
                "compare by the columns themselves, or ask in several questions."
            )

    def _measure(self, node: s.Scalar) -> tuple[int, int]:
        """The parts of `node`, repeated ones counted each time, and its depth; looked at once."""
        if id(node) not in self._sizes:
            inner = [self._measure(child) for child in s.children(node)]
            deepest = max((depth for _, depth in inner), default=0)
            self._sizes[id(node)] = (node, 1 + sum(size for size, _ in inner), s.levels(node) + deepest)
        return self._sizes[id(node)][1:]
