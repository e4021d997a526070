"""What is refused, and what an answer would have shown."""

from __future__ import annotations

from language.case import Case

UNIT = "of the same unit only"
BY_UNIT = "SELECT pid, COUNT(*) AS n FROM visits GROUP BY pid"
GROUPS = "SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept"
WITHIN = "not within OR or CASE"


def _case(title: str, sql: str, refusal: str) -> Case:
    return Case("Refused", title, sql, refusal=refusal)


CASES = [
    _case(
        "attack: one visit keeps or removes a thousand public rows",
        "SELECT COUNT(*) FROM places LEFT JOIN persons USING (town)",
        "cannot keep rows without a partner",
    ),
    _case(
        "attack: a public row that FULL JOIN keeps shows that nobody lives there",
        "SELECT COUNT(*) FROM persons FULL JOIN places USING (town)",
        "cannot keep rows without a partner",
    ),
    _case(
        "attack: a protected table on the right of a public one",
        "SELECT COUNT(*) FROM persons RIGHT JOIN places USING (town)",
        "cannot keep rows without a partner",
    ),
    _case(
        "attack: public rows that are kept if there is a visit",
        "SELECT COUNT(*) FROM places WHERE EXISTS (SELECT 1 FROM persons WHERE persons.town = places.town)",
        "would show which rows there are",
    ),
    _case(
        "attack: public rows that are kept if there is none",
        "SELECT COUNT(*) FROM places WHERE town NOT IN (SELECT town FROM persons)",
        "would show which rows there are",
    ),
    _case("persons meet the visits of others", "SELECT COUNT(*) FROM persons JOIN visits ON age = cost", UNIT),
    _case("persons meet all visits", "SELECT COUNT(*) FROM persons CROSS JOIN visits", UNIT),
    _case("persons meet all visits, by a comma", "SELECT COUNT(*) FROM persons, visits WHERE age > cost", UNIT),
    _case(
        "persons who are like others",
        "SELECT COUNT(*) FROM persons WHERE age IN (SELECT age FROM persons WHERE town = 'west')",
        UNIT,
    ),
    _case("whether anybody has a visit", "SELECT COUNT(*) FROM persons WHERE EXISTS (SELECT 1 FROM visits)", UNIT),
    _case(
        "the NULL of another unit would decide",
        "SELECT COUNT(*) FROM visits WHERE visit_id NOT IN (SELECT visit_id FROM visits WHERE cost > 3)",
        "write NOT EXISTS",
    ),
    _case(
        "attack: a first row that depends on other units",
        "SELECT COUNT(*) FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY day) AS r FROM visits) WHERE r = 1",
        "write PARTITION BY pid",
    ),
    _case(
        "attack: ranks within a department",
        "SELECT COUNT(*) FROM visits QUALIFY RANK() OVER (PARTITION BY dept ORDER BY cost) = 1 AND FALSE",
        "neither a key nor in an aggregate",
    ),
    _case(
        "windows over other units, by department",
        "SELECT SUM(r) FROM (SELECT RANK() OVER (PARTITION BY dept ORDER BY cost) AS r FROM visits)",
        "write PARTITION BY pid, …",
    ),
    _case(
        "a value of other units in WHERE",
        "SELECT COUNT(*) FROM persons WHERE age > (SELECT AVG(age) FROM persons)",
        "released values cannot stand among rows of units",
    ),
    _case(
        "attack: a released group chooses among rows",
        f"SELECT COUNT(*) FROM visits WHERE dept IN (SELECT dept FROM ({GROUPS}) WHERE n > 3)",
        "cannot choose among rows of units",
    ),
    _case(
        "released groups are joined to rows",
        f"SELECT COUNT(*) FROM visits JOIN ({GROUPS}) g USING (dept)",
        "cannot stand among rows of units",
    ),
    _case("groups by unit", BY_UNIT, "groups by it do not leave"),
    _case("rows", "SELECT dept FROM visits", "Only aggregates leave"),
    _case("public rows", "SELECT COUNT(*) FROM places", "Public rows alone are not served"),
    _case("no table", "SELECT 1", "Public rows alone are not served"),
    _case("a unit picked by its rows", "SELECT COUNT(*) FROM (SELECT * FROM visits LIMIT 1)", "would pick single ones"),
    _case(
        "different values of all units, one by one",
        "SELECT DISTINCT pid FROM visits",
        "groups by it do not leave",
    ),
    _case("released groups, each with each", f"SELECT * FROM ({GROUPS}) a, ({GROUPS}) b", "joined by equal columns"),
    _case("an identifier and a value", "SELECT COUNT(*) FROM visits WHERE pid = 3", "tells single units apart"),
    _case(
        "an identifier and a column",
        "SELECT COUNT(*) FROM persons p JOIN visits v ON p.pid = v.pid AND v.visit_id = p.age",
        "tells single units apart",
    ),
    _case("identifiers in order", "SELECT COUNT(*) FROM visits ORDER BY pid", "tells single units apart"),
    _case(
        "a unit beside another column in UNION",
        "SELECT COUNT(*) FROM (SELECT pid FROM visits UNION ALL SELECT age FROM persons)",
        "stands beside another column",
    ),
    _case(
        "rows of units beside released groups",
        "SELECT COUNT(*) FROM (SELECT dept FROM visits UNION ALL SELECT dept FROM visits GROUP BY dept)",
        "aggregate them first",
    ),
    _case("columns that do not fit", "SELECT COUNT(*) FROM visits UNION ALL SELECT 1, 2", "same number of columns"),
    _case(
        "a name of two tables",
        "SELECT COUNT(*) FROM visits a JOIN visits b USING (pid) WHERE dept = 'eye'",
        "write a.dept or b.dept",
    ),
    _case(
        "EXISTS within OR",
        "SELECT COUNT(*) FROM persons p WHERE age > 3 OR EXISTS (SELECT 1 FROM visits v WHERE v.pid = p.pid)",
        WITHIN,
    ),
    _case(
        "a subquery that reaches two levels out",
        "SELECT COUNT(*) FROM persons p WHERE EXISTS (SELECT 1 FROM visits v WHERE v.pid = p.pid AND EXISTS "
        "(SELECT 1 FROM items i WHERE i.visit_id = v.visit_id AND i.price > p.age))",
        "FROM has no p",
    ),
    _case(
        "a value of other units, named by a column",
        "SELECT COUNT(*) FROM persons p WHERE age > (SELECT AVG(q.age) FROM persons q WHERE q.town = p.town)",
        "cannot stand among rows of units",
    ),
    _case(
        "a value that is named by more than equalities",
        "SELECT COUNT(*) FROM persons p WHERE 1 = (SELECT COUNT(*) FROM visits v WHERE v.pid = p.pid AND v.cost > "
        "p.age)",
        "inner.column = outer.column",
    ),
    _case(
        "one of a unit's rows as a value",
        "SELECT COUNT(*) FROM persons p WHERE (SELECT v.cost FROM visits v WHERE v.pid = p.pid) > 1",
        "gives one aggregate",
    ),
    _case(
        "a value of a row beside groups",
        "SELECT p.sex, (SELECT COUNT(*) FROM visits v WHERE v.pid = p.pid) FROM persons p GROUP BY p.sex",
        "write it in FROM",
    ),
    _case(
        "the dearest visit of all",
        "SELECT ARG_MAX(dept, cost) FROM visits",
        "a single row's value never leaves",
    ),
    _case(
        "a list of a unit's rows",
        "SELECT COUNT(x) FROM (SELECT pid, STRING_AGG(dept, ',') AS x FROM visits GROUP BY pid)",
        "Lists of rows are not built",
    ),
    _case(
        "a deviation of a unit's rows",
        "SELECT AVG(x) FROM (SELECT pid, STDDEV(cost) AS x FROM visits GROUP BY pid)",
        "of released groups MEDIAN",
    ),
    _case(
        "a value at the end of groups by several sets",
        f"SELECT ARG_MAX(dept, n) FROM ({GROUPS}) GROUP BY ROLLUP (n)",
        "GROUP BY without sets",
    ),
    _case(
        "several values for one",
        "SELECT COUNT(*) FROM persons WHERE age > (SELECT size FROM places)",
        "can give several rows",
    ),
    _case(
        "frames by the distance of values",
        "SELECT SUM(s) FROM (SELECT SUM(cost) OVER (PARTITION BY pid ORDER BY day RANGE 2 PRECEDING) AS s FROM visits)",
        "write ROWS",
    ),
    _case("a frame without an order", f"SELECT SUM(n) OVER (ROWS 1 PRECEDING) FROM ({GROUPS})", "add ORDER BY"),
    _case(
        "a frame that ends before it starts",
        f"SELECT SUM(n) OVER (ORDER BY n ROWS BETWEEN 1 FOLLOWING AND 1 PRECEDING) FROM ({GROUPS})",
        "the smaller place first",
    ),
    _case("a rank in a frame", f"SELECT RANK() OVER (ORDER BY n ROWS 1 PRECEDING) FROM ({GROUPS})", "remove the frame"),
    _case(
        "LAST_VALUE up to a row",
        "SELECT COUNT(x) FROM (SELECT LAST_VALUE(dept) OVER (PARTITION BY pid ORDER BY day) AS x FROM visits)",
        "turn the order round",
    ),
    _case(
        "EXCEPT ALL over rows of all units",
        "SELECT dept FROM visits EXCEPT ALL SELECT dept FROM visits WHERE cost > 8",
        "add the unit to the columns",
    ),
    _case(
        "attack: rows of one unit without equal ones of another",
        "SELECT COUNT(*) FROM (SELECT pid, age FROM persons EXCEPT SELECT visit_id, cost FROM visits)",
        "tells single units apart",
    ),
    _case(
        "INTERSECT of what names different things",
        "SELECT COUNT(*) FROM (SELECT visit_id, item_id FROM items INTERSECT SELECT item_id, visit_id FROM items)",
        "rows of one unit",
    ),
    _case(
        "rows of units without public ones",
        "SELECT COUNT(*) FROM (SELECT pid FROM persons EXCEPT SELECT size FROM places)",
        "aggregate them first",
    ),
    _case("LATERAL", "SELECT COUNT(*) FROM visits, LATERAL (SELECT 1)", "LATERAL joins are not built"),
    _case("ASOF", "SELECT COUNT(*) FROM visits a ASOF JOIN visits b ON a.day > b.day", "ASOF JOIN is not built"),
    _case("SEMI JOIN", "SELECT COUNT(*) FROM persons SEMI JOIN visits USING (pid)", "EXISTS"),
    _case("DISTINCT ON", "SELECT DISTINCT ON (dept) dept, COUNT(*) FROM visits GROUP BY dept", "QUALIFY"),
    _case(
        "too many rows of one unit",
        "SELECT COUNT(*) FROM " + " JOIN ".join(f"visits v{i} USING (pid)" if i else "visits v0" for i in range(11)),
        "aggregate by the unit first",
    ),
    _case(
        "a median of a unit's rows",
        "SELECT AVG(m) FROM (SELECT pid, MEDIAN(cost) AS m FROM visits GROUP BY pid)",
        "of the rows of one unit",
    ),
]
