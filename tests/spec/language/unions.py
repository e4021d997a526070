"""Unions of rows, and of released groups."""

from __future__ import annotations

from decimal import Decimal

from language.case import Case

CASES = [
    Case(
        "Unions",
        "all rows of two tables",
        "SELECT what, COUNT(*) FROM (SELECT pid, dept AS what FROM visits UNION ALL SELECT pid, town FROM "
        "persons) GROUP BY what",
        [("eye", 3), (None, 2), ("heart", 1), ("skin", 2), ("north", 2), ("south", 1), ("west", 1)],
    ),
    Case(
        "Unions",
        "whole numbers beside decimal ones",
        "SELECT SUM(x) FROM (SELECT pid, cost AS x FROM visits UNION ALL SELECT pid, age FROM persons)",
        [(Decimal("382.50"),)],
    ),
    Case(
        "Unions",
        "a union of rows is filtered",
        "SELECT COUNT(*), COUNT(DISTINCT pid) FROM (SELECT pid, day FROM visits UNION ALL SELECT pid, born "
        "FROM persons) WHERE day > DATE '1990-01-01'",
        [(9, 5)],
    ),
    Case(
        "Unions",
        "different rows of a unit",
        "SELECT COUNT(*) FROM (SELECT pid, dept FROM visits WHERE cost > 6 UNION SELECT pid, dept FROM visits"
        " WHERE cost < 15)",
        [(5,)],
    ),
    Case(
        "Unions",
        "two answers in one",
        "SELECT 'visits' AS what, COUNT(*) AS n FROM visits UNION ALL SELECT 'persons', COUNT(*) FROM persons"
        " ORDER BY n",
        [("persons", 5), ("visits", 7)],
        ordered=True,
    ),
    Case(
        "Unions",
        "three, with a limit",
        "SELECT COUNT(*) AS n FROM visits UNION ALL SELECT COUNT(*) FROM persons UNION ALL SELECT COUNT(*) "
        "FROM items ORDER BY 1 DESC LIMIT 2",
        [(7,), (6,)],
        ordered=True,
    ),
    Case(
        "Unions",
        "UNION shows equal rows once",
        "SELECT COUNT(*) FROM visits WHERE dept = 'heart' UNION SELECT COUNT(*) FROM persons WHERE town = 'west'",
        [(1,)],
    ),
    Case(
        "Unions",
        "groups beside a total",
        "SELECT dept, COUNT(*) FROM visits GROUP BY dept UNION ALL SELECT 'all', COUNT(*) FROM visits",
        [("eye", 3), (None, 1), ("heart", 1), ("skin", 2), ("all", 7)],
    ),
]
