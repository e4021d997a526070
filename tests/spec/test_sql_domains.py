"""Which values an expression can have, by declarations alone, and which spellings of it are one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from scalar_world import TERMS, built

from sandbox.errors import Problem
from sandbox.plan import scalar as s

D = Decimal
MONTHS = tuple(date(2023 + month // 12, month % 12 + 1, 1) for month in range(10, 15))

ENDS = (date(2024, 11, 30), date(2024, 12, 31), date(2025, 1, 31), date(2025, 2, 28), date(2025, 3, 31))


@pytest.mark.parametrize(
    ("sql", "domain"),
    [
        ("n", None),  # a bounded number by itself is a private key
        ("n // 50", (0, 1, 2)),
        ("FLOOR(n / 50)", (-1, 0, 1, 2)),
        ("ROUND(n, -2)", (0, 100)),
        ("CEIL(p / 10000)", (-1, 0, 1)),
        ("ROUND(p, -4)", (-10_000, 0, 10_000)),
        ("ROUND(p, 1)", None),
        ("SIGN(p)", (-1, 0, 1)),
        ("n % 3", (-2, -1, 0, 1, 2)),
        ("1 / (n // 60)", (D("1.000000"), None)),
        ("LEAST(GREATEST(n, 0), 2)", (0, 1, 2)),
        ("WIDTH_BUCKET(n, 0, 100, 2)", (0, 1, 2, 3)),
        ("SQRT(n // 50)", (D("0.000000"), D("1.000000"), D("1.414214"))),
        ("POWER(n // 50, 2)", (0, 1, 4)),
        ("b::INT", (0, 1)),
        ("CAST(c AS INT)", (1, 2, None)),
        ("c::BOOLEAN", (False, True)),
        ("CAST(n // 50 AS VARCHAR)", ("0", "1", "2")),
        ("c || '!'", ("1!", "2!", "x-y!", "yes!")),
        ("SPLIT_PART(c, '-', 2)", ("", "y")),
        ("LENGTH(LEFT(t, 2))", (0, 1, 2)),
        ("POSITION('-' IN c)", (0, 2)),
        ("CONTAINS(t, '-')", (False, True)),
        ("DATE_TRUNC('month', e)", MONTHS),
        ("STRFTIME(e, '%Y')", ("2023", "2024")),
        ("EXTRACT(ISODOW FROM d)", (1, 2, 3, 4, 5, 6, 7)),
        ("MONTH(e)", (1, 2, 3, 11, 12)),
        ("YEAR(e)", (2023, 2024)),
        ("YEAR(d)", None),
        ("DATE_DIFF('quarter', e, DATE '2024-03-31')", (0, 1)),
        ("LAST_DAY(e + INTERVAL 1 YEAR)", ENDS),
        ("COALESCE(n // 50, 9)", (0, 1, 2, 9)),
        ("CASE WHEN n > 3 THEN 'many' ELSE 'few' END", ("few", "many")),
    ],
)  # fmt: skip
def test_U1_lists_of_values(sql: str, domain: tuple[s.Value, ...] | None) -> None:
    assert built(sql).domain == domain


@pytest.mark.parametrize(
    ("sql", "low", "high"),
    [
        ("ABS(p)", 0, 10_000),
        ("p * p", 0, 100_000_000),
        ("POWER(n, 4)", 0, 100_000_000),
        ("n / 8", D("-2.5"), D("12.5")),
        ("p / 100000", D("-0.1"), D("0.1")),
        ("n / (n + 21)", -20, 100),
        ("1000 % n", 0, 90),
        ("GREATEST(n, 5)", 5, 100),
        ("COALESCE(n, 200)", -20, 200),
        ("NULLIF(n, 3)", -20, 100),
        ("t::DECIMAL(5, 2)", D("-999.99"), D("999.99")),
        ("LN(p)", D("-4.605170"), D("9.210340")),
        ("COS(n)", D("-0.999961"), 1),
        ("DATE_DIFF('day', e, DATE '2024-01-01')", -62, 47),
        ("d + 3", None, None),
        ("DATE_TRUNC('year', e)", date(2023, 1, 1), date(2024, 1, 1)),
        ("e - INTERVAL 2 MONTH", date(2023, 9, 15), date(2024, 1, 3)),
    ],
)
def test_U1_bounds_follow(sql: str, low: object, high: object) -> None:
    term = built(sql)
    assert (term.low, term.high) == (low, high)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("POWER(n, 2)", "n * n"),
        ("n ** 2", "n ^ 2"),
        ("LOG(n)", "LOG10(n)"),
        ("LOG(10, n)", "LOG10(n)"),
        ("POWER(n, 0.5)", "SQRT(n)"),
        ("MOD(n, 3)", "n % 3"),
        ("n DIV 3", "n // 3"),
        ("CEILING(p)", "CEIL(p)"),
        ("@ n", "ABS(n)"),
        ("ROUND(n)", "n"),
        ("ROUND(p, 2)", "TRUNC(p, 5)"),
        ("n::INTEGER", "CAST(n AS BIGINT)"),
        ("TRY_CAST(t AS DATE)", "t::DATE"),
        ("d::DATE", "d"),
        ("n = TRUE", "n <> 0"),
        ("b = FALSE", "NOT b"),
        ("b <> FALSE", "b"),
        ("t = 1", "CAST(t AS DECIMAL(24, 6)) = 1.0"),
        ("n IN (3, i)", "n = i OR n = 3"),
        ("n NOT BETWEEN 1 AND 3", "NOT (n >= 1 AND n <= 3)"),
        ("n IS NOT DISTINCT FROM NULL", "n IS NULL"),
        ("t ILIKE 'Ab%'", "LOWER(t) LIKE 'ab%'"),
        ("STARTS_WITH(t, 'ab')", "LEFT(t, 2) = 'ab'"),
        ("ENDS_WITH(t, 'ab')", "RIGHT(t, 2) = 'ab'"),
        ("CONTAINS(t, 'ab')", "STRPOS(t, 'ab') > 0"),
        ("POSITION('ab' IN t)", "INSTR(t, 'ab')"),
        ("t || ('-' || c)", "(t || '-') || c"),
        ("REPEAT(t, 2)", "t || t"),
        ("DATE_PART('year', d)", "YEAR(d)"),
        ("DAYOFWEEK(d)", "EXTRACT(DOW FROM d)"),
        ("d + INTERVAL 2 WEEK", "d + 14"),
        ("INTERVAL '1' YEAR + d", "DATE_ADD(d, INTERVAL 12 MONTH)"),
        ("DATEDIFF('day', d, e)", "e - d"),
        ("DATE_TRUNC('day', d)", "d"),
        ("NOW()::DATE", "DATE '2024-05-06'"),
        ("2 + 3 * 4", "14"),
        ("UPPER('ab') || 1", "'AB1'"),
    ],
)
def test_U1_spellings_that_are_one(left: str, right: str) -> None:
    assert built(left).node == built(right).node


@pytest.mark.parametrize(
    ("sql", "nullable"),
    [
        ("1 / COALESCE(n, 0)", True),
        ("1 / (COALESCE(n, 0) + 21)", False),
        ("7 % COALESCE(n, 0)", True),
        ("SQRT(COALESCE(n, 0))", True),
        ("SQRT(ABS(COALESCE(n, 0)))", False),
        ("LN(ABS(COALESCE(n, 0)))", True),
        ("CONCAT(t, n)", False),
        ("t || n", True),
        ("GREATEST(n, 0)", False),
        ("COALESCE(t, '')::DATE", True),
        ("MAKE_DATE(2024, COALESCE(n, 0), 1)", True),
        ("COALESCE(e, DATE '2024-01-01') + 3", False),
        ("n IS DISTINCT FROM i", False),
    ],
)
def test_U1_what_may_be_null(sql: str, nullable: bool) -> None:
    assert built(sql).nullable is nullable


def test_U1_the_clock_stands_still_or_is_not_asked() -> None:
    assert built("CURRENT_DATE", date(2020, 1, 2)).node == s.Constant(date(2020, 1, 2), s.DATE)
    with pytest.raises(Problem, match="clock"):
        built("CURRENT_DATE", None)


def test_U1_long_lists_are_not_made_again_and_again() -> None:
    """What is computed while a text is read is bounded, whatever the text."""
    assert TERMS["n"].domain is None
    with pytest.raises(Problem, match="computes more than 30,000 values"):
        built(" OR ".join(f"(n % 50) * (n % 47) = {number}" for number in range(200)))
