"""The finished plan of a query: bounded exact aggregates, the noise each gets, and what is made of them.

A plan is built from public facts alone – declarations and released values – and says everything an engine, the
release and the accountant need. Building an impossible one raises `ValueError`. Its privacy loss is re-derived from
the finished plan by separate code (`sandbox.privacy.rederive`) before anything is spent.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from sandbox.core.canonical import digest
from sandbox.plan.codec import to_json
from sandbox.plan.scalar import BOOLEAN, Scalar, Type, Value, columns

SEMANTICS = "1"  # grows when the same plan would mean something else
Statistic = Literal[
    "var_pop",
    "var_samp",
    "stddev_pop",
    "stddev_samp",
    "covar_pop",
    "covar_samp",
    "regr_slope",
    "regr_intercept",
    "corr",
]
STATISTICS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("var_pop", "var_samp", "stddev_pop", "stddev_samp"), ("aa", "a", "n")),
    **dict.fromkeys(("covar_pop", "covar_samp"), ("ab", "a", "b", "n")),
    **dict.fromkeys(("regr_slope", "regr_intercept"), ("ab", "bb", "a", "b", "n")),
    "corr": ("ab", "aa", "bb", "a", "b", "n"),
}  # the sums each is made of: a of a − centre, ab of products of two such, n = the rows where both are present
SIGMA_UNIT = 1024  # σ is a whole number of 1/1024, so that it is exact as a float and as a fraction


@dataclass(frozen=True)
class Bounds:
    """What one unit may contribute: at most `rows` in all (K, enforced at registration), in at most `groups`
    groups (L0), at most `rows_per_group` in each (R). Rows beyond L0 and R are dropped in keyed-hash order."""

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
class Measurement:
    """One bounded exact aggregate of integers, and the noise it gets.

    `what`: rows = COUNT(*), values = COUNT(expr), units = COUNT(DISTINCT unit), sum = Σ (clamp(expr·10^scale) − centre)
    over rows where expr is not NULL, with lower ≤ clamp ≤ upper in fixed point. `square` is Δ2² in the same integer
    unit; σ = sigma/1024 in it as well. `rho` = ⌈Δ2²/2σ²⌉ to 10⁻¹⁸.
    """

    what: Literal["rows", "values", "units", "sum"]
    expr: Scalar | None
    scale: int
    lower: int
    upper: int
    centre: int
    square: int
    sigma: int
    rho: Decimal

    def __post_init__(self) -> None:
        if (self.expr is None) != (self.what in ("rows", "units")):
            raise ValueError(f"{self.what} and its expression do not fit")
        if self.what == "sum" and not (self.expr is not None and self.expr.type.numeric and self.lower <= self.upper):
            raise ValueError("a sum needs a bounded number")
        if self.square < 1 or self.sigma < 1 or self.rho <= 0:
            raise ValueError("a measurement needs a sensitivity, noise and a loss")
        if float(self.sigma) != self.sigma:
            raise ValueError("σ must be exact as a float")

    @property
    def nonnegative(self) -> bool:
        return self.what != "sum"


@dataclass(frozen=True)
class Threshold:
    """Private keys: a group is released when the noisy unit count `measurement` is at least `tau`."""

    measurement: int
    tau: int
    delta: Decimal


@dataclass(frozen=True)
class Output:
    """A column made from keys and measurements. `what`: key (source[0] is a key), count or sum (source[0] is a
    measurement), average (sum, count), one of `STATISTICS` (its parts), computed (`expr` over the names of outputs of
    the other kinds; no source).
    `hidden` ones serve HAVING, ORDER BY and computed ones only."""

    name: str
    what: Literal["key", "count", "sum", "average", "computed"] | Statistic
    source: tuple[int, ...]
    type: Type
    hidden: bool = False
    expr: Scalar | None = None

    def __post_init__(self) -> None:
        wanted = {"average": 2, "computed": 0}.get(self.what, len(STATISTICS.get(self.what, "1")))
        if len(self.source) != wanted or (self.expr is None) == (self.what == "computed"):
            raise ValueError(f"output {self.name} has not the sources of its kind")


@dataclass(frozen=True)
class Order:
    expr: Scalar
    descending: bool
    nulls_first: bool


@dataclass(frozen=True)
class Post:
    """What happens to released rows only: HAVING, ORDER BY, LIMIT, OFFSET over outputs by name."""

    having: Scalar | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0


@dataclass(frozen=True)
class Plan:
    semantics: str
    resource: str
    population: str
    version: str
    table: str
    where: Scalar | None
    keys: tuple[Key, ...]
    bounds: Bounds
    measurements: tuple[Measurement, ...]
    threshold: Threshold | None
    outputs: tuple[Output, ...]
    post: Post
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.measurements:
            raise ValueError("a plan measures something")
        if self.where is not None and self.where.type != BOOLEAN:
            raise ValueError("WHERE takes a condition")
        if bool(self.threshold) != any(key.domain is None for key in self.keys):
            raise ValueError("private keys, and only they, need a threshold")
        counted = self.measurements[self.threshold.measurement].what if self.threshold else "units"
        if counted != "units" and not (counted == "rows" and self.bounds.rows == 1):
            raise ValueError("a threshold is on a count of units")
        names = [output.name for output in self.outputs]
        if len(set(names)) != len(names):
            raise ValueError("two outputs have one name")
        for output in self.outputs:
            limit = len(self.keys) if output.what == "key" else len(self.measurements)
            if any(not 0 <= i < limit for i in output.source):
                raise ValueError(f"output {output.name} has no such source")
            kinds = (
                [self.measurements[i].what == "sum" for i in output.source] if output.what in STATISTICS else [False]
            )
            if kinds.pop() or not all(kinds):
                raise ValueError(f"output {output.name} is made of sums and a count")
        plain = {output.name for output in self.outputs if output.what != "computed"}
        after = [
            self.post.having,
            *(order.expr for order in self.post.order),
            *(output.expr for output in self.outputs),
        ]
        if any(not columns(expr) <= plain for expr in after if expr is not None):
            raise ValueError("post-processing reads outputs that come straight from keys and measurements")

    @property
    def rho(self) -> Decimal:
        """Σρ of the measurements, exact."""
        return sum((m.rho for m in self.measurements), Decimal(0))

    @property
    def delta(self) -> Decimal:
        """δ_τ taken from the account's pool."""
        return self.threshold.delta if self.threshold else Decimal(0)

    def base_key(self) -> str:
        """The canonical plan key: everything that decides the base X, nothing of names, order, HAVING or LIMIT."""
        whole = to_json(self)
        assert isinstance(whole, dict)
        for later in ("@", "outputs", "post", "notes"):
            whole.pop(later)
        for key in whole["keys"]:
            key.pop("name")
        return digest(whole)
