"""Subqueries for one value that name the row around them."""

from __future__ import annotations

from decimal import Decimal

from language.case import Case


def _case(title: str, sql: str, answer: list[tuple[object, ...]]) -> Case:
    return Case("Values of the row around", title, sql, answer)


CASES = [
    _case(
        "persons with several visits",
        "SELECT COUNT(*) FROM persons p WHERE (SELECT COUNT(*) FROM visits v WHERE v.pid = p.pid) > 1",
        [(2,)],
    ),
    _case(
        "a count of nothing is 0",
        "SELECT COUNT(*) FROM persons p WHERE (SELECT COUNT(*) FROM visits v WHERE v.pid = p.pid) = 0",
        [(1,)],
    ),
    _case(
        "the dearest visit of each person",
        "SELECT COUNT(*) FROM visits v WHERE v.cost = (SELECT MAX(w.cost) FROM visits w WHERE w.pid = v.pid)",
        [(4,)],
    ),
    _case(
        "a value of the row in an aggregate",
        "SELECT SUM((SELECT SUM(v.cost) FROM visits v WHERE p.pid = v.pid AND v.dept = 'eye')) FROM persons p",
        [(Decimal("22.50"),)],
    ),
    _case(
        "how many persons have how many visits",
        "SELECT n, COUNT(*) FROM (SELECT p.pid, (SELECT COUNT(*) FROM visits v WHERE v.pid = p.pid) AS n FROM persons "
        "p) AS x GROUP BY n",
        [(0, 1), (1, 2), (2, 1), (3, 1)],
    ),
    _case(
        "by a key of the unit's rows",
        "SELECT COUNT(*) FROM visits v WHERE (SELECT SUM(price) FROM items i WHERE i.visit_id = v.visit_id) > 2",
        [(5,)],
    ),
    _case(
        "by a column of a public table",
        "SELECT COUNT(*) FROM visits v WHERE cost > (SELECT AVG(rate) FROM rates r WHERE r.dept = v.dept)",
        [(5,)],
    ),
    _case(
        "two aggregates in one value",
        "SELECT COUNT(*) FROM persons p WHERE (SELECT COUNT(*) + MAX(cost) FROM visits v WHERE v.pid = p.pid) > 10",
        [(3,)],
    ),
    _case(
        "a value within a value",
        "SELECT COUNT(*) FROM persons p WHERE (SELECT COUNT(*) FROM visits v WHERE v.pid = p.pid AND v.cost > (SELECT "
        "SUM(i.price) FROM items i WHERE i.visit_id = v.visit_id)) > 1",
        [(1,)],
    ),
    _case(
        "released groups, each with a value of others",
        "WITH g AS (SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept), c AS (SELECT dept, SUM(cost) AS s FROM "
        "visits GROUP BY dept) SELECT dept, n, (SELECT MAX(c.s) FROM c WHERE c.dept = g.dept) FROM g WHERE n > 1",
        [("eye", 3, Decimal("22.50")), ("skin", 2, Decimal("50.00"))],
    ),
]
