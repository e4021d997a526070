"""Blocks: what is measured of the rows of units, how much one unit may contribute, and the noise it gets."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from sandbox.plan.parts import reads
from sandbox.plan.relation import Filter, Relation, Scan, Worked
from sandbox.plan.scalar import Case, Column, Constant, Scalar, Value
from sandbox.plan.walk import walk

SIGMA_UNIT = 1024  # σ is a whole number of 1/1024, so that it is exact as a float and as a fraction


@dataclass(frozen=True)
class Bounds:
    """What one unit may contribute: at most `rows` in all (K, which follows from the relation), in at most `groups`
    groups (L0), at most `rows_per_group` in each (R). Of each group of a unit its first R rows are kept, of its groups
    those with the first rows."""

    rows: int
    groups: int
    rows_per_group: int

    def __post_init__(self) -> None:
        if not (1 <= self.groups <= self.rows and 1 <= self.rows_per_group <= self.rows):
            raise ValueError("bounds need 1 ≤ groups ≤ rows and 1 ≤ rows per group ≤ rows")

    @property
    def total(self) -> int:
        """N = min(K, L0·R): the most rows of one unit that count."""
        return min(self.rows, self.groups * self.rows_per_group)

    @property
    def square(self) -> int:
        """D² = q·R² + r²: the largest sum of squares of one unit's group counts."""
        full, rest = divmod(self.total, self.rows_per_group)
        return full * self.rows_per_group**2 + rest**2

    @property
    def truncates(self) -> bool:
        """Whether an engine must drop rows beyond what registration enforces."""
        return self.groups < self.rows or self.rows_per_group < self.rows


@dataclass(frozen=True)
class Key:
    """A group-by key. `domain` (declared, enforced) lists its possible values; None means private keys."""

    name: str
    expr: Scalar
    domain: tuple[Value, ...] | None


@dataclass(frozen=True)
class Norm:
    """L2 mode: each row's value weighs w = min(10⁵, ⌊cap·10⁵/E⌋), so that no unit's vector of sums is longer than
    `cap`·10⁵, whatever is filtered out and however finely it is grouped.

    E is the smallest of the edges ⌈2^(j/8)⌉ with E² ≥ Σ over the unit's groups by `keys` of (Σ|x|)², in the whole
    table, before any filter; x is the value in its fixed point, 1 for a count. `keys` are columns of the table."""

    keys: tuple[Column, ...]
    cap: int

    def __post_init__(self) -> None:
        if not 1 <= self.cap < 1 << 62:
            raise ValueError("a cap is a positive number of 62 bits")


WEIGHT = 5  # decimals of the weights of L2 mode
Mechanism = Literal["gaussian", "laplace", "exponential"]
What = Literal["rows", "values", "units", "distinct", "sum", "quantile"]


@dataclass(frozen=True)
class Measurement:
    """One bounded exact aggregate of integers, and the noise it gets.

    `what`: rows = COUNT(*), values = COUNT(expr), units = COUNT(DISTINCT unit), of those that have a row where `expr`,
    if there is one, is not NULL, distinct = COUNT(DISTINCT expr), sum = Σ (clamp(expr·10^scale) − centre) over rows
    where expr is not NULL, with lower ≤ clamp ≤ upper in fixed point; with a `norm` the same weighed, in steps of 10⁻⁵.
    quantile = the bin, 2^shift steps of the fixed point wide and
    counted from `lower`, in which the value of `rank` a/b lies. `square` is Δ2² in the integer unit – of a quantile
    that of its scores, over all groups; the parameter of the noise is sigma/1024 in that unit: σ, Laplace's scale, or
    what scores are divided by. `rho` is its loss, rounded up to 10⁻¹⁸. Where bounds are predicted to keep only the
    share `kept` of what is asked for, what is shown is the released integer divided by it."""

    what: What
    expr: Scalar | None
    scale: int
    lower: int
    upper: int
    centre: int
    square: int
    sigma: int
    rho: Decimal
    mechanism: Mechanism = "gaussian"
    norm: Norm | None = None
    shift: int = 0
    rank: tuple[int, int] = (1, 2)
    kept: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        if self.what != "units" and (self.expr is None) != (self.what == "rows"):
            raise ValueError(f"{self.what} and its expression do not fit")
        numeric = self.expr is not None and self.expr.type.numeric and self.lower <= self.upper
        if self.what in ("sum", "quantile") and not numeric:
            raise ValueError(f"a {self.what} needs a bounded number")
        if (self.what == "quantile") != (self.mechanism == "exponential") or self.shift < 0:
            raise ValueError("quantiles, and only they, are drawn by the exponential mechanism")
        if not 0 < self.kept <= 1 or (self.what == "quantile" and self.kept != 1):
            raise ValueError("of a count or a sum a share is kept, and that it is divided by")
        if not 0 < self.rank[0] < self.rank[1]:
            raise ValueError("a rank is a fraction between 0 and 1")
        if self.norm is not None and not self._weighable:
            raise ValueError("only a count or sum of a plain value can be weighed by its norm")
        if self.square < 1 or self.sigma < 1 or self.rho <= 0:
            raise ValueError("a measurement needs a sensitivity, noise and a loss")
        if float(self.sigma) != self.sigma:
            raise ValueError("σ must be exact as a float")

    @property
    def nonnegative(self) -> bool:
        """Whether the exact value cannot be below 0; a sum may be part of an average only around a centre."""
        return self.what != "sum" or (self.centre == 0 and self.lower >= 0)

    @property
    def bins(self) -> int:
        """How many bins a quantile chooses from."""
        return ((self.upper - self.lower) >> self.shift) + 1

    @property
    def column(self) -> Column | None:
        """The stored column whose norm bounds a weighed value; None for counts."""
        node = self.expr
        if isinstance(node, Case):  # FILTER: the value where a condition holds
            node = node.whens[0][1]
        return node if isinstance(node, Column) and self.what == "sum" else None

    @property
    def _weighable(self) -> bool:
        """A count, or the sum of a stored column, whose clamped value is never further from 0 than the stored one."""
        if self.what in ("rows", "values"):
            return True
        column = self.column
        if self.what != "sum" or column is None or self.scale != column.type.scale + WEIGHT:
            return False
        plain = self.centre == 0 and self.lower <= 0 <= self.upper
        case = self.expr if isinstance(self.expr, Case) else None
        return plain and (
            case is None
            or (len(case.whens) == 1 and isinstance(case.otherwise, Constant) and case.otherwise.value is None)
        )


@dataclass(frozen=True)
class Threshold:
    """Private keys: a group is released when the noisy unit count `measurement` is at least `tau`."""

    measurement: int
    tau: int
    delta: Decimal


@dataclass(frozen=True)
class Block:
    """A measure: groups of `rows` by `keys`, what is measured of each, and which groups may show. Noise is added here
    and nowhere else."""

    rows: Relation
    keys: tuple[Key, ...]
    bounds: Bounds
    measurements: tuple[Measurement, ...]
    threshold: Threshold | None

    def __post_init__(self) -> None:
        if self.rows.state != "unit" or self.bounds.rows != self.rows.rows:
            raise ValueError("a block measures rows of units, and knows how many one unit has")
        if not self.measurements:
            raise ValueError("a block measures something")
        reads([key.expr for key in self.keys], self.rows.columns)
        reads([m.expr for m in self.measurements if m.expr], self.rows.columns)
        if bool(self.threshold) != any(key.domain is None for key in self.keys):
            raise ValueError("private keys, and only they, need a threshold")
        counted = self.measurements[self.threshold.measurement] if self.threshold else None
        if counted and (counted.what != "units" and not (counted.what == "rows" and self.bounds.rows == 1)):
            raise ValueError("a threshold is on a count of units")
        if counted and (counted.mechanism != "gaussian" or counted.norm):
            raise ValueError("a threshold is on a count with Gaussian noise")
        if any(m.norm for m in self.measurements):
            self._check_norms()
        if any(isinstance(node, Worked) for node in walk(self.rows)):
            self._check_worked()

    def _check_norms(self) -> None:
        """A norm counts every row of the table once, so nothing may multiply or make rows; groups may only be finer."""
        if not all(isinstance(node, Scan | Filter) for node in walk(self.rows)):
            raise ValueError("L2 mode is for rows as they are registered")
        if self.threshold is not None:
            raise ValueError("L2 mode is for declared groups")
        grouped = {key.expr for key in self.keys}
        if any(not set(m.norm.keys) <= grouped for m in self.measurements if m.norm):
            raise ValueError("groups are at least as fine as those of the norm")

    def _check_worked(self) -> None:
        """That a row goes and a row comes bounds sums and ranks of these rows, and says nothing of what is made of them
        or of how many different ones there are."""
        if not isinstance(self.rows, Worked) or any(isinstance(node, Worked) for node in walk(self.rows.source)):
            raise ValueError("what a program gives is measured as it is")
        plain = not self.keys and not self.bounds.truncates
        if not plain or any(m.what not in ("sum", "quantile") or m.norm for m in self.measurements):
            raise ValueError("of what a program gives there are sums and quantiles, in one group")

    @property
    def rho(self) -> Decimal:
        """Σρ of the measurements, exact."""
        return sum((m.rho for m in self.measurements), Decimal(0))
