"""Statistics of exact service on numbers of any size: DuckDB, the reference engine and what a page of exact fractions
says have the same digits."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from math import ceil
from random import Random
from typing import Any

import exact_world
import pytest
from versions import KEY

from sandbox.catalogue.entry import parse_entry
from sandbox.catalogue.facts import public_facts
from sandbox.catalogue.ingest.version import ingest
from sandbox.catalogue.records import DataVersion
from sandbox.core.clock import now
from sandbox.engines.base import OpenVersion
from sandbox.engines.duckdb.pool import DuckDBEngine
from sandbox.engines.reference import ReferenceEngine
from sandbox.engines.width import fits
from sandbox.errors import Problem
from sandbox.jobs.product import Question
from sandbox.products.query.exact import ExactQuery

COLUMNS = {
    "g": "integer",
    "small": "decimal(8,3)",
    "near": "decimal(18,2)",
    "large": "decimal(18,2)",
    "huge": "integer",
}
ENTRY = parse_entry(
    exact_world.registration(
        name="numbers",
        tables=[
            {
                "name": "numbers",
                "public": True,
                "columns": [{"name": name, "type": kind, "role": "public"} for name, kind in COLUMNS.items()],
            }
        ],
    )
)
SINGLE = "VAR_POP({0}) AS a, VAR_SAMP({0}) AS b, STDDEV_POP({0}) AS c, STDDEV_SAMP({0}) AS d, MEDIAN({0}) AS e, "
RANKED = "QUANTILE_CONT({0}, 0.1234) AS f, QUANTILE_DISC({0}, 0.1234) AS h, QUANTILE_DISC({0}, 0.7) AS i"
PAIRED = (
    "COVAR_POP({0}, {1}) AS a, COVAR_SAMP({0}, {1}) AS b, CORR({0}, {1}) AS c, REGR_SLOPE({0}, {1}) AS d, "
    "REGR_INTERCEPT({0}, {1}) AS e, REGR_R2({0}, {1}) AS f, REGR_SXX({0}, {1}) AS h, REGR_SXY({0}, {1}) AS i"
)


def _lines() -> list[list[Any]]:
    """Groups of 1 to 400 rows: small numbers, numbers close to each other, and such whose squares, added up, are beyond
    128 bits."""
    chance, lines = Random(20261122), []
    for group in range(12):
        for _ in range([1, 2, 3, 400][group % 4]):
            cells: list[Any] = [
                group,
                Decimal(chance.randint(-99_999_999, 99_999_999)).scaleb(-3),
                Decimal(10**15 + chance.randint(-3, 3)).scaleb(-2),
                Decimal(chance.choice((-1, 1)) * (10**18 - chance.randint(1, 10**9))).scaleb(-2),
                chance.randint(-(10**18), 10**18),
            ]
            lines.append([None if place and chance.random() < 0.1 else cell for place, cell in enumerate(cells)])
    return lines


LINES = _lines()


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[OpenVersion, DataVersion]:
    folder = tmp_path_factory.mktemp("moments")
    with (folder / "numbers.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [list(COLUMNS), *([("" if cell is None else cell) for cell in row] for row in LINES)]
        )
    facts = ingest(ENTRY, {"numbers": (folder / "numbers.csv", "csv")}, folder / "v.duckdb", KEY, KEY).facts
    return OpenVersion("moments", folder / "v.duckdb", KEY), DataVersion("v", "r", 1, "v", b"", {}, facts, now())


@pytest.fixture(scope="module")
def duck() -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine()
    yield engine
    engine.close()


def _both(stored: tuple[OpenVersion, DataVersion], duck: DuckDBEngine, asked: str) -> list[tuple[Any, ...]]:
    opened, version = stored
    sql = f"SELECT g, {asked} FROM numbers GROUP BY g ORDER BY g"
    facts = public_facts(version)
    zero = Decimal(0)
    reading = ExactQuery().compile(Question({"sql": sql}, "r", "", "v", ENTRY, {}, zero, zero, facts=facts))
    assert fits(reading)
    rows = duck.read(opened, reading)
    assert rows == ReferenceEngine().read(opened, reading)
    return rows


@pytest.mark.parametrize("name", ["small", "near", "large", "huge"])
def test_u6_statistics_of_one_column_are_exact(
    name: str, stored: tuple[OpenVersion, DataVersion], duck: DuckDBEngine
) -> None:
    found = _both(stored, duck, (RANKED if name in ("large", "huge") else SINGLE + RANKED).format(name))
    place = list(COLUMNS).index(name)
    for group, *values in found:
        known = sorted(Fraction(row[place]) for row in LINES if row[0] == group and row[place] is not None)
        if not known:
            assert values == [None] * len(values)
            continue
        expected = [] if name in ("large", "huge") else _spread(known)
        at = Fraction(1234, 10_000) * (len(known) - 1)
        after = known[min(int(at) + 1, len(known) - 1)]
        expected += [known[int(at)] + (at - int(at)) * (after - known[int(at)])]
        expected += [known[max(ceil(share * len(known)), 1) - 1] for share in (Fraction(1234, 10_000), Fraction(7, 10))]
        for value, exact in zip(values, expected, strict=True):
            assert _is(value, exact)


@pytest.mark.parametrize(("y", "x"), [("small", "near"), ("near", "small"), ("large", "huge"), ("huge", "near")])
def test_u6_statistics_of_two_columns_are_exact(
    y: str, x: str, stored: tuple[OpenVersion, DataVersion], duck: DuckDBEngine
) -> None:
    far = "large" in (y, x) or "huge" in (y, x)
    asked = PAIRED.format(y, x) if not far else f"CORR({y}, {x}) AS c, REGR_R2({y}, {x}) AS f, REGR_R2({x}, {y}) AS h"
    found = _both(stored, duck, asked)
    names = list(COLUMNS)
    for group, *values in found:
        pairs = [(row[names.index(y)], row[names.index(x)]) for row in LINES if row[0] == group]
        exact = _pair([(Fraction(a), Fraction(b)) for a, b in pairs if a is not None and b is not None])
        expected = [exact[one] for one in ("corr", "r2", "r2 back")] if far else list(exact.values())[:-1]
        for value, one in zip(values, expected, strict=True):
            assert _is(value, one)


def test_u6_what_would_be_too_long_is_refused_before(stored: tuple[OpenVersion, DataVersion]) -> None:
    facts = public_facts(stored[1])
    for asked in ("VAR_POP(huge)", "REGR_SXX(huge, huge)", "CORR(huge * 100000, small)"):
        sql = f"SELECT {asked} AS a FROM numbers"
        question = Question({"sql": sql}, "r", "", "v", ENTRY, {}, Decimal(0), Decimal(0), facts=facts)
        try:
            assert not fits(ExactQuery().compile(question)), asked
        except Problem as problem:
            assert problem.code == "sql_not_allowed"


def _spread(known: list[Fraction]) -> list[Any]:
    mean, count = sum(known) / len(known), len(known)
    squares = sum((one - mean) ** 2 for one in known)
    median = (known[(count - 1) // 2] + known[count // 2]) / 2
    sample = squares / (count - 1) if count > 1 else None
    return [squares / count, sample, ("root", squares / count), sample and ("root", sample), median]


def _pair(pairs: list[tuple[Fraction, Fraction]]) -> dict[str, Any]:
    count = len(pairs)
    y, x = (sum(pair[side] for pair in pairs) / Fraction(max(count, 1)) for side in (0, 1))
    yy, xx = (sum((pair[side] - mean) ** 2 for pair in pairs) for side, mean in ((0, y), (1, x)))
    xy = sum((a - y) * (b - x) for a, b in pairs)
    share = xy**2 / (xx * yy) if xx and yy else None
    return {
        "covar_pop": xy / count if count else None,
        "covar_samp": xy / (count - 1) if count > 1 else None,
        "corr": None if share is None else ("root" if xy >= 0 else "minus", share),
        "slope": xy / xx if xx else None,
        "intercept": y - xy / xx * x if xx else None,
        "r2": share if yy else Fraction(1) if xx else None,
        "sxx": Fraction(xx) if count else None,
        "sxy": Fraction(xy) if count else None,
        "r2 back": share if xx else Fraction(1) if yy else None,
    }


def _is(value: Any, exact: Any) -> bool:
    """Whether a value is the exact one, rounded once, half away from zero."""
    if value is None or exact is None:
        return value is exact
    step = Decimal(1).scaleb(value.as_tuple().exponent if isinstance(value, Decimal) else 0)
    with localcontext(prec=400):
        if isinstance(exact, tuple):
            sign, square = exact
            found = (Decimal(square.numerator) / square.denominator).sqrt() * (1 if sign == "root" else -1)
        else:
            found = Decimal(exact.numerator) / exact.denominator
        return bool(found.quantize(step, ROUND_HALF_UP) == value)
