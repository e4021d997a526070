"""What is audited, as data: each line a world, a question and what it covers. A new part of the language is a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from sandbox.audit import plans
from sandbox.audit.related import related
from sandbox.audit.worlds import World, clinic, crowd, uneven, wide
from sandbox.catalogue.entry import Entry
from sandbox.catalogue.facts import TableFacts
from sandbox.catalogue.profile import Profile
from sandbox.jobs.product import Question
from sandbox.jobs.profiling import profile_plan
from sandbox.plan.plan import Plan
from sandbox.products.query.kind import QueryProduct

DELTA_CONV = Decimal("1e-6")
DELTA_KEYS = Decimal("0.02")
"""Of a threshold: so large that draws can tell whether it is kept."""


@dataclass(frozen=True)
class Case:
    """A question to a world: `sql` with ε and bounds, or a plan built without text (`build`). `counting` is the
    registration that the plan counts on, where that is not the one of the data. `profiled`: bounds are chosen by the
    public profile."""

    name: str
    covers: str
    sql: str = ""
    world: Callable[[], World] = clinic
    epsilon: str = "12"
    request: Mapping[str, Any] = field(default_factory=dict)
    pure: bool = False
    build: Callable[[Entry], Plan] | None = None
    counting: Callable[[], World] | None = None
    profiled: bool = False
    trials: int = 12_000

    def plan(self, facts: Mapping[str, TableFacts], profile: Profile | None = None) -> Plan:
        """Give the finished plan, from what is public. Raises `Problem` when the question is refused."""
        entry = (self.counting or self.world)().entry
        if self.build is not None:
            return self.build(entry)
        request = {"sql": self.sql, "epsilon": self.epsilon, **self.request}
        asked = Question(request, "audit", "people", "v", entry, {}, DELTA_CONV, DELTA_KEYS, self.pure, profile, facts)
        return QueryProduct().compile(asked)


def of(aggregate: str, covers: str, **more: Any) -> Case:
    """Give the case of an aggregate over all visits."""
    return Case(aggregate, covers, f"SELECT {aggregate} AS n FROM visits", **more)  # noqa: S608 – it is compiled, not run


def by(key: str, groups: int, rows: int, covers: str, aggregate: str = "COUNT(*)", **more: Any) -> Case:
    """Give the case of visits by keys, with L0 and R."""
    name = f"{aggregate} by {key}, {groups} × {rows}"
    request = {"bounds": {"groups": groups, "rows_per_group": rows}}
    sql = f"SELECT {key}, {aggregate} AS n FROM visits GROUP BY {key}"  # noqa: S608 – it is compiled, not run
    return Case(name, covers, sql, **{"request": request, **more})


AGGREGATES = (
    of("COUNT(*)", "rows, only K"),
    of("COUNT(maybe)", "values"),
    of("COUNT(DISTINCT person)", "units"),
    of("COUNT(DISTINCT own)", "distinct values"),
    of("SUM(cost)", "sum"),
    of("SUM(gain)", "sum of both signs"),
    of("SUM(cost * gain)", "sum of a product"),
    of("COUNT(cost), SUM(cost)", "sum around a middle, with its count"),
    of("AVG(cost)", "average"),
    of("AVG(gain) FILTER (WHERE flag)", "average, FILTER"),
    of("VAR_POP(gain)", "variance"),
    of("STDDEV_SAMP(cost)", "deviation"),
    of("COVAR_POP(gain, other)", "covariance"),
    of("CORR(gain, other)", "correlation"),
    of("COVAR_SAMP(gain, cost)", "covariance of a sample"),
    of("REGR_SLOPE(gain, other)", "regression"),
    of("REGR_INTERCEPT(gain, other), REGR_R2(gain, other)", "regression, several of one"),
    of("REGR_SXX(gain, other), REGR_SYY(gain, other), REGR_SXY(gain, other)", "sums of a regression"),
    of("MEDIAN(maybe) FILTER (WHERE few)", "exponential mechanism", trials=6_000),
    of("QUANTILE_CONT(low, 0.1) FILTER (WHERE few), MEDIAN(low) FILTER (WHERE few)", "ranks of one", trials=3_000),
    of("QUANTILE_CONT(gain, 0.9)", "quantile", trials=4_000),
    of("MIN(low) FILTER (WHERE few)", "least, as a quantile", trials=6_000),
    of("MAX(day)", "most, as a quantile of dates", trials=4_000),
    of("COUNT_IF(flag), SUM(gain), COUNT(DISTINCT person)", "several measures"),
    of("COUNT(*)", "Laplace noise instead of Gaussian", epsilon="60"),
)
BOUNDING = (
    by("one", 4, 12, "rows mode, all rows in one group"),
    by("one", 1, 3, "rows mode, R of one group"),
    by("four", 4, 3, "rows mode, D² = L0·R²"),
    by("four", 2, 3, "rows mode, L0 of the groups"),
    by("four", 3, 2, "rows mode, sums", "SUM(gain)"),
    by("four", 2, 2, "rows mode, averages", "AVG(cost)"),
    by("four", 2, 3, "units in declared groups", "COUNT(DISTINCT person)"),
    by("four", 2, 2, "quantiles in groups", "MEDIAN(cost)", trials=1_000),
    by("four", 2, 2, "distinct values in groups", "COUNT(DISTINCT own)"),
    by("four", 2, 2, "correlation in groups", "CORR(gain, other)"),
    by("four", 2, 2, "deviation in groups", "STDDEV_POP(cost)"),
    by("FLOOR(cost / 25)", 2, 12, "a histogram"),
    by("four", 4, 20, "more than 255 rows, ordinals", world=crowd),
    by("one", 1, 300, "more than 255 rows of one group", world=crowd),
    by("own", 300, 1, "more than 255 groups, thresholds", world=crowd, trials=6_000),
    Case("SUM(cost), declared 100, stored 10,000", "clamp", "SELECT SUM(cost) AS n FROM visits", wide, counting=clinic),
    by("CASE WHEN cost > 99 THEN own END", 12, 12, "keys that are computed, NULL among them"),
)
_TOWNS = "SELECT town, COUNT(*) AS n FROM persons GROUP BY town"
KEYS = (
    by("own", 12, 12, "key presence: 12 keys of one unit", epsilon="2"),
    by("own", 1, 1, "key presence: one of its keys", epsilon="2"),
    by("common", 1, 12, "private key that all have"),
    by("common", 1, 12, "private key, average", "AVG(cost)"),
    by("common", 1, 12, "private key, quantile", "MEDIAN(maybe)", trials=3_000),
    by("common, four", 3, 4, "one private key, one declared", "SUM(gain)"),
    by("own, one", 5, 1, "key presence: two keys", epsilon="2"),
    Case("persons by town", "key presence: rows are units", _TOWNS, epsilon="2"),
)
PURE = (
    of("COUNT(*)", "pure ε: Laplace", epsilon="2", pure=True),
    of("SUM(gain), COUNT(DISTINCT person)", "pure ε: several", epsilon="3", pure=True),
    of("MEDIAN(maybe) FILTER (WHERE few)", "pure ε: exponential mechanism", epsilon="2", pure=True, trials=8_000),
    by("four", 4, 3, "pure ε: groups", epsilon="3", pure=True),
)


def profile_of_all(entry: Entry) -> Plan:
    """Everything that the public profile measures, in one plan."""
    return profile_plan(entry, "audit", "people", "v", Decimal(40), DELTA_KEYS, False)


def _planned(sql: str, mode: str | None = None) -> Case:
    """A question bounded by the public profile, in the mode that is chosen or asked for."""
    name, request = sql.removeprefix("SELECT ").replace(" AS n", ""), {} if mode is None else {"mode": mode}
    covers = "bounds by the profile" if mode is None else f"{mode} by the profile"
    return Case(name, covers, sql, request=request, profiled=True, trials=6_000)


PLANNED = (
    Case("the public profile", "bought by the holder", build=profile_of_all, trials=300),
    _planned("SELECT four, SUM(gain) AS n FROM visits GROUP BY four"),
    _planned("SELECT four, COUNT(*) AS n FROM visits GROUP BY four"),
    _planned("SELECT SUM(cost) AS n FROM visits"),
    _planned("SELECT four, AVG(cost) AS n FROM visits GROUP BY four"),
    _planned("SELECT own, SUM(cost) AS n FROM visits GROUP BY own"),
    _planned("SELECT four, SUM(gain) AS n FROM visits GROUP BY four", "rows"),
    _planned("SELECT four, SUM(gain) AS n FROM visits GROUP BY four", "weights"),
    _planned("SELECT four, COUNT(*) AS n, SUM(cost) AS c FROM visits GROUP BY four", "totals"),
    _planned("SELECT COUNT(*) AS n, SUM(cost) AS c FROM visits", "totals"),
    _planned("SELECT common, SUM(cost) AS c FROM visits GROUP BY common", "totals"),
)


def _left_out(sql: str, covers: str) -> Case:
    """The same where a few have more rows than the others, and bounds are predicted to leave those out."""
    return replace(_planned(sql), covers=covers, world=uneven, epsilon="6")


GIVEN_BACK = (
    _left_out("SELECT COUNT(*) AS n FROM visits", "what bounds leave out is given back"),
    _left_out("SELECT four, COUNT(*) AS n FROM visits GROUP BY four", "given back in groups"),
    _left_out("SELECT SUM(cost) AS n FROM visits", "given back to a sum"),
)
TOTALS = _left_out("SELECT SUM(gain) AS n FROM visits", "totals that the planner chose")
BUILT = tuple(Case(name, covers, build=build) for name, covers, build in plans.BUILT)
CASES: tuple[Case, ...] = (*AGGREGATES, *BOUNDING, *KEYS, *PURE, *related(Case), *BUILT, *PLANNED, *GIVEN_BACK, TOTALS)
