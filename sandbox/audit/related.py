"""Questions over relations: joins, unions, windows, groups of a unit, grouping sets. A line each, as `what | question`;
indented lines go on. `v` and `w` are visits, `k` is the public table of kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

QUESTIONS = """
subquery of rows | SELECT SUM(x) AS n FROM (SELECT gain * 2 AS x FROM visits)
common table expression | WITH q AS (SELECT one, gain FROM visits WHERE flag)
    SELECT one, SUM(gain) AS n FROM q GROUP BY one
self-join | SELECT COUNT(*) AS n FROM visits AS v JOIN visits AS w USING (person, one)
self-join, all pairs | SELECT COUNT(*) AS n FROM visits AS v JOIN visits AS w USING (person)
self-join, groups | SELECT v.one, SUM(w.gain) AS n FROM visits AS v JOIN visits AS w
    ON v.person = w.person AND v.one = w.one GROUP BY v.one
left self-join | SELECT SUM(w.gain) AS n FROM visits AS v LEFT JOIN visits AS w
    ON v.person = w.person AND v.one = w.one
right self-join | SELECT SUM(w.gain) AS n FROM visits AS v RIGHT JOIN visits AS w
    ON v.person = w.person AND v.one = w.one
full self-join | SELECT COUNT(*) AS n FROM visits AS v FULL JOIN visits AS w
    ON v.person = w.person AND v.one = w.one
join on the unit | SELECT sex, SUM(gain) AS n FROM visits JOIN persons USING (person) GROUP BY sex
join of three | SELECT COUNT(*) AS n FROM visits AS v JOIN persons USING (person) JOIN visits AS w USING (person)
public join | SELECT k.one, COUNT(*) AS n FROM visits AS v JOIN kinds AS k ON v.one = k.one GROUP BY k.one
public left join | SELECT v.one, COUNT(*) AS n FROM visits AS v LEFT JOIN kinds AS k ON v.one = k.one GROUP BY v.one
public join, keys of it | SELECT k.one, SUM(v.gain) AS n FROM visits AS v JOIN kinds AS k ON v.one = k.one
    WHERE k.area <> 'west' GROUP BY k.one
public semi join | SELECT COUNT(*) AS n FROM visits WHERE one IN (SELECT one FROM kinds)
semi join | SELECT COUNT(*) AS n FROM visits WHERE person IN (SELECT person FROM persons)
anti join | SELECT COUNT(*) AS n FROM persons AS p
    WHERE NOT EXISTS (SELECT 1 FROM visits AS v WHERE v.person = p.person AND v.one = 'd')
anti join, NOT IN | SELECT COUNT(*) AS n FROM persons WHERE person NOT IN (SELECT person FROM visits WHERE one = 'd')
union | SELECT k, COUNT(*) AS n FROM (SELECT one AS k FROM visits UNION ALL SELECT one FROM visits) GROUP BY k
union of two tables | SELECT COUNT(*) AS n FROM (SELECT person FROM visits UNION ALL SELECT person FROM persons)
group of the unit | SELECT SUM(t) AS n FROM (SELECT person, SUM(gain) AS t FROM visits GROUP BY person)
groups of the unit, by key | SELECT one, COUNT(*) AS n FROM
    (SELECT person, one, own, SUM(gain) AS t FROM visits GROUP BY person, one, own) WHERE t > 0 GROUP BY one
groups of the unit, HAVING | SELECT COUNT(*) AS n FROM
    (SELECT person, own FROM visits GROUP BY person, own HAVING COUNT(*) >= 1)
group of a group | SELECT SUM(c) AS n FROM (SELECT person, MAX(c) AS c FROM
    (SELECT person, one, COUNT(*) AS c FROM visits GROUP BY person, one) GROUP BY person)
window, places | SELECT COUNT(*) AS n FROM
    (SELECT ROW_NUMBER() OVER (PARTITION BY person, four ORDER BY day) AS p FROM visits) WHERE p <= 3
window, QUALIFY | SELECT COUNT(*) AS n FROM
    (SELECT day FROM visits QUALIFY RANK() OVER (PARTITION BY person ORDER BY day) = 1)
window, the row before | SELECT SUM(t) AS n FROM
    (SELECT COALESCE(LAG(gain) OVER (PARTITION BY person ORDER BY day), 50) AS t FROM visits)
window, running sums | SELECT SUM(t) AS n FROM
    (SELECT SUM(gain) OVER (PARTITION BY person ORDER BY day) AS t FROM visits)
GROUPING SETS | SELECT one, four, COUNT(*) AS n FROM visits GROUP BY GROUPING SETS ((one), (four), ())
GROUPING SETS, private keys | SELECT own, common, COUNT(*) AS n FROM visits GROUP BY GROUPING SETS ((own), (common))
ROLLUP | SELECT one, four, COUNT(*) AS n FROM visits GROUP BY ROLLUP (one, four)
CUBE | SELECT one, flag, COUNT(*) AS n FROM visits GROUP BY CUBE (one, flag)
over released groups | SELECT SUM(n) AS n FROM (SELECT one, COUNT(*) AS n FROM visits GROUP BY one)
"""


def related(case: Callable[..., Any]) -> list[Any]:
    """Give all of them, made by `case(name, covers, sql, trials=…)`."""
    found = []
    for line in QUESTIONS.replace("\n    ", " ").strip().splitlines():
        covers, sql = line.split(" | ")
        fewer = covers.startswith(("GROUPING", "ROLLUP", "CUBE"))
        found.append(
            case(sql.removeprefix("SELECT ").replace(" AS n", ""), covers, sql, trials=5_000 if fewer else 8_000)
        )
    return found
