"""Rows that meet: joins."""

from __future__ import annotations

from decimal import Decimal

from language.case import Case

CASES = [
    Case("Joins", "rows of one unit meet", "SELECT COUNT(*) FROM persons p JOIN visits v ON p.pid = v.pid", [(7,)]),
    Case(
        "Joins",
        "conditions of both sides",
        "SELECT COUNT(*), SUM(v.cost) FROM persons p JOIN visits v ON p.pid = v.pid AND v.dept = 'eye' WHERE "
        "p.age > 29",
        [(3, Decimal("22.50"))],
    ),
    Case(
        "Joins",
        "USING names the unit once",
        "SELECT dept, COUNT(*), COUNT(DISTINCT pid) FROM persons JOIN visits USING (pid) GROUP BY dept",
        [("eye", 3, 2), (None, 1, 1), ("heart", 1, 1), ("skin", 2, 2)],
    ),
    Case(
        "Joins",
        "a comma and WHERE are a join",
        "SELECT COUNT(*) FROM persons, visits WHERE persons.pid = visits.pid AND age > 35",
        [(4,)],
    ),
    Case(
        "Joins",
        "NATURAL joins by the columns that both have",
        "SELECT COUNT(*) FROM persons NATURAL JOIN visits",
        [(7,)],
    ),
    Case(
        "Joins",
        "LEFT keeps rows without a partner",
        "SELECT COUNT(*), COUNT(v.cost), COUNT(v.pid), COUNT(DISTINCT v.pid) FROM persons p LEFT JOIN visits "
        "v USING (pid)",
        [(8, 6, 7, 4)],
    ),
    Case(
        "Joins",
        "rows without a partner",
        "SELECT COUNT(*) FROM persons p LEFT JOIN visits v ON v.pid = p.pid WHERE v.pid IS NULL",
        [(1,)],
    ),
    Case(
        "Joins",
        "ON decides who is a partner, WHERE which rows stay",
        "SELECT p.sex, COUNT(v.cost) FROM persons p LEFT JOIN visits v ON p.pid = v.pid AND v.cost > 8 GROUP BY p.sex",
        [("f", 4), ("m", 0)],
    ),
    Case(
        "Joins",
        "a computed column is missing where its row is",
        "SELECT COUNT(*), SUM(one) FROM persons p LEFT JOIN (SELECT pid, 1 AS one FROM visits WHERE dept = "
        "'eye') v ON v.pid = p.pid",
        [(6, 3)],
    ),
    Case(
        "Joins",
        "RIGHT is LEFT turned round",
        "SELECT COUNT(*), COUNT(v.cost) FROM visits v RIGHT JOIN persons p ON p.pid = v.pid",
        [(8, 6)],
    ),
    Case(
        "Joins",
        "FULL keeps both sides",
        "SELECT COUNT(*), COUNT(a.town), COUNT(b.dept) FROM (SELECT pid, town FROM persons WHERE age > 30) a "
        "FULL JOIN (SELECT pid, dept FROM visits WHERE cost < 50) b USING (pid)",
        [(6, 3, 5)],
    ),
    Case(
        "Joins",
        "FULL with a further condition",
        "SELECT COUNT(*), COUNT(a.cost), COUNT(b.cost) FROM visits a FULL JOIN visits b ON a.pid = b.pid AND "
        "a.cost < b.cost",
        [(13, 7, 7)],
    ),
    Case(
        "Joins",
        "a table with itself",
        "SELECT COUNT(*) FROM visits a JOIN visits b ON a.pid = b.pid AND a.day < b.day",
        [(4,)],
    ),
    Case(
        "Joins",
        "a key of one table joins by itself",
        "SELECT v.dept, SUM(i.price) FROM items i JOIN visits v ON i.visit_id = v.visit_id GROUP BY v.dept",
        [("eye", 7), (None, 5), ("heart", 9), ("skin", 3)],
    ),
    Case(
        "Joins",
        "three tables",
        "SELECT p.sex, COUNT(*), SUM(price) FROM persons p JOIN visits USING (pid) JOIN items USING "
        "(visit_id) GROUP BY p.sex",
        [("f", 5, 20), ("m", 1, 4)],
    ),
    Case(
        "Joins",
        "brackets join first",
        "SELECT COUNT(*), COUNT(i.drug) FROM persons p LEFT JOIN (visits v JOIN items i ON v.visit_id = "
        "i.visit_id) ON p.pid = v.pid",
        [(7, 5)],
    ),
    Case(
        "Joins",
        "a public table adds what it says",
        "SELECT COUNT(*), SUM(size) FROM persons JOIN places ON persons.town = places.town",
        [(3, 40)],
    ),
    Case(
        "Joins",
        "a row of a public table for each that meets",
        "SELECT COUNT(*), SUM(rate) FROM visits JOIN rates USING (dept)",
        [(8, 15)],
    ),
    Case(
        "Joins",
        "a public table on the left of an inner join",
        "SELECT COUNT(*) FROM places JOIN persons USING (town)",
        [(3,)],
    ),
    Case(
        "Joins",
        "a public table in a RIGHT JOIN",
        "SELECT COUNT(*), COUNT(region) FROM places RIGHT JOIN persons USING (town)",
        [(5, 3)],
    ),
    Case(
        "Joins",
        "LEFT JOIN with a public table",
        "SELECT COUNT(*), COUNT(rate) FROM visits LEFT JOIN rates ON visits.dept = rates.dept AND rate > 1",
        [(7, 5)],
    ),
    Case(
        "Joins",
        "all rows of a public table",
        "SELECT COUNT(*) FROM persons CROSS JOIN places WHERE places.size > age",
        [(1,)],
    ),
    Case(
        "Joins",
        "a public table that is grouped first",
        "SELECT SUM(n) FROM visits JOIN (SELECT dept, COUNT(*) AS n FROM rates GROUP BY dept) r ON "
        "visits.dept = r.dept",
        [(8,)],
    ),
    Case(
        "Joins",
        "a list of values is a table",
        "SELECT label, COUNT(*) FROM visits JOIN (VALUES ('eye', 1), ('skin', 2)) AS t(dept, label) USING "
        "(dept) GROUP BY label",
        [(2, 2), (1, 3)],
    ),
    Case(
        "Joins",
        "one row of constants",
        "WITH t(least) AS (SELECT 40) SELECT COUNT(*) FROM persons, t WHERE age > least",
        [(3,)],
    ),
    Case(
        "Joins",
        "units are equal by way of a third table",
        "SELECT COUNT(*) FROM persons p, visits v, visits w WHERE p.pid = v.pid AND p.pid = w.pid AND v.cost < w.cost",
        [(3,)],
    ),
    Case(
        "Joins",
        "public rows that meet each other first",
        "SELECT COUNT(*), SUM(x.rate) FROM visits v JOIN (SELECT a.dept, b.rate FROM rates a JOIN rates b ON "
        "a.dept = b.dept) x ON v.dept = x.dept",
        [(14, 24)],
        most=16,
    ),
]
