"""Groups: of the rows of one unit, and of all."""

from __future__ import annotations

from decimal import Decimal

from language.case import Case

CASES = [
    Case(
        "Groups",
        "rows of a unit are counted first",
        "SELECT n, COUNT(*) FROM (SELECT pid, COUNT(*) AS n FROM visits GROUP BY pid) GROUP BY n",
        [(2, 1), (3, 1), (1, 2)],
    ),
    Case(
        "Groups",
        "what a unit adds up",
        "SELECT SUM(s), COUNT(*) FROM (SELECT pid, SUM(cost) AS s FROM visits GROUP BY pid)",
        [(Decimal("172.50"), 4)],
    ),
    Case(
        "Groups",
        "least, largest and mean of a unit",
        "SELECT SUM(low), SUM(high), ROUND(SUM(mean), 2) FROM (SELECT pid, MIN(cost) AS low, MAX(cost) AS "
        "high, AVG(cost) AS mean FROM visits GROUP BY pid)",
        [(Decimal("142.50"), Decimal("157.00"), Decimal("148.83"))],
    ),
    Case(
        "Groups",
        "different values of a unit",
        "SELECT d, COUNT(*) FROM (SELECT pid, COUNT(DISTINCT dept) AS d FROM visits GROUP BY pid) GROUP BY d",
        [(2, 1), (1, 3)],
    ),
    Case(
        "Groups",
        "truths of a unit",
        "SELECT COUNT_IF(cheap), COUNT_IF(dear) FROM (SELECT pid, BOOL_AND(cost < 25) AS cheap, BOOL_OR(cost "
        "> 15) AS dear FROM visits GROUP BY pid)",
        [(2, 3)],
    ),
    Case(
        "Groups",
        "HAVING over rows of a unit",
        "SELECT COUNT(*) FROM (SELECT pid FROM visits GROUP BY pid HAVING SUM(cost) > 30)",
        [(2,)],
    ),
    Case(
        "Groups",
        "FILTER over rows of a unit",
        "SELECT SUM(eyes), SUM(n) FROM (SELECT pid, COUNT(*) FILTER (WHERE dept = 'eye') AS eyes, "
        "COUNT_IF(cost > 6) AS n FROM visits GROUP BY pid)",
        [(3, 5)],
    ),
    Case(
        "Groups",
        "groups of a unit by more than the unit",
        "SELECT dept, COUNT(*), SUM(n) FROM (SELECT pid, dept, COUNT(*) AS n FROM visits GROUP BY pid, dept) "
        "GROUP BY dept",
        [("eye", 2, 3), (None, 1, 1), ("heart", 1, 1), ("skin", 2, 2)],
    ),
    Case(
        "Groups",
        "rows of a visit",
        "SELECT COUNT(*), SUM(total) FROM (SELECT visit_id, SUM(price) AS total FROM items GROUP BY visit_id)",
        [(5, 24)],
    ),
    Case(
        "Groups",
        "the department of the dearest visit",
        "SELECT d, COUNT(*) FROM (SELECT pid, ARG_MAX(dept, cost) AS d FROM visits GROUP BY pid) GROUP BY d",
        [("eye", 1), ("heart", 1), ("skin", 2)],
    ),
    Case(
        "Groups",
        "the first department of a kind of visit, where there is one",
        "SELECT d, COUNT(*) FROM (SELECT pid, ARG_MIN(dept, day) FILTER (WHERE cost < 15) AS d FROM visits GROUP BY "
        "pid) GROUP BY d",
        [("eye", 2), (None, 2)],
    ),
    Case(
        "Groups",
        "parts of a unit's rows",
        "SELECT part, COUNT(*), SUM(cost) FROM (SELECT pid, cost, NTILE(2) OVER (PARTITION BY pid ORDER BY day) AS "
        "part FROM visits) GROUP BY part",
        [(1, 5, Decimal("137.00")), (2, 2, Decimal("35.50"))],
    ),
    Case(
        "Groups",
        "groups of a unit join its rows",
        "SELECT p.sex, SUM(v.n) FROM persons p JOIN (SELECT pid, COUNT(*) AS n FROM visits GROUP BY pid) v "
        "USING (pid) GROUP BY p.sex",
        [("f", 6), ("m", 1)],
    ),
    Case(
        "Groups",
        "groups of a unit that may be missing",
        "SELECT COALESCE(n, 0), COUNT(*) FROM persons p LEFT JOIN (SELECT pid, COUNT(*) AS n FROM visits "
        "GROUP BY pid) v ON p.pid = v.pid GROUP BY 1",
        [(2, 1), (0, 1), (3, 1), (1, 2)],
    ),
    Case(
        "Groups",
        "the first visit",
        "SELECT v.dept, COUNT(*) FROM visits v JOIN (SELECT pid, MIN(day) AS first FROM visits GROUP BY pid) "
        "f ON v.pid = f.pid AND v.day = f.first GROUP BY v.dept",
        [("eye", 2), (None, 1), ("heart", 1)],
    ),
    Case(
        "Groups",
        "each row of a unit once",
        "SELECT dept, COUNT(*) FROM (SELECT DISTINCT pid, dept FROM visits) GROUP BY dept",
        [("eye", 2), (None, 1), ("heart", 1), ("skin", 2)],
    ),
    Case(
        "Groups",
        "the groups there are",
        "SELECT dept FROM visits GROUP BY dept",
        [("eye",), (None,), ("heart",), ("skin",)],
    ),
    Case(
        "Groups",
        "DISTINCT gives the groups there are",
        "SELECT DISTINCT town FROM persons",
        [(None,), ("north",), ("south",), ("west",)],
    ),
    Case(
        "Groups",
        "groups by an expression",
        "SELECT age // 20, COUNT(*) FROM persons GROUP BY 1",
        [(2, 2), (1, 2), (3, 1)],
    ),
    Case(
        "Groups",
        "GROUP BY ALL",
        "SELECT dept, COUNT(*) FROM visits GROUP BY ALL",
        [("eye", 3), (None, 1), ("heart", 1), ("skin", 2)],
    ),
    Case(
        "Groups",
        "ROLLUP",
        "SELECT sex, town, COUNT(*), GROUPING(sex), GROUPING(sex, town) FROM persons GROUP BY ROLLUP (sex, town)",
        [
            (None, None, 5, 1, 3),
            ("f", None, 3, 0, 1),
            ("m", None, 2, 0, 1),
            ("f", "north", 2, 0, 0),
            ("m", "south", 1, 0, 0),
            ("f", "west", 1, 0, 0),
            ("m", None, 1, 0, 0),
        ],
    ),
    Case(
        "Groups",
        "CUBE",
        "SELECT sex, town, COUNT(*) FROM persons GROUP BY CUBE (sex, town) HAVING COUNT(*) > 1",
        [(None, None, 5), ("f", None, 3), ("m", None, 2), ("f", "north", 2), (None, "north", 2)],
    ),
    Case(
        "Groups",
        "GROUPING SETS",
        "SELECT sex, town, SUM(age) FROM persons GROUP BY GROUPING SETS ((sex), (town), ())",
        [
            ("f", None, 146),
            ("m", None, 64),
            (None, None, 23),
            (None, "north", 82),
            (None, "south", 41),
            (None, "west", 64),
            (None, None, 210),
        ],
    ),
    Case(
        "Groups",
        "elements of GROUP BY multiply",
        "SELECT sex, town, COUNT(*) FROM persons GROUP BY sex, ROLLUP (town)",
        [("f", None, 3), ("m", None, 2), ("f", "north", 2), ("m", "south", 1), ("f", "west", 1), ("m", None, 1)],
    ),
]
