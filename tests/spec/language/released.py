"""What is done to released groups: it costs nothing."""

from __future__ import annotations

from decimal import Decimal

from language.case import Case

CASES = [
    Case(
        "Released groups",
        "groups of groups",
        "SELECT MAX(n), AVG(n), COUNT(*) FROM (SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept)",
        [(3, Decimal("1.75"), 4)],
    ),
    Case(
        "Released groups",
        "groups by a computed column",
        "SELECT n > 1, COUNT(*) FROM (SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept) GROUP BY 1",
        [(False, 2), (True, 2)],
    ),
    Case(
        "Released groups",
        "a condition on released columns",
        "SELECT dept FROM (SELECT dept, COUNT(*) AS n, SUM(cost) AS s FROM visits GROUP BY dept) WHERE n > 1 "
        "AND s > 30",
        [("skin",)],
    ),
    Case(
        "Released groups",
        "an order, and a limit",
        "SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept ORDER BY n DESC, dept LIMIT 2",
        [("eye", 3), ("skin", 2)],
        ordered=True,
    ),
    Case(
        "Released groups",
        "a limit below an order",
        "SELECT dept FROM (SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept ORDER BY n DESC, dept LIMIT "
        "2) ORDER BY dept DESC",
        [("skin",), ("eye",)],
        ordered=True,
    ),
    Case(
        "Released groups",
        "an offset",
        "SELECT dept FROM visits GROUP BY dept ORDER BY COUNT(*) DESC, dept NULLS FIRST LIMIT 2 OFFSET 1",
        [("skin",), (None,)],
        ordered=True,
    ),
    Case(
        "Released groups",
        "a share of the whole",
        "SELECT dept, ROUND(COUNT(*) * 1.0 / (SELECT COUNT(*) FROM visits), 2) AS share FROM visits GROUP BY dept",
        [("eye", Decimal("0.43")), (None, Decimal("0.14")), ("heart", Decimal("0.14")), ("skin", Decimal("0.29"))],
    ),
    Case(
        "Released groups",
        "a window over groups",
        "SELECT dept, COUNT(*) AS n, SUM(COUNT(*)) OVER () AS total FROM visits GROUP BY dept",
        [("eye", 3, 7), (None, 1, 7), ("heart", 1, 7), ("skin", 2, 7)],
    ),
    Case(
        "Released groups",
        "ranks of groups",
        "SELECT dept, n FROM (SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept) QUALIFY RANK() OVER "
        "(ORDER BY n DESC) = 1",
        [("eye", 3)],
    ),
    Case(
        "Released groups",
        "two releases are joined",
        "WITH v AS (SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept), c AS (SELECT dept, SUM(cost) AS s "
        "FROM visits GROUP BY dept) SELECT v.dept, s / n FROM v JOIN c USING (dept) WHERE n > 1",
        [("eye", Decimal("7.5")), ("skin", Decimal("25.0"))],
    ),
    Case(
        "Released groups",
        "one release, used twice",
        "WITH v AS (SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept) SELECT a.dept, a.n - b.n FROM v a "
        "JOIN v b ON a.dept = b.dept",
        [("eye", 0), ("heart", 0), ("skin", 0)],
    ),
    Case(
        "Released groups",
        "a release without a partner",
        "WITH v AS (SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept) SELECT v.n, w.n FROM v LEFT JOIN "
        "(SELECT dept, COUNT(*) AS n FROM visits WHERE cost > 8 GROUP BY dept) w ON v.dept = w.dept",
        [(3, 1), (1, 1), (1, None), (2, 2)],
    ),
    Case(
        "Released groups",
        "releases that another names",
        "SELECT dept, COUNT(*) FROM visits GROUP BY dept HAVING COUNT(*) > (SELECT COUNT(*) FROM persons "
        "WHERE town = 'north')",
        [("eye", 3)],
    ),
    Case(
        "Released groups",
        "a release in IN",
        "WITH v AS (SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept) SELECT n FROM v WHERE dept IN "
        "(SELECT dept FROM v WHERE n > 2)",
        [(3,)],
    ),
    Case(
        "Released groups",
        "two values and no table",
        "SELECT (SELECT COUNT(*) FROM visits) - (SELECT COUNT(*) FROM persons) AS more",
        [(2,)],
    ),
    Case(
        "Released groups",
        "DISTINCT over released rows",
        "SELECT DISTINCT COUNT(*) FROM visits GROUP BY dept",
        [(2,), (3,), (1,)],
    ),
    Case(
        "Released groups",
        "how many groups there are",
        "SELECT COUNT(*) FROM (SELECT DISTINCT dept FROM visits)",
        [(4,)],
    ),
    Case(
        "Released groups",
        "medians and deviations of groups",
        "WITH g AS (SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept) SELECT MEDIAN(n), VAR_POP(n), VAR_SAMP(n), "
        "STDDEV_POP(n), STDDEV(n) FILTER (WHERE n < 3) FROM g",
        [(Decimal("1.5"), Decimal("0.6875"), Decimal("0.9167"), Decimal("0.8292"), Decimal("0.5774"))],
    ),
    Case(
        "Released groups",
        "a spread of nothing",
        "WITH g AS (SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept) SELECT MEDIAN(n), VAR_POP(n), STDDEV(n) FROM "
        "g WHERE n > 9",
        [(None, None, None)],
    ),
    Case(
        "Released groups",
        "the group with the most",
        "WITH g AS (SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept) SELECT ARG_MAX(dept, n), ARG_MIN(dept, n) "
        "FILTER (WHERE dept = 'skin') FROM g",
        [("eye", "skin")],
    ),
    Case(
        "Released groups",
        "quarters, shares of ranks and of rows",
        "WITH g AS (SELECT EXTRACT(MONTH FROM day) AS m, COUNT(*) AS n FROM visits GROUP BY 1) SELECT m, NTILE(2) OVER "
        "(ORDER BY m), NTILE(7) OVER (ORDER BY m DESC), PERCENT_RANK() OVER (ORDER BY n), CUME_DIST() OVER w FROM g "
        "WINDOW w AS (ORDER BY n)",
        [
            (1, 1, 5, Decimal("0.75"), Decimal("1.0")),
            (2, 1, 4, Decimal("0.0"), Decimal("0.6")),
            (3, 1, 3, Decimal("0.0"), Decimal("0.6")),
            (4, 2, 2, Decimal("0.75"), Decimal("1.0")),
            (5, 2, 1, Decimal("0.0"), Decimal("0.6")),
        ],
    ),
    Case(
        "Released groups",
        "a column of SELECT names those before it",
        "SELECT dept, SUM(cost) FILTER (WHERE day < DATE '2023-03-01') AS a, SUM(cost) AS b, ROUND(a / b, 2) AS share, "
        "share * 2 FROM visits WHERE dept <> 'heart' GROUP BY dept",
        [
            ("eye", Decimal("17.00"), Decimal("22.50"), Decimal("0.76"), Decimal("1.52")),
            ("skin", Decimal("20.00"), Decimal("50.00"), Decimal("0.4"), Decimal("0.8")),
        ],
    ),
    Case(
        "Released groups",
        "groups, filtered after a limit",
        "SELECT COUNT(*) FROM (SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept ORDER BY n DESC LIMIT 3) "
        "WHERE n = 1",
        [(1,)],
    ),
]
