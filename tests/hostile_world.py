"""A registration whose every column an attacker would like, and one unit whose values are the oddest that it lets
through: the largest numbers, nothing to divide by, texts of sixty thousand letters, the first and the last day."""

from __future__ import annotations

from functools import cache
from typing import Any

from sandbox.audit.worlds import UNIT, World

LEGAL = {"type": "lawfully_published", "instrument": "made up", "purpose": "audit"}
LARGEST = 2**63 - 1


def column(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "role": "quasi_identifier", **more}


DECLARED = {
    "name": "hostile",
    "title": {"zh": "敌", "en": "Hostile"},
    "holder": "Nobody",
    "domain": "health",
    "grade": "general",
    "personal_information": True,
    "legal_basis": LEGAL,
    "update_frequency": "P1Y",
    "unit": {"name": "person", "column": "rows.person"},
    "tables": [
        {
            "name": "rows",
            "unit": "person",
            "max_rows_per_unit": 4,
            "columns": [
                column("person", "integer", role="identifier"),
                column("kind", "string", domain=["a", "b"]),
                column("number", "integer"),
                column("bounded", "integer", bounds=[-50, 50], required=True),
                column("amount", "decimal(18,2)"),
                column("zero", "integer", bounds=[0, 10]),
                column("text", "string"),
                column("day", "date"),
                column("when_", "date", bounds=["2024-01-01", "2024-12-31"]),
                column("flag", "boolean"),
            ],
        },
        {
            "name": "lists",
            "public": True,
            "columns": [column("kind", "string", role="public"), column("factor", "integer", role="public")],
        },
    ],
    "privacy": {"epsilon": "1e6", "delta": "0.5", "per_user": {"epsilon": "1e6", "delta": "0.5"}},
}
HEADS = ["person", "kind", "number", "bounded", "amount", "zero", "text", "day", "when_", "flag"]
ODD: list[list[Any]] = [
    ["a", LARGEST, -50, "9999999999999999.99", 0, "a" * 60_000 + "b", "0001-01-01", "2024-12-31", "true"],
    ["b", -LARGEST, 50, "-9999999999999999.99", 0, "%_%_\\", "9999-12-31", "2024-01-01", "true"],
    ["a", 0, 50, "0.01", 0, "12e9999 -- '; DROP", "2024-02-29", "2024-02-29", "true"],
    ["b", 1, -50, "0.00", 0, "😀" * 20_000, "1582-10-10", "2024-02-29", "true"],
]


@cache
def hostile() -> World:
    """38 persons of two plain rows each, and the unit."""
    rows: list[list[Any]] = [HEADS, *([UNIT, *row] for row in ODD)]
    for person in range(2, 40):
        for at in range(2):
            plain = ["ab"[person % 2], person, at, f"{person}.50", 1 + at, f"t{person % 3}"]
            rows.append([person, *plain, "2024-05-05", "2024-05-05", "false"])
    return World("hostile", DECLARED, {"rows": rows, "lists": [["kind", "factor"], ["a", 1], ["b", 2]]})


ANSWERED = (
    "SELECT COUNT(*) AS n FROM rows WHERE 1 / zero > 0",
    "SELECT SUM(CASE WHEN zero = 0 THEN 1 / zero ELSE 0 END) AS n FROM rows",
    "SELECT COUNT(*) AS n FROM rows WHERE SQRT(bounded) > 1 AND LN(bounded) < 5",
    "SELECT COUNT(*) AS n FROM rows WHERE text LIKE '%a%a%a%a%a%a%a%a%c'",
    "SELECT COUNT(*) AS n FROM rows WHERE text LIKE '%\\'",
    ("SELECT COUNT(*) AS n FROM rows WHERE LENGTH(REPLACE(text, 'a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')) > 5"),
    "SELECT text, COUNT(*) AS n FROM rows GROUP BY text",
    "SELECT COUNT(*) AS n FROM rows WHERE day + INTERVAL 10000 YEAR > DATE '2024-01-01'",
    "SELECT COUNT(*) AS n FROM rows WHERE day - INTERVAL 1 DAY < DATE '2024-01-01'",
    "SELECT COUNT(*) AS n FROM rows WHERE DATE_TRUNC('week', day) < DATE '2024-01-01'",
    "SELECT COUNT(*) AS n FROM rows WHERE MAKE_DATE(number, number, number) IS NULL",
    "SELECT COUNT(*) AS n FROM rows WHERE DATE_DIFF('day', day, DATE '9999-12-31') > 3000000",
    "SELECT COUNT(*) AS n FROM rows WHERE CAST(text AS DATE) IS NULL",
    "SELECT COUNT(*) AS n FROM rows WHERE CAST(amount AS INTEGER) = 1",
    "SELECT COUNT(*) AS n FROM rows WHERE CAST(number AS VARCHAR) LIKE '9%'",
    "SELECT EXTRACT(year FROM day) AS y, COUNT(*) AS n FROM rows GROUP BY y",
    "SELECT kind, COUNT(*) AS n FROM rows GROUP BY kind HAVING COUNT(*) = 3",
    (
        "SELECT kind, COUNT(*) AS n FROM rows GROUP BY kind HAVING SUM(CASE WHEN text LIKE '%b' THEN 1 END) / "
        "COUNT(*) > 0.5"
    ),
    "SELECT text, COUNT(*) AS n FROM rows GROUP BY text ORDER BY text LIMIT 1",
    "SELECT kind, COUNT(*) AS n FROM rows GROUP BY kind ORDER BY 1 / (COUNT(*) - COUNT(*)) LIMIT 1",
    (
        "SELECT kind, number, text, COUNT(*) AS n FROM rows GROUP BY GROUPING SETS ((kind), (number), (text), "
        "(kind, number, text))"
    ),
    "SELECT number, COUNT(*) AS n FROM rows GROUP BY CUBE (number, text, day)",
    ("SELECT COUNT(*) AS n FROM rows AS a JOIN rows AS b ON a.person = b.person JOIN rows AS c ON b.person = c.person"),
    "SELECT COUNT(*) AS n FROM rows AS a JOIN rows AS b ON a.person = b.person AND a.number < b.number",
    "SELECT COUNT(*) AS n FROM rows WHERE person IN (SELECT person FROM rows WHERE number > 5)",
    "SELECT SUM(bounded * factor) AS n FROM rows r JOIN lists l ON r.kind = l.kind",
    "SELECT SUM(bounded) / COUNT(*) AS n FROM rows WHERE text = 'nobody'",
    "SELECT STDDEV(bounded) AS n, CORR(bounded, zero) AS c FROM rows WHERE number = 9223372036854775807",
    "SELECT MEDIAN(bounded) AS n FROM rows WHERE FALSE",
    "SELECT AVG(x) AS n FROM (SELECT person, SUM(bounded) / SUM(zero) AS x FROM rows GROUP BY person)",
    (
        "SELECT SUM(x) AS n FROM (SELECT CASE WHEN SUM(zero) = 0 THEN 50 ELSE 0 END AS x, person FROM rows GROUP "
        "BY person)"
    ),
    "SELECT COUNT(*) % 0 AS n, 10 // (COUNT(*) - COUNT(*)) AS m FROM rows",
    ("SELECT CAST(COUNT(*) AS VARCHAR) || 'x' AS n, CAST('x' || CAST(COUNT(*) AS VARCHAR) AS INTEGER) AS m FROM rows"),
    "SELECT LN(COUNT(*) - 1000000) AS n, SQRT(-COUNT(*)) AS m FROM rows",
    (
        "SELECT a.n FROM (SELECT kind, COUNT(*) AS n FROM rows GROUP BY kind) a JOIN (SELECT text, COUNT(*) AS m "
        "FROM rows GROUP BY text) b ON a.n < b.m"
    ),
    "SELECT COUNT(DISTINCT text || CAST(number AS VARCHAR)) AS n FROM rows",
    "SELECT flag, COUNT(*) AS n FROM rows GROUP BY ALL",
    "SELECT MEDIAN(when_) AS n, MIN(when_) AS m FROM rows",
    "SELECT COUNT(*) AS n FROM rows WHERE TO_DATE(text, '%Y-%m-%d') IS NULL",
    "SELECT COUNT(*) AS n FROM rows WHERE SPLIT_PART(text, 'a', 100) = ''",
)
"""Odd questions that have an answer: with the unit and without it alike, but for what its noise hides."""
REFUSED = (
    ("bound_missing", "SELECT COUNT(*) AS n FROM rows WHERE number * number * number > 0"),
    ("bound_missing", "SELECT COUNT(*) AS n FROM rows WHERE number + 9223372036854775807 > 0"),
    ("bound_missing", "SELECT COUNT(*) AS n FROM rows WHERE amount * amount * amount * amount > 1"),
    ("bound_missing", "SELECT COUNT(*) AS n FROM rows WHERE EXP(number) > 1"),
    ("sql_not_allowed", "SELECT COUNT(*) AS n FROM rows WHERE text SIMILAR TO '(a|aa)+b'"),
    ("sql_not_allowed", "SELECT COUNT(*) AS n FROM rows WHERE text ~ '(a+)+b'"),
    ("sql_not_allowed", "SELECT COUNT(*) AS n FROM rows WHERE text LIKE text"),
    ("sql_not_allowed", "SELECT COUNT(*) AS n FROM rows WHERE LENGTH(REPEAT(text, 1000)) > 5"),
    (
        "sql_not_allowed",
        (
            "SELECT COUNT(*) AS n FROM rows WHERE REPLACE(REPLACE(REPLACE(text, 'a', 'aaaaaaaaaa'), 'a', "
            "'aaaaaaaaaa'), 'a', 'aaaaaaaaaa') > 'b'"
        ),
    ),
    ("sql_not_allowed", "SELECT COUNT(*) AS n FROM rows WHERE LPAD(text, 1000000000, 'x') > 'a'"),
    ("sql_not_allowed", "SELECT SUBSTRING(text, number, 3) AS k, COUNT(*) AS n FROM rows GROUP BY 1"),
    ("bound_missing", "SELECT COUNT(*) AS n FROM rows WHERE day + number > DATE '2024-01-01'"),
    ("bound_missing", "SELECT COUNT(*) AS n FROM rows WHERE CAST(number AS DECIMAL(5,2)) IS NULL"),
    ("bound_missing", "SELECT kind, COUNT(*) AS n FROM rows GROUP BY kind HAVING MAX(number) = 9223372036854775807"),
    ("sql_not_allowed", "SELECT person, COUNT(*) AS n FROM rows GROUP BY person"),
    ("sql_not_allowed", "SELECT COUNT(*) AS n FROM rows AS a, rows AS b WHERE a.number = b.number"),
    ("bound_missing", "SELECT COUNT(*) AS n FROM rows WHERE number > (SELECT AVG(number) FROM rows)"),
    ("sql_not_allowed", "SELECT COUNT(*) AS n FROM rows WHERE bounded > (SELECT COUNT(*) FROM rows)"),
    (
        "sql_not_allowed",
        "SELECT l.kind, COUNT(r.number) AS n FROM lists l LEFT JOIN rows r ON r.kind = l.kind GROUP BY l.kind",
    ),
    ("sql_not_allowed", "SELECT SUM(bounded) AS n FROM rows WHERE person = 1"),
    ("bound_missing", "SELECT MAX(number) AS n FROM rows"),
    ("bound_missing", "SELECT SUM(number) AS n FROM rows"),
    (
        "sql_not_allowed",
        (
            "SELECT COUNT(*) AS n FROM (SELECT LAG(number, 9223372036854775807) OVER (PARTITION BY person ORDER BY "
            "day) AS p FROM rows) WHERE p > 0"
        ),
    ),
    (
        "bound_missing",
        (
            "SELECT COUNT(*) AS n FROM (SELECT SUM(number) OVER (PARTITION BY person ORDER BY day ROWS BETWEEN "
            "1000000 PRECEDING AND CURRENT ROW) AS p FROM rows) WHERE p > 0"
        ),
    ),
    (
        "sql_not_allowed",
        "SELECT COUNT(*) AS n FROM (SELECT SUM(number) OVER (PARTITION BY kind) AS p FROM rows) WHERE p > 0",
    ),
    ("sql_not_allowed", "SELECT WIDTH_BUCKET(amount, 0, 10, 1000000000) AS b, COUNT(*) AS n FROM rows GROUP BY b"),
    ("sql_not_allowed", "SELECT ROUND(amount, -30) AS b, COUNT(*) AS n FROM rows GROUP BY b"),
    ("sql_not_allowed", "SELECT ROUND(bounded, 38) AS b, COUNT(*) AS n FROM rows GROUP BY b"),
    ("sql_not_allowed", "SELECT EXP(COUNT(*) * 1000) AS n, POWER(10, COUNT(*)) AS m FROM rows"),
    ("sql_not_allowed", "SELECT REPEAT('x', COUNT(*)) AS n FROM rows"),
    ("sql_not_allowed", "SELECT DATE '2024-01-01' + COUNT(*) * 1000000 AS n FROM rows"),
    (
        "sql_not_allowed",
        (
            "SELECT n * n * n * n * n * n * n * n * n * n * n * n AS x FROM (SELECT COUNT(*) * 1000000000000 AS n "
            "FROM rows)"
        ),
    ),
    ("sql_not_allowed", "SELECT error(CAST(number AS VARCHAR)) AS n FROM rows"),
    ("sql_not_allowed", "SELECT COUNT(*) AS n FROM rows WHERE getenv('HOME') = 'x'"),
    ("sql_not_allowed", "SELECT COUNT(*) AS n FROM read_csv('/etc/passwd')"),
    ("sql_not_allowed", "SELECT COUNT(*) AS n FROM rows USING SAMPLE 1"),
    ("sql_not_allowed", "SELECT COUNT(*) AS n FROM rows TABLESAMPLE 10%"),
    ("sql_not_allowed", "SELECT COUNT(*) AS n FROM rows WHERE text IN (SELECT text FROM rows WHERE number = 1)"),
    (
        "sql_not_allowed",
        "SELECT COUNT(*) FILTER (WHERE EXISTS (SELECT 1 FROM rows b WHERE b.number = rows.number)) AS n FROM rows",
    ),
    ("sql_not_allowed", "SELECT ARG_MAX(text, number) AS n FROM rows"),
    ("sql_not_allowed", "SELECT COUNT(*) AS n FROM rows WHERE text > CHR(0)"),
    ("sql_not_allowed", "SELECT COUNT(*) AS n FROM rows WHERE 'a' || CHR(0) = text"),
    ("sql_not_allowed", "SELECT COUNT(*) AS n FROM rows WHERE SPLIT_PART(text, '', -1) = ''"),
    ("bound_missing", "SELECT COUNT(*) AS n FROM rows WHERE CASE WHEN flag THEN number % zero ELSE 1 END = 1"),
    ("sql_not_allowed", "SELECT SUM(bounded) AS n FROM rows WHERE bounded = 1e400"),
    ("sql_not_allowed", "SELECT COUNT(*) AS n FROM rows LIMIT -1"),
    (
        "sql_not_allowed",
        ("SELECT kind, COUNT(*) AS n FROM rows GROUP BY kind LIMIT 99999999999999999999 OFFSET 99999999999999999999"),
    ),
)
"""Odd questions that are refused, before anything is read, with the code."""
