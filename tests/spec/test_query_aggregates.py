"""What aggregates mean: the names that are one, what each is measured by, and what the answer says of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from query_examples import only, plan_of, refusal

from sandbox.plan.block import Measurement
from sandbox.plan.plan import Plan
from sandbox.plan.scalar import DATE, Type
from sandbox.privacy.released import Released
from sandbox.products.query.kind import QueryProduct


def measured(asks: str, where: str = "visits", **request: object) -> list[Measurement]:
    return list(only(plan_of(f"SELECT {asks} FROM {where}", **request)).measurements)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("APPROX_COUNT_DISTINCT(town)", "COUNT(DISTINCT town)"),
        ("MEAN(age)", "AVG(age)"),
        ("VAR(age)", "VAR_SAMP(age)"),
        ("STD(age)", "STDDEV_SAMP(age)"),
        ("COVAR(wage, age)", "COVAR_SAMP(wage, age)"),
        ("COUNTIF(age > 3)", "COUNT_IF(age > 3)"),
        ("SUM(insured)", "COUNT_IF(insured)"),
        ("SUM(age > 3)", "COUNT(*) FILTER (WHERE age > 3)"),
        ("KAHAN_SUM(age)", "SUM(age)"),
        ("REGR_COUNT(wage, age)", "COUNT(*) FILTER (WHERE age IS NOT NULL)"),
        ("REGR_AVGY(wage, age)", "AVG(wage) FILTER (WHERE age IS NOT NULL)"),
        ("REGR_AVGX(wage, age)", "AVG(age)"),
        ("REGR_SYY(wage, age)", "VAR_POP(wage) FILTER (WHERE age IS NOT NULL)"),
        ("REGR_SXX(wage, age)", "VAR_POP(age)"),
        ("REGR_SXY(wage, age)", "COVAR_POP(wage, age)"),
        ("REGR_R2(wage, age)", "CORR(wage, age)"),
        ("MEDIAN(age)", "QUANTILE_DISC(age, 0.5)"),
        ("QUANTILE_CONT(age, 0.9)", "PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY age)"),
        ("QUANTILE_CONT(age, 0.9)", "PERCENTILE_DISC(0.1) WITHIN GROUP (ORDER BY age DESC)"),
        ("QUANTILE(age, 0.25)", "APPROX_QUANTILE(age, 0.25), APPROX_PERCENTILE(age, 1/4)"),
        ("MIN(age)", "QUANTILE_DISC(age, 0)"),
        ("MAX(DISTINCT age)", "QUANTILE_DISC(age, 0.99)"),
        ("MEDIAN(age) FILTER (WHERE insured)", "MEDIAN(CASE WHEN insured THEN age END)"),
        ("COUNT(DISTINCT pid) FILTER (WHERE age > 3)", "COUNT_IF(age > 3)"),  # a person has one row
    ],
)
def test_names_that_are_one(one: str, other: str) -> None:
    first, second = (plan_of(f"SELECT sex, {asks} FROM persons GROUP BY sex") for asks in (one, other))
    assert first.base_key() == second.base_key()


def test_distinct_values_and_units() -> None:
    [towns] = measured("COUNT(DISTINCT dept) FILTER (WHERE cost > 10)", bounds={"rows_per_group": 4})
    assert (towns.what, towns.square) == ("distinct", 16)
    [units] = measured("COUNT(DISTINCT pid) FILTER (WHERE cost > 10)")
    assert (units.what, units.square, units.expr is None) == ("units", 1, False)


def test_bins_are_as_narrow_as_their_number_allows() -> None:
    [cost] = measured("QUANTILE_CONT(cost, 0.95)", bounds={"rows_per_group": 3})
    assert (cost.lower, cost.upper, cost.shift, cost.bins, cost.rank) == (0, 2_000_000, 8, 7_813, (19, 20))
    assert cost.square == (3 * 19) ** 2 and cost.mechanism == "exponential"
    [age] = measured("MEDIAN(age)", "persons")
    assert (age.shift, age.bins) == (0, 101)
    [born] = measured("MIN(born)", "persons")
    assert (born.lower, born.upper) == tuple(d.toordinal() - 1 for d in (date(1920, 5, 1), date(2019, 12, 31)))


def test_a_unit_cannot_have_all_its_rows_in_every_group() -> None:
    """20 rows of a unit in three wards: of the squares of its scores the sum is at most 20², not three times that."""
    block = only(plan_of("SELECT ward, MEDIAN(cost) FROM visits GROUP BY ward"))
    assert [m.square for m in block.measurements] == [400]


def shown(plan: Plan, *values: int) -> list[object]:
    found = [Released([()], [values])]
    return list(QueryProduct().present(plan, found, [one.values for one in found]).rows[0])


def test_what_a_bin_shows() -> None:
    plan = plan_of("SELECT MEDIAN(cost) AS middle, QUANTILE_DISC(cost, 0.5) AS one FROM visits")
    assert [output.type for output in plan.outputs[0]] == [Type("decimal", 3), Type("decimal", 2)]
    assert shown(plan, 0) == [Decimal("1.275"), Decimal("1.28")]  # the middle of 0.00 … 2.55
    assert shown(plan, 7_812) == [Decimal("19999.360"), Decimal("19999.36")]  # 19998.72 … 20000.00: cut at the bound
    ages = plan_of("SELECT MEDIAN(age) AS a, MAX(age) AS b FROM persons")
    assert shown(ages, 37, 99) in ([Decimal("37.0"), 99], [Decimal("99.0"), 37])
    days = plan_of("SELECT MIN(born) AS first FROM persons")
    assert days.outputs[0][0].type == DATE  # bins of eight days show their fourth, the last one is cut
    assert shown(days, 0) == [date(1920, 5, 4)] and shown(days, 4_550) == [date(2019, 12, 29)]


def test_dates_can_be_compared_after_release() -> None:
    plan = plan_of("SELECT sex, MAX(born) AS last FROM persons GROUP BY sex HAVING MAX(born) > DATE '2000-01-01'")
    released = [Released([("f",), ("m",)], [(0,), (18_000,)])]
    answer = QueryProduct().present(plan, released, [one.values for one in released])
    assert [row[0] for row in answer.rows] == ["m"]
    assert answer.errors == ((None, None),) and answer.columns[1].mechanism == "exponential"


@pytest.mark.parametrize(
    ("sql", "groups", "few"),
    [
        ("SELECT COUNT(*) AS n FROM persons", 1, True),
        ("SELECT COUNT(*) AS n, SUM(age) AS a, AVG(wage) AS w FROM persons", 1, True),
        ("SELECT age, COUNT(*) AS n FROM persons GROUP BY age", 19, True),
        ("SELECT age, COUNT(*) AS n FROM persons GROUP BY age", 20, False),
        ("SELECT age, COUNT(*) AS n FROM persons GROUP BY age LIMIT 19", 60, True),
        ("SELECT MEDIAN(age) AS m FROM persons", 1, False),  # says that it has none
    ],
)
def test_an_answer_says_that_its_marks_are_too_few(sql: str, groups: int, few: bool) -> None:
    plan = plan_of(sql, epsilon="0.1")
    keys = [(20 + n,) if plan.blocks[0].keys else () for n in range(groups)]
    released = [Released(keys, [tuple(500 for _ in plan.blocks[0].measurements)] * groups)]
    notes = QueryProduct().present(plan, released, [one.values for one in released]).notes
    said = [note for note in notes if note not in plan.notes]
    assert any("fewer than 20 cells that carry marks" in note and "only receipt and" in note for note in said) == few


def test_an_answer_of_medians_alone_says_that_it_carries_no_marks() -> None:
    said = "medians and quantiles carry no marks: only the receipt tells whose copy of this answer leaked"
    assert said in plan_of("SELECT MEDIAN(age) FROM persons").notes
    assert said not in plan_of("SELECT MEDIAN(age), COUNT(*) FROM persons").notes
    assert said not in plan_of("SELECT AVG(age) FROM persons").notes


def test_what_notes_say_of_quantiles() -> None:
    notes = plan_of("SELECT MEDIAN(age), MIN(cost) FROM (SELECT age, wage AS cost FROM persons) AS p").notes
    assert any(note.startswith("the median of age is at most ") for note in notes)
    assert any(note.startswith("MIN is the value of wage that 1 % of the rows lie below") for note in notes)


def test_bias_is_said_where_bounds_leave_something_out() -> None:
    def bias(sql: str, **request: object) -> str | None:
        plan = plan_of(sql, **request)
        zeros = [Released([()], [(1,) * len(only(plan).measurements)])]
        return QueryProduct().present(plan, zeros, [one.values for one in zeros]).columns[0].bias

    assert bias("SELECT COUNT(*) FROM visits") is None
    assert bias("SELECT COUNT(*) FROM visits", bounds={"rows_per_group": 2}) == "unknown"
    assert bias("SELECT SUM(cost) FROM visits") == "unknown"


@pytest.mark.parametrize(
    ("asks", "said"),
    [
        ("SUM(DISTINCT age)", "SELECT DISTINCT pid, age"),
        ("AVG(DISTINCT age)", "SELECT DISTINCT age"),
        ("MEDIAN(DISTINCT age)", "remove it"),
        ("COUNT(DISTINCT age, sex)", "one column"),
        ("1 + QUANTILE_CONT(age, [0.1, 0.5])", "stands in SELECT by itself"),
        ("QUANTILE_CONT(age, 1.5)", "between 0 and 1"),
        ("QUANTILE_CONT(age, -0.5)", "between 0 and 1"),
        ("QUANTILE_CONT(age, wage)", "between 0 and 1"),
        ("QUANTILE_CONT(age, 0.123456)", "4 decimals"),
        ("QUANTILE_CONT(age)", ""),
        ("PERCENTILE_CONT(0.5)", "between 0 and 1"),
        ("PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY age, wage)", "one rank"),
        ("MEDIAN(town)", "numbers and dates"),
        ("MEDIAN(insured)", "numbers and dates"),
        ("BOOL_OR(insured)", "COUNT_IF"),
        ("MODE(age)", "GROUP BY"),
        ("SKEWNESS(age)", "STDDEV"),
        ("HISTOGRAM(age)", "WIDTH_BUCKET"),
        ("MAD(age)", "STDDEV"),
        ("REGR_COUNT(age)", ""),
        ("MEAN()", ""),
        ("MAX(pid)", "COUNT(DISTINCT pid)"),
    ],
)
def test_refusals_say_what_to_write(asks: str, said: str) -> None:
    problem = refusal(f"SELECT {asks} FROM persons")
    assert problem.code in ("sql_not_allowed", "sql_syntax") and said in problem.detail


def test_a_quantile_needs_bounds() -> None:
    problem = refusal("SELECT MEDIAN(code) FROM persons")
    assert problem.code == "bound_missing" and problem.fields["columns"] == ["code"]
