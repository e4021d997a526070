"""The aggregates of the grammar, and the other names under which dialects know them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from sandbox.sql.standard import respelled

_BINARY = frozenset({"this", "expression"})
_UNARY = frozenset({"this"})
RANKED = (exp.Median, exp.PercentileCont, exp.PercentileDisc, exp.Quantile, exp.ApproxQuantile)
SINGLE = (exp.Variance, exp.VariancePop, exp.Stddev, exp.StddevPop, exp.StddevSamp)
PAIRS = (
    exp.CovarPop, exp.CovarSamp, exp.RegrSlope, exp.RegrIntercept, exp.RegrCount, exp.RegrR2, exp.RegrAvgx,
    exp.RegrAvgy, exp.RegrSxx, exp.RegrSyy, exp.RegrSxy,
)  # fmt: skip

AGGREGATES: dict[type[exp.Expr], frozenset[str]] = {
    exp.Count: frozenset({"this", "big_int"}),
    exp.Distinct: frozenset({"expressions"}),
    exp.Filter: _BINARY,
    exp.Corr: _BINARY | {"null_on_zero_variance"},
    **dict.fromkeys((exp.PercentileCont, exp.PercentileDisc), _BINARY),
    **dict.fromkeys((exp.Quantile, exp.ApproxQuantile), _UNARY | {"quantile"}),
    exp.Array: frozenset({"expressions"}),  # of ranks, refused with a sentence of its own
    **dict.fromkeys(PAIRS, _BINARY),
    **dict.fromkeys((*SINGLE, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Median, exp.CountIf), _UNARY),
}

_TRUTH = "A truth about all rows could hang on one of them; write COUNT_IF(condition), or compare it with COUNT(*)."
_MOMENT = "It needs sums of higher powers, which are not built; write VAR, STDDEV or a few quantiles."
REFUSED_AGGREGATES: dict[type[exp.Expr], str] = {
    exp.LogicalOr: _TRUTH,
    exp.LogicalAnd: _TRUTH,
    exp.Skewness: _MOMENT,
    exp.Kurtosis: _MOMENT,
    exp.Mode: "MODE picks one value; write GROUP BY it with COUNT(*), ORDER BY 2 DESC LIMIT 1.",
    exp.WithinGroup: "WITHIN GROUP (ORDER BY x) goes with PERCENTILE_CONT and PERCENTILE_DISC of one rank.",
    exp.AggFunc: (
        "Of the aggregates only COUNT, SUM, AVG, MEDIAN, QUANTILE_CONT, QUANTILE_DISC, MIN, MAX, VAR, STDDEV, COVAR, "
        "CORR and REGR_… are built; a single row's value never leaves."
    ),
}

_NAMES: dict[str, tuple[int, type[exp.Expr], Sequence[str]]] = {
    **dict.fromkeys(("mean", "favg"), (1, exp.Avg, ("this",))),
    **dict.fromkeys(("fsum", "kahan_sum", "sum_no_overflow", "sumkahan"), (1, exp.Sum, ("this",))),
    "var": (1, exp.Variance, ("this",)),
    "std": (1, exp.Stddev, ("this",)),
    "covar": (2, exp.CovarSamp, ("this", "expression")),
    **dict.fromkeys(("percentile", "approx_percentile"), (2, exp.Quantile, ("this", "quantile"))),
}  # how many arguments, the function, and what each argument is of it
MOST_PARTS = 32
FALLING = "falling"
_BUCKETS = "write COUNT(*) with GROUP BY WIDTH_BUCKET(x, low, high, n)."
NOT_FITTING = {
    "histogram": f"HISTOGRAM puts many groups into one value; {_BUCKETS}",
    "equi_width_bins": f"EQUI_WIDTH_BINS looks for bins in the data; {_BUCKETS}",
    "age": "AGE gives years, months and days at once; write DATE_DIFF('year', from, to), or one date minus another.",
    "to_date": "TO_DATE reads one form; write TO_DATE(x, 'YYYY-MM-DD'), or CAST(x AS DATE).",
    "mad": "MAD is not built; write STDDEV(x), or QUANTILE_CONT(x, 0.25) and QUANTILE_CONT(x, 0.75).",
}


def spelled_out(tree: exp.Expr) -> exp.Expr:
    """Give the tree with every aggregate under the one name that the grammar lists. Changes `tree`."""
    return respelled(tree, _CHANGES)


def _named(node: exp.Expr) -> exp.Expr | None:
    number, kind, places = _NAMES.get(str(node.this).lower(), (-1, exp.Avg, ()))
    arguments = node.expressions
    return kind(**dict(zip(places, arguments, strict=True))) if len(arguments) == number else None


def _parts(node: exp.Expr) -> exp.Expr | None:
    """APPROX_QUANTILES(x, n): the ends and what lies between n equal parts."""
    said = node.args.get("expression")
    many = int(said.this) if isinstance(said, exp.Literal) and not said.is_string and said.this.isdecimal() else 0
    if not 1 <= many < MOST_PARTS or not 0 < len(said.this if said is not None else "") < 3:
        return None
    ranks = [exp.Literal.number(f"{part / many:.4f}".rstrip("0").rstrip(".")) for part in range(many + 1)]
    return exp.Quantile(this=node.this, quantile=exp.Array(expressions=ranks))


def _distinct(node: exp.Expr) -> exp.Expr | None:
    """APPROX_COUNT_DISTINCT: noise is added to the exact number anyway."""
    counted = exp.Distinct(expressions=[node.this])
    return None if node.args.get("accuracy") else exp.Count(this=counted, big_int=True)


def _within(node: exp.Expr) -> exp.Expr | None:
    """PERCENTILE_…(p) WITHIN GROUP (ORDER BY x): as PERCENTILE_…(x, p); from above when the order falls."""
    inner, order = node.this, node.args.get("expression")
    if not isinstance(inner, (exp.PercentileCont, exp.PercentileDisc)) or inner.args.get("expression") is not None:
        return None
    if not isinstance(order, exp.Order) or len(order.expressions) != 1 or order.args.get("this") is not None:
        return None
    ordered = order.expressions[0]
    if not isinstance(ordered, exp.Ordered) or ordered.args.get("with_fill"):
        return None
    if not ordered.args.get("desc"):
        return type(inner)(this=ordered.this, expression=inner.this)
    found = type(inner)(this=ordered.this, expression=exp.Sub(this=exp.Literal.number(1), expression=inner.this))
    found.meta[FALLING] = True  # which of two values is meant can hang on it
    return found


_CHANGES: tuple[tuple[type[exp.Expr], Callable[[exp.Expr], exp.Expr | None]], ...] = (
    (exp.Anonymous, _named),
    (exp.ApproxDistinct, _distinct),
    (exp.ApproxQuantiles, _parts),
    (exp.WithinGroup, _within),
    (exp.IgnoreNulls, lambda node: node.this if isinstance(node.this, exp.AnyValue) else None),
)
