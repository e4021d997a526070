"""Public tables beside released groups: their rows are written into the plan, and cost nothing either."""

from __future__ import annotations

from decimal import Decimal

from language.case import Case

GROUPS = "WITH g AS (SELECT town, COUNT(*) AS n FROM persons GROUP BY town)"


def _case(title: str, sql: str, answer: list[tuple[object, ...]], *, ordered: bool = False) -> Case:
    return Case("Public tables beside released groups", title, sql, answer, ordered=ordered)


CASES = [
    _case(
        "released groups meet a public table",
        "SELECT dept, n, rate FROM (SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept) JOIN rates USING (dept)",
        [("eye", 3, 1), ("eye", 3, 2), ("skin", 2, 3)],
    ),
    _case(
        "public rows that no group meets are kept",
        f"{GROUPS} SELECT p.town, p.region, COALESCE(g.n, 0) FROM places p LEFT JOIN g ON g.town = p.town ORDER BY 1",
        [("east", "E", 0), ("north", "N", 2), ("south", "S", 1)],
        ordered=True,
    ),
    _case(
        "groups that no public row meets are kept too",
        f"{GROUPS} SELECT * FROM g FULL JOIN places USING (town)",
        [
            ("east", None, "E", 30),
            ("north", 2, "N", 10),
            ("south", 1, "S", 20),
            ("west", 1, None, None),
            (None, 1, None, None),
        ],
    ),
    _case(
        "coarser groups by a public table",
        f"{GROUPS} SELECT p.region, SUM(g.n), SUM(p.size) FROM g JOIN places p USING (town) GROUP BY p.region",
        [("N", 2, 10), ("S", 1, 20)],
    ),
    _case(
        "a rate per head",
        f"{GROUPS} SELECT town, n * 100 // size FROM g NATURAL JOIN places",
        [("north", 20), ("south", 5)],
    ),
    _case(
        "groups fall between the bounds of public rows",
        f"{GROUPS} SELECT g.town, r.rate FROM g JOIN rates r ON g.n >= r.rate",
        [("north", 1), ("north", 2), ("south", 1), ("west", 1), (None, 1)],
    ),
    _case(
        "groups that a public table names",
        f"{GROUPS} SELECT n FROM g WHERE town IN (SELECT town FROM places)",
        [(2,), (1,)],
    ),
    _case(
        "public rows that have no group",
        f"{GROUPS} SELECT town FROM places p WHERE NOT EXISTS (SELECT 1 FROM g WHERE g.town = p.town)",
        [("east",)],
    ),
    _case(
        "one value of a public table",
        f"{GROUPS} SELECT town, ROUND(n * 60.0 / (SELECT SUM(size) FROM places), 1) FROM g",
        [(None, Decimal("1.0")), ("north", Decimal("2.0")), ("south", Decimal("1.0")), ("west", Decimal("1.0"))],
    ),
    _case(
        "a released value beside public rows",
        f"{GROUPS} SELECT town, size - (SELECT SUM(n) FROM g) FROM places",
        [("east", 25), ("north", 5), ("south", 15)],
    ),
    _case(
        "released groups and public rows, one under the other",
        f"{GROUPS} SELECT town, n FROM g WHERE n > 1 UNION ALL SELECT town, size FROM places",
        [("east", 30), ("north", 2), ("north", 10), ("south", 20)],
    ),
    _case(
        "towns of a list that the statement brings",
        f"{GROUPS} SELECT v.t, COALESCE(n, 0) FROM (VALUES ('north'), ('east')) AS v(t) LEFT JOIN g ON g.town = v.t",
        [("north", 2), ("east", 0)],
    ),
]
