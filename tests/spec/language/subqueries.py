"""What a row may ask of other rows of its unit, and of public tables."""

from __future__ import annotations

from decimal import Decimal

from language.case import Case

CASES = [
    Case(
        "Subqueries",
        "IN over rows of the same unit",
        "SELECT COUNT(*) FROM persons WHERE pid IN (SELECT pid FROM visits WHERE dept = 'eye')",
        [(2,)],
    ),
    Case(
        "Subqueries",
        "NOT IN over rows of the same unit",
        "SELECT COUNT(*) FROM persons WHERE pid NOT IN (SELECT pid FROM visits WHERE dept = 'eye')",
        [(3,)],
    ),
    Case(
        "Subqueries",
        "EXISTS",
        "SELECT COUNT(*) FROM persons p WHERE EXISTS (SELECT 1 FROM visits v WHERE v.pid = p.pid AND v.cost > p.age)",
        [(1,)],
    ),
    Case(
        "Subqueries",
        "NOT EXISTS",
        "SELECT COUNT(*) FROM persons p WHERE NOT EXISTS (SELECT 1 FROM visits v WHERE v.pid = p.pid AND "
        "v.cost > 8) AND p.age > 25",
        [(1,)],
    ),
    Case(
        "Subqueries",
        "IN over groups of the unit",
        "SELECT COUNT(*) FROM persons WHERE pid IN (SELECT pid FROM visits GROUP BY pid HAVING COUNT(*) >= 2)",
        [(2,)],
    ),
    Case(
        "Subqueries",
        "IN a public table",
        "SELECT COUNT(*) FROM persons WHERE town IN (SELECT town FROM places WHERE size < 15)",
        [(2,)],
    ),
    Case(
        "Subqueries",
        "NOT IN a public table: unknown is not true",
        "SELECT COUNT(*) FROM persons WHERE town NOT IN (SELECT town FROM places)",
        [(1,)],
    ),
    Case(
        "Subqueries",
        "NOT IN with a NULL inside is never true",
        "SELECT COUNT(*) FROM visits WHERE dept NOT IN (SELECT dept FROM rates)",
        [(0,)],
    ),
    Case(
        "Subqueries",
        "NOT IN of nothing is always true",
        "SELECT COUNT(*) FROM visits WHERE dept NOT IN (SELECT dept FROM rates WHERE rate > 9)",
        [(7,)],
    ),
    Case(
        "Subqueries",
        "NOT IN among the rows of one unit",
        "SELECT COUNT(*) FROM visits a WHERE a.dept NOT IN (SELECT b.dept FROM visits b WHERE b.pid = a.pid "
        "AND b.day > a.day)",
        [(5,)],
    ),
    Case(
        "Subqueries",
        "EXISTS in a public table",
        "SELECT COUNT(*) FROM persons p WHERE EXISTS (SELECT 1 FROM places q WHERE q.town = p.town AND q.size < p.age)",
        [(3,)],
    ),
    Case(
        "Subqueries",
        "a key that names a row of the unit",
        "SELECT COUNT(*) FROM visits WHERE visit_id IN (SELECT visit_id FROM items WHERE price > 3)",
        [(3,)],
    ),
    Case(
        "Subqueries",
        "EXISTS within EXISTS",
        "SELECT COUNT(*) FROM persons p WHERE EXISTS (SELECT 1 FROM visits v WHERE v.pid = p.pid AND EXISTS "
        "(SELECT 1 FROM items i WHERE i.visit_id = v.visit_id AND i.drug = 'a'))",
        [(2,)],
    ),
    Case(
        "Subqueries",
        "one value of a public table",
        "SELECT COUNT(*) FROM persons WHERE age > (SELECT MAX(size) FROM places)",
        [(3,)],
    ),
    Case(
        "Subqueries",
        "one value that is missing",
        "SELECT COUNT(*) FROM persons WHERE age > (SELECT MAX(size) FROM places WHERE size > 99)",
        [(0,)],
    ),
    Case(
        "Subqueries",
        "WITH, used twice",
        "WITH v AS (SELECT pid, cost FROM visits WHERE cost > 6) SELECT COUNT(*) FROM v a JOIN v b ON a.pid = b.pid",
        [(7,)],
    ),
    Case(
        "Subqueries",
        "WITH gives columns names",
        "WITH v(who, what) AS (SELECT pid, dept FROM visits) SELECT what, COUNT(DISTINCT who) FROM v GROUP BY what",
        [("eye", 2), (None, 1), ("heart", 1), ("skin", 2)],
    ),
    Case(
        "Subqueries",
        "an alias gives columns names",
        "SELECT b, COUNT(*) FROM (SELECT pid, dept FROM visits) AS t(a, b) GROUP BY b",
        [("eye", 3), (None, 1), ("heart", 1), ("skin", 2)],
    ),
    Case(
        "Subqueries",
        "subqueries in each other",
        "SELECT AVG(e) FROM (SELECT d + 1 AS e FROM (SELECT age * 2 AS d FROM persons WHERE age > 25) WHERE d < 120)",
        [(Decimal("83.0"),)],
    ),
]
