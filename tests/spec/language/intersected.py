"""INTERSECT and EXCEPT, where NULL is a value."""

from __future__ import annotations

from language.case import Case


def _case(title: str, sql: str, answer: list[tuple[object, ...]], *, ordered: bool = False) -> Case:
    return Case("INTERSECT and EXCEPT", title, sql, answer, ordered=ordered)


CASES = [
    _case(
        "persons without a visit",
        "SELECT COUNT(*) FROM (SELECT pid FROM persons EXCEPT SELECT pid FROM visits)",
        [(1,)],
    ),
    _case(
        "persons with a visit, each once",
        "SELECT sex, COUNT(*) FROM (SELECT pid, sex FROM persons JOIN visits USING (pid) INTERSECT SELECT pid, sex "
        "FROM persons WHERE age < 60) GROUP BY sex",
        [("f", 2), ("m", 1)],
    ),
    _case(
        "departments of a unit that only dear visits have",
        "SELECT COUNT(*), COUNT(DISTINCT pid) FROM (SELECT pid, dept FROM visits EXCEPT SELECT pid, dept FROM visits "
        "WHERE cost > 15 OR cost IS NULL)",
        [(2, 2)],
    ),
    _case(
        "EXCEPT ALL takes each row away once",
        "SELECT COUNT(*) FROM (SELECT pid, dept FROM visits EXCEPT ALL SELECT pid, dept FROM visits WHERE day < "
        "DATE '2023-02-15')",
        [(4,)],
    ),
    _case(
        "INTERSECT ALL counts rows",
        "SELECT dept, COUNT(*) FROM (SELECT pid, dept FROM visits INTERSECT ALL SELECT pid, dept FROM visits WHERE "
        "cost < 15) GROUP BY dept",
        [("eye", 3)],
    ),
    _case(
        "without the unit, groups are released first",
        "SELECT dept FROM visits INTERSECT SELECT dept FROM visits WHERE cost > 8",
        [("eye",), ("heart",), ("skin",)],
    ),
    _case(
        "released groups without those of a public table",
        "SELECT town FROM persons EXCEPT SELECT town FROM places ORDER BY 1 NULLS LAST",
        [("west",), (None,)],
        ordered=True,
    ),
    _case(
        "public rows without a released group",
        "SELECT town FROM places EXCEPT ALL SELECT town FROM persons GROUP BY town",
        [("east",)],
    ),
    _case(
        "whole released rows",
        "SELECT dept, COUNT(*) FROM visits GROUP BY dept EXCEPT SELECT dept, COUNT(*) FROM visits WHERE cost > 6 "
        "GROUP BY dept",
        [("eye", 3), (None, 1)],
    ),
    _case(
        "INTERSECT binds closer than UNION",
        "SELECT dept FROM visits GROUP BY 1 UNION SELECT town FROM persons GROUP BY 1 INTERSECT SELECT town "
        "FROM places",
        [("eye",), ("heart",), ("skin",), (None,), ("north",), ("south",)],
    ),
    _case(
        "a public list without one value",
        "SELECT COUNT(*) FROM persons WHERE town IN (SELECT town FROM places EXCEPT SELECT 'north')",
        [(1,)],
    ),
]
