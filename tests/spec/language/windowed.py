"""Windows: rows that look at other rows of their unit."""

from __future__ import annotations

from decimal import Decimal

from language.case import Case

CASES = [
    Case(
        "Windows",
        "the first visit of each unit",
        "SELECT dept, COUNT(*) FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY pid ORDER BY day) AS r FROM "
        "visits) WHERE r = 1 GROUP BY dept",
        [("eye", 2), (None, 1), ("heart", 1)],
    ),
    Case(
        "Windows",
        "QUALIFY",
        "SELECT dept, COUNT(*) FROM (SELECT * FROM visits QUALIFY ROW_NUMBER() OVER (PARTITION BY pid ORDER "
        "BY day DESC) = 1) GROUP BY dept",
        [("eye", 2), ("heart", 1), ("skin", 1)],
    ),
    Case(
        "Windows",
        "QUALIFY over what SELECT names",
        "SELECT SUM(cost) FROM (SELECT cost, RANK() OVER (PARTITION BY pid ORDER BY cost DESC) AS k FROM "
        "visits QUALIFY k <= 2)",
        [(Decimal("167.00"),)],
    ),
    Case(
        "Windows",
        "the time since the visit before",
        "SELECT COUNT(gap), SUM(gap) FROM (SELECT DATE_DIFF('day', LAG(day) OVER (PARTITION BY pid ORDER BY "
        "day), day) AS gap FROM visits)",
        [(3, 60)],
    ),
    Case(
        "Windows",
        "the next visit",
        "SELECT COUNT(*) FROM (SELECT dept, LEAD(dept) OVER (PARTITION BY pid ORDER BY day) AS next FROM "
        "visits) WHERE dept <> next",
        [(2,)],
    ),
    Case(
        "Windows",
        "two visits further",
        "SELECT COUNT(later) FROM (SELECT LEAD(dept, 2) OVER (PARTITION BY pid ORDER BY day) AS later FROM visits)",
        [(1,)],
    ),
    Case(
        "Windows",
        "the first and the last value",
        "SELECT COUNT(*) FROM (SELECT FIRST_VALUE(dept) OVER w AS a, LAST_VALUE(dept) OVER (PARTITION BY pid "
        "ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS b FROM visits WINDOW w AS "
        "(PARTITION BY pid ORDER BY day)) WHERE a = b",
        [(5,)],
    ),
    Case(
        "Windows",
        "sums up to a row",
        "SELECT SUM(so_far), SUM(n) FROM (SELECT SUM(cost) OVER (PARTITION BY pid ORDER BY day) AS so_far, "
        "COUNT(*) OVER (PARTITION BY pid) AS n FROM visits)",
        [(Decimal("212.50"), 15)],
    ),
    Case(
        "Windows",
        "a share of what the unit spent",
        "SELECT COUNT(*) FROM (SELECT cost, AVG(cost) OVER (PARTITION BY pid) AS mean FROM visits) WHERE cost > mean",
        [(1,)],
    ),
    Case(
        "Windows",
        "ranks with ties",
        "SELECT SUM(a), SUM(b), SUM(c) FROM (SELECT ROW_NUMBER() OVER w AS a, RANK() OVER w AS b, "
        "DENSE_RANK() OVER w AS c FROM visits WINDOW w AS (PARTITION BY pid ORDER BY dept))",
        [(11, 10, 9)],
    ),
    Case(
        "Windows",
        "windows within a unit by department",
        "SELECT SUM(n) FROM (SELECT COUNT(*) OVER (PARTITION BY pid, dept) AS n FROM visits)",
        [(9,)],
    ),
    Case(
        "Windows",
        "windows over groups of a unit",
        "SELECT dept, COUNT(*) FROM (SELECT pid, dept, RANK() OVER (PARTITION BY pid ORDER BY SUM(cost) DESC)"
        " AS k FROM visits WHERE cost > 0 GROUP BY pid, dept) WHERE k = 1 GROUP BY dept",
        [("eye", 1), ("heart", 1), ("skin", 2)],
    ),
]
