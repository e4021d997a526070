"""Windows that look at some rows before and after: running totals and moving averages."""

from __future__ import annotations

from decimal import Decimal

from language.case import Case

MONTHS = "WITH g AS (SELECT EXTRACT(MONTH FROM day) AS m, COUNT(*) AS n FROM visits GROUP BY 1)"


def _case(title: str, sql: str, answer: list[tuple[object, ...]]) -> Case:
    return Case("Frames of windows", title, sql, answer)


CASES = [
    _case(
        "a running total",
        f"{MONTHS} SELECT m, SUM(n) OVER (ORDER BY m) FROM g",
        [(1, 2), (2, 3), (3, 4), (4, 6), (5, 7)],
    ),
    _case(
        "a running total, row by row",
        f"{MONTHS} SELECT m, SUM(n) OVER (ORDER BY m ROWS UNBOUNDED PRECEDING) FROM g",
        [(1, 2), (2, 3), (3, 4), (4, 6), (5, 7)],
    ),
    _case(
        "a moving average",
        f"{MONTHS} SELECT m, AVG(n) OVER (ORDER BY m ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM g",
        [
            (1, Decimal("1.5")),
            (2, Decimal("1.3333")),
            (3, Decimal("1.3333")),
            (4, Decimal("1.3333")),
            (5, Decimal("1.5")),
        ],
    ),
    _case(
        "what is still to come",
        f"{MONTHS} SELECT m, SUM(n) OVER (ORDER BY m ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) FROM g",
        [(1, 5), (2, 4), (3, 3), (4, 1), (5, None)],
    ),
    _case(
        "the largest of the last two, by a window with a name",
        f"{MONTHS} SELECT m, MAX(n) OVER w, FIRST_VALUE(n) OVER w FROM g WINDOW w AS (ORDER BY m ROWS 1 PRECEDING)",
        [(1, 2, 2), (2, 2, 2), (3, 1, 1), (4, 2, 1), (5, 2, 2)],
    ),
    _case(
        "the last value up to a row",
        f"{MONTHS} SELECT m, LAST_VALUE(n) OVER (ORDER BY m ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM g",
        [(1, 2), (2, 1), (3, 1), (4, 2), (5, 1)],
    ),
    _case(
        "a frame over the aggregates of one SELECT",
        "SELECT dept, SUM(COUNT(*)) OVER (ORDER BY dept NULLS LAST ROWS UNBOUNDED PRECEDING) FROM visits GROUP BY dept",
        [("eye", 3), ("heart", 4), ("skin", 6), (None, 7)],
    ),
    _case(
        "the visits of a unit before and after one",
        "SELECT SUM(s), SUM(f), COUNT(l) FROM (SELECT SUM(cost) OVER (PARTITION BY pid ORDER BY day ROWS 1 PRECEDING) "
        "AS s, FIRST_VALUE(cost) OVER (PARTITION BY pid ORDER BY day ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING) AS f, "
        "LAST_VALUE(dept) OVER (PARTITION BY pid ORDER BY day ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING) AS l "
        "FROM visits)",
        [(Decimal("202.50"), Decimal("55.50"), 2)],
    ),
    _case(
        "averages and counts of a unit over two rows",
        "SELECT SUM(a), SUM(n), SUM(m) FROM (SELECT AVG(cost) OVER (PARTITION BY pid ORDER BY day ROWS BETWEEN CURRENT "
        "ROW AND 1 FOLLOWING) AS a, COUNT(cost) OVER (PARTITION BY pid ORDER BY day ROWS 1 PRECEDING) AS n, MIN(cost) "
        "OVER (PARTITION BY pid ORDER BY day DESC ROWS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING) AS m FROM visits)",
        [(Decimal("200.25"), 8, Decimal("188.00"))],
    ),
]
