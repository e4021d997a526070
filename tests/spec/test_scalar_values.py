"""What expressions of one row mean: SQL, a row, the value. The oracle and DuckDB both give it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache

import pytest
from scalar_world import TYPES, Table, built, hostile

from sandbox.engines.widths import sound
from sandbox.plan import scalar as s
from sandbox.plan.evaluate import evaluate

D = Decimal
CASTS = [
    ("CAST(t AS INTEGER)", {"t": " 12 "}, 12),
    ("t::BIGINT", {"t": "-2.5"}, -3),
    ("t::BIGINT", {"t": "2.5"}, 3),
    ("CAST(t AS INT)", {"t": "1e5"}, None),
    ("CAST(t AS INT)", {"t": "٣"}, None),
    ("CAST(t AS INT)", {"t": "9" * 19}, None),
    ("TRY_CAST(t AS SMALLINT)", {"t": ""}, None),
    ("t::DECIMAL(10, 2)", {"t": "+3.505"}, D("3.51")),
    ("t::DECIMAL(3, 2)", {"t": "9.999"}, None),
    ("t::NUMERIC", {"t": "5."}, D("5.000")),
    ("CAST(t AS DOUBLE)", {"t": "0.0000005"}, D("0.000001")),
    ("CAST(t AS DATE)", {"t": " 2024-02-29"}, date(2024, 2, 29)),
    ("CAST(t AS DATE)", {"t": "2023-02-29"}, None),
    ("CAST(t AS DATE)", {"t": "0000-01-01"}, None),
    ("CAST(t AS DATE)", {"t": "2024-2-9"}, None),
    ("CAST(t AS BOOLEAN)", {"t": " Yes"}, True),
    ("CAST(t AS BOOLEAN)", {"t": "oFF"}, False),
    ("CAST(t AS BOOLEAN)", {"t": "2"}, None),
    ("CAST(p AS INTEGER)", {"p": D("2.50")}, 3),
    ("CAST(p AS INTEGER)", {"p": D("-2.50")}, -3),
    ("CAST(p AS DECIMAL(4, 1))", {"p": D("7777.77")}, None),
    ("CAST(p AS DECIMAL(4, 1))", {"p": D("-0.05")}, D("-0.1")),
    ("CAST(n AS BOOLEAN)", {"n": -7}, True),
    ("CAST(b AS INTEGER)", {"b": False}, 0),
    ("CAST(b AS INTEGER)", {"b": None}, None),
    ("CAST(i AS VARCHAR)", {"i": -(2**63) + 1}, "-9223372036854775807"),
    ("CAST(p AS TEXT)", {"p": D("-0.50")}, "-0.50"),
    ("CAST(p AS TEXT)", {"p": D("0.00")}, "0.00"),
    ("CAST(d AS VARCHAR)", {"d": date(1, 1, 31)}, "0001-01-31"),
    ("CAST(b AS CHAR)", {"b": True}, "true"),
]
COMPARISONS = [
    ("t = 1", {"t": "1.0"}, True),
    ("t = 1", {"t": "1.4"}, False),
    ("t < 2", {"t": "abc"}, None),
    ("c IN (2, 3)", {"c": "2"}, True),
    ("c IN (2, NULL)", {"c": "1"}, None),
    ("t = TRUE", {"t": "on"}, True),
    ("n = TRUE", {"n": 7}, True),
    ("n <> FALSE", {"n": 0}, False),
    ("NOT n", {"n": 0}, True),
    ("t > DATE '2024-01-01'", {"t": "2024-02-29"}, True),
    ("d = t", {"d": date(2024, 2, 29), "t": "2024-02-29"}, True),
    ("n IS DISTINCT FROM NULL", {"n": None}, False),
    ("n IS DISTINCT FROM i", {"n": None, "i": 1}, True),
    ("n IS NOT DISTINCT FROM i", {"n": 1, "i": 1}, True),
    ("n BETWEEN SYMMETRIC 5 AND 1", {"n": 3}, True),
    ("n BETWEEN 5 AND 1", {"n": 3}, False),
    ("n IN (i, 3)", {"n": 7, "i": 7}, True),
    ("n IN (i, 3)", {"n": 4, "i": None}, None),
    ("t ILIKE 'A_B%'", {"t": "axb"}, True),
    ("t NOT ILIKE '%É%'", {"t": "é"}, True),
    ("XOR(b, n > 3)", {"b": True, "n": 1}, True),
]
NUMBERS = [
    ("ABS(p)", {"p": D("-1.50")}, D("1.50")),
    ("SIGN(i)", {"i": -(2**63) + 1}, -1),
    ("ROUND(p)", {"p": D("-2.50")}, -3),
    ("ROUND(p, 1)", {"p": D("2.45")}, D("2.5")),
    ("ROUND(i, -1)", {"i": -15}, -20),
    ("FLOOR(p)", {"p": D("-0.01")}, -1),
    ("CEIL(p)", {"p": D("-0.01")}, 0),
    ("CEILING(p)", {"p": D("0.01")}, 1),
    ("TRUNC(p)", {"p": D("-2.99")}, -2),
    ("TRUNC(p, 1)", {"p": D("2.99")}, D("2.9")),
    ("n % 7", {"n": -10}, -3),
    ("MOD(n, -7)", {"n": 10}, 3),
    ("p % 0.4", {"p": D("-1.50")}, D("-0.3")),
    ("n // 7", {"n": -10}, -1),
    ("n // 0", {"n": 5}, None),
    ("n / 7", {"n": -10}, D("-1.428571")),
    ("n / 8", {"n": 1}, D("0.125000")),
    ("1 / n", {"n": 0}, None),
    ("p / 3", {"p": D("0.05")}, D("0.01666667")),
    ("0.5 / 1000000", {}, D("0.0000005")),
    ("GREATEST(n, NULL, 3)", {"n": None}, 3),
    ("LEAST(n, p)", {"n": 3, "p": D("2.50")}, D("2.50")),
    ("LEAST(t, 'b')", {"t": "A"}, "A"),
    ("GREATEST(b, FALSE)", {"b": None}, False),
    ("POWER(n, 3)", {"n": -3}, -27),
    ("n ^ 0", {"n": 5}, 1),
    ("POWER(n, -2)", {"n": 4}, D("0.062500")),
    ("POWER(n, 1.5)", {"n": 4}, D("8.000000")),
    ("POWER(n, 1.5)", {"n": -4}, None),
    ("WIDTH_BUCKET(n, 0, 100, 10)", {"n": 99}, 10),
    ("WIDTH_BUCKET(n, 0, 100, 10)", {"n": 100}, 11),
    ("WIDTH_BUCKET(n, 0, 100, 10)", {"n": -1}, 0),
    ("WIDTH_BUCKET(p, 0.5, 1, 3)", {"p": D("0.70")}, 2),
    ("SQRT(n)", {"n": 2}, D("1.414214")),
    ("SQRT(n)", {"n": -1}, None),
    ("SQRT(p)", {"p": D("0.25")}, D("0.500000")),
    ("LN(n)", {"n": 0}, None),
    ("LN(p)", {"p": D("2.72")}, D("1.000632")),
    ("LOG(n)", {"n": 100}, D("2.000000")),
    ("LOG10(p)", {"p": D("0.01")}, D("-2.000000")),
    ("LOG2(n)", {"n": 8}, D("3.000000")),
    ("LOG(3, n)", {"n": 9}, D("2.00000")),
    ("EXP(n)", {"n": 1}, D("2.718282")),
    ("EXP(n)", {"n": 100}, None),
    ("ROUND(PI(), 4)", {}, D("3.1416")),
    ("SIN(n)", {"n": 1}, D("0.841471")),
    ("COS(n // 2)", {"n": 1}, D("1.000000")),
    ("ATAN(n)", {"n": -1}, D("-0.785398")),
    ("DEGREES(n)", {"n": 1}, D("57.295780")),
    ("FLOOR(n / 10) * 10", {"n": -1}, -10),
]
TEXTS = [
    ("t || '-' || n", {"t": "a", "n": 5}, "a-5"),
    ("t || n", {"t": "a", "n": None}, None),
    ("CONCAT(t, n, b, d)", {"t": None, "n": 5, "b": True, "d": date(2024, 1, 1)}, "5true2024-01-01"),
    ("CONCAT_WS('/', t, n, c)", {"t": "a", "n": None, "c": "2"}, "a/2"),
    ("REPLACE(t, '--', '+')", {"t": "a---b"}, "a+-b"),
    ("POSITION('x' IN t)", {"t": "é日本-x"}, 5),
    ("STRPOS(t, '')", {"t": ""}, 1),
    ("INSTR(t, 'b')", {"t": "a"}, 0),
    ("STARTS_WITH(t, 'é日')", {"t": "é日本-x"}, True),
    ("STARTS_WITH(t, 'ab')", {"t": "a"}, False),
    ("ENDS_WITH(t, '')", {"t": "a"}, True),
    ("SUFFIX(t, '-x')", {"t": "é日本-x"}, True),
    ("CONTAINS(t, '%')", {"t": "%_"}, True),
    ("REVERSE(t)", {"t": "e\u0301x"}, "x\u0301e"),
    ("REVERSE(t)", {"t": "a\nb"}, "b\na"),
    ("LPAD(t, 4, 'xy')", {"t": "é"}, "xyxé"),
    ("LPAD(t, 1, 'xy')", {"t": "ab"}, "a"),
    ("RPAD(t, 3)", {"t": "a"}, "a  "),
    ("SPLIT_PART(t, '-', 2)", {"t": "A-b--c"}, "b"),
    ("SPLIT_PART(t, '-', -1)", {"t": "A-b--c"}, "c"),
    ("SPLIT_PART(t, '-', 3)", {"t": "A-b--c"}, ""),
    ("SPLIT_PART(t, '-', 9)", {"t": "A-b--c"}, ""),
    ("REPEAT(t, 3)", {"t": "ab"}, "ababab"),
    ("SUBSTRING(t, -2)", {"t": "hello"}, "lo"),
    ("LENGTH(t)", {"t": "e\u0301"}, 2),
]
DATES = [
    ("DATE_TRUNC('year', d)", {"d": date(2024, 5, 17)}, date(2024, 1, 1)),
    ("DATE_TRUNC('quarter', d)", {"d": date(2024, 5, 17)}, date(2024, 4, 1)),
    ("DATE_TRUNC('month', d)", {"d": date(2024, 5, 17)}, date(2024, 5, 1)),
    ("DATE_TRUNC('week', d)", {"d": date(2021, 1, 3)}, date(2020, 12, 28)),
    ("DATE_TRUNC('day', d)", {"d": date(2021, 1, 3)}, date(2021, 1, 3)),
    ("EXTRACT(WEEK FROM d)", {"d": date(2021, 1, 3)}, 53),
    ("EXTRACT(ISOYEAR FROM d)", {"d": date(2021, 1, 3)}, 2020),
    ("EXTRACT(DOW FROM d)", {"d": date(2021, 1, 3)}, 0),
    ("EXTRACT(ISODOW FROM d)", {"d": date(2021, 1, 3)}, 7),
    ("DATE_PART('doy', d)", {"d": date(2020, 12, 31)}, 366),
    ("YEAR(d) * 100 + MONTH(d)", {"d": date(1, 1, 31)}, 101),
    ("d + INTERVAL 1 MONTH", {"d": date(2024, 1, 31)}, date(2024, 2, 29)),
    ("d - INTERVAL '1' YEAR", {"d": date(2024, 2, 29)}, date(2023, 2, 28)),
    ("d + INTERVAL 2 WEEK", {"d": date(2024, 2, 29)}, date(2024, 3, 14)),
    ("d + INTERVAL (n) DAY", {"d": date(2024, 1, 1), "n": -1}, date(2023, 12, 31)),
    ("d + INTERVAL 1 DAY", {"d": date(9999, 12, 31)}, None),
    ("d - 1", {"d": date(1, 1, 1)}, None),
    ("DATE_ADD(d, INTERVAL 1 QUARTER)", {"d": date(2024, 11, 30)}, date(2025, 2, 28)),
    ("DATEADD(day, 1, d)", {"d": date(2023, 2, 28)}, date(2023, 3, 1)),
    ("DATE_DIFF('day', d, e)", {"d": date(2024, 3, 1), "e": date(2024, 2, 29)}, -1),
    ("DATE_DIFF('month', d, e)", {"d": date(2023, 12, 31), "e": date(2024, 1, 1)}, 1),
    ("DATE_DIFF('quarter', d, e)", {"d": date(2024, 1, 1), "e": date(2024, 3, 31)}, 0),
    ("DATEDIFF('year', d, e)", {"d": date(2023, 12, 31), "e": date(2024, 1, 1)}, 1),
    ("DATEDIFF('week', d, e)", {"d": date(2023, 12, 31), "e": date(2024, 1, 1)}, 1),
    ("e - d", {"d": date(2023, 12, 31), "e": date(2024, 1, 1)}, 1),
    ("MAKE_DATE(2024, n, 29)", {"n": 2}, date(2024, 2, 29)),
    ("MAKE_DATE(2023, n, 29)", {"n": 2}, None),
    ("MAKE_DATE(n, 1, 1)", {"n": 0}, None),
    ("MAKE_DATE(2024, 1, i)", {"i": 2**63 - 1}, None),
    ("LAST_DAY(d)", {"d": date(9999, 12, 1)}, date(9999, 12, 31)),
    ("CURRENT_DATE", {}, date(2024, 5, 6)),
    ("NOW()::DATE - d", {"d": date(2024, 5, 1)}, 5),
    ("STRFTIME(d, '%Y-%m')", {"d": date(5, 1, 7)}, "0005-01"),
    ("MONTHNAME(d)", {"d": date(2024, 5, 17)}, "May"),
    ("DAYNAME(d)", {"d": date(2021, 1, 3)}, "Sunday"),
]


@cache
def table() -> Table:
    given = [*CASTS, *COMPARISONS, *NUMBERS, *TEXTS, *DATES]
    return Table([*hostile(), *({**dict.fromkeys(TYPES), **row} for _, row, _ in given)])


@pytest.mark.parametrize(("sql", "row", "expected"), [*CASTS, *COMPARISONS, *NUMBERS, *TEXTS, *DATES])
def test_U1_value(sql: str, row: dict[str, s.Value], expected: s.Value) -> None:
    found = evaluate(built(sql).node, {**dict.fromkeys(TYPES), **row})
    assert found == expected and type(found) is type(expected)


@pytest.mark.parametrize("sql", sorted({sql for sql, _, _ in [*CASTS, *COMPARISONS, *NUMBERS, *TEXTS, *DATES]}))
def test_U1_engines_agree_and_declarations_hold(sql: str) -> None:
    """On hostile rows: the engine's value is the oracle's, within the term's bounds, in its list, NULL only if it may
    be."""
    term = built(sql)
    assert sound(term.node)
    expected = [evaluate(term.node, row) for row in table().rows]
    assert table().values(term.node) == expected
    known = [value for value in expected if value is not None]
    assert term.nullable or len(known) == len(expected)
    assert term.low is None or all(term.low <= value <= term.high for value in known)  # type: ignore[operator]
    assert term.domain is None or set(known) <= set(term.domain)
