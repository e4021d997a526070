"""Exact service: statistics of public rows, without noise, to the last digit. The tables are those of `exact_world`."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D

from language.case import Case

SECTION = "Exact service"
CASES = [
    Case(
        SECTION,
        "variance and deviation, of all and of a sample",
        "SELECT line, VAR_POP(depth) AS vp, VAR_SAMP(depth) AS vs, STDDEV_POP(depth) AS sp, STDDEV(depth) AS ss "
        "FROM stations GROUP BY line",
        [
            ("A", D("47.26562500"), D("94.53125000"), D("6.875000"), D("9.722718")),
            ("B", D("0E-8"), None, D("0.000000"), None),
            ("C", D("0E-8"), None, D("0.000000"), None),
            (None, D("0E-8"), None, D("0.000000"), None),
        ],
    ),
    Case(
        SECTION,
        "the median, half-way between two",
        "SELECT line, MEDIAN(depth) AS m, MEDIAN(id) AS i FROM stations GROUP BY line HAVING MEDIAN(id) < 5",
        [("A", D("5.625"), D("1.5")), ("B", D("20.000"), D("3.5"))],
    ),
    Case(
        SECTION,
        "a share of the way between two values, or a value that is there",
        "SELECT QUANTILE_CONT(depth, 0.3) AS c, QUANTILE_DISC(depth, 0.3) AS d, QUANTILE_DISC(name, 0.5) AS n, "
        "PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY id) AS p FROM stations",
        [(D("8.700000"), D("7.75"), "alley", D("5.5000"))],
    ),
    Case(
        SECTION,
        "counted from the largest",
        "SELECT PERCENTILE_DISC(0.25) WITHIN GROUP (ORDER BY id DESC) AS d, PERCENTILE_DISC(0.75) WITHIN GROUP "
        "(ORDER BY id) AS a, PERCENTILE_CONT(0.25) WITHIN GROUP (ORDER BY id DESC) AS c FROM stations WHERE id < 5",
        [(4, 3, D("3.2500"))],
    ),
    Case(
        SECTION,
        "the day in the middle, the earlier of two",
        "SELECT MEDIAN(opened) AS d FROM stations WHERE id <> 3",
        [(date(2001, 10, 31),)],
        plainly=False,
    ),
    Case(
        SECTION,
        "several ranks",
        "SELECT QUANTILE_CONT(depth, [0.1, 0.9]) AS q FROM stations",
        [(D("2.350000"), D("20.000000"))],
        plainly=False,
    ),
    Case(
        SECTION,
        "two columns together",
        "SELECT COVAR_POP(depth, id) AS cp, COVAR_SAMP(depth, id) AS cs, CORR(depth, id) AS c, CORR(-depth, id) AS "
        "minus FROM stations",
        [(D("5.630000"), D("7.037500"), D("0.378447"), D("-0.378447"))],
    ),
    Case(
        SECTION,
        "a line through the rows that have both",
        "SELECT REGR_SLOPE(depth, id) AS s, REGR_INTERCEPT(depth, id) AS i, REGR_R2(depth, id) AS r, "
        "REGR_COUNT(depth, id) AS n, REGR_AVGX(depth, id) AS x, REGR_AVGY(depth, id) AS y FROM stations",
        [(D("1.636627906977"), D("6.235465"), D("0.143222"), 5, D("3.4000"), D("11.800000"))],
    ),
    Case(
        SECTION,
        "squared distances from the mean",
        "SELECT REGR_SXX(depth, id) AS x, REGR_SYY(depth, id) AS y, REGR_SXY(depth, id) AS xy FROM stations",
        [(D("17.2000"), D("321.67500000"), D("28.150000"))],
    ),
    Case(
        SECTION,
        "values all alike have no slope",
        "SELECT REGR_R2(id - id, id) AS flat, REGR_R2(id, id - id) AS steep, REGR_SLOPE(id, id - id) AS s "
        "FROM stations",
        [(D("1.000000"), None, None)],
    ),
    Case(
        SECTION,
        "nothing of no rows",
        "SELECT VAR_SAMP(depth) AS v, CORR(depth, id) AS c, MEDIAN(depth) AS m, QUANTILE_DISC(depth, 0.5) AS q "
        "FROM stations WHERE id > 99",
        [(None, None, None, None)],
    ),
    Case(
        SECTION,
        "FILTER, and statistics of statistics",
        "SELECT VAR_POP(m) AS v, MAX(s) AS s FROM (SELECT lift, MEDIAN(depth * 2) AS m, STDDEV_POP(depth) "
        "FILTER (WHERE id < 5) AS s FROM stations WHERE lift IS NOT NULL GROUP BY lift)",
        [(D("280.5625000000"), D("3.750000"))],
    ),
]
