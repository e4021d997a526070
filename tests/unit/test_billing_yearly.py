"""The yearly review: the worked case over the database, its tasks, cycles with carry-over, the report, the calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from authority import refused
from test_billing_ceilings import DATA, Money

from sandbox.billing import cycles, reviews, surveys, yearly
from sandbox.billing.ceilings import set_ceilings
from sandbox.billing.deadlines import calendar
from sandbox.billing.records import Price, YearlyReview
from sandbox.billing.settlements import close, due_in, end
from sandbox.core.clock import now
from sandbox.metering.events import usage_event

YEAR = 2025


class Year(Money):
    """The worked case: ceilings for 2025 within 3,997,350.00, and a year's revenue settled in two months."""

    def __init__(self, store) -> None:
        self.store = store
        with store.write() as tx:
            super().__init__(tx)
            self.permitted()
            made, _ = set_ceilings(tx, self.journal, self.body, self.operator.party.id, YEAR, self.rows())
            tx.change(made, created_at=end(f"{YEAR - 1}-12"))
            tx.change(self.price(self.check, "0.80"), starts=end(f"{YEAR - 1}-12"))

    def earn(self, tx, month: str, yuan: str) -> None:
        """Settle a month in which one call was charged so much."""
        self.offer.tx = tx
        price = Price("price_x", self.check.id, 99, "call", Decimal(yuan), False, True, "x", now())
        event = usage_event(self.offer.job(product=self.check.id), price, Decimal(yuan), 1)
        tx.add(replace(event, month=month, price_number=None))

    def settle(self, *months: str) -> None:
        for month in months:
            close(self.store, self.journal, month)

    def review(self, tx, outside="0", year=YEAR) -> YearlyReview:
        return reviews.begin(tx, self.journal, self.body, self.operator.party.id, year, Decimal(outside))


@pytest.fixture
def year(store):
    made = Year(store)
    with store.write() as tx:
        made.earn(tx, "2025-03", "4000000")
        made.earn(tx, "2025-11", "317138")
    made.settle("2025-03", "2025-11")
    return made


def test_P5_eight_percent_the_operator_adjusts_under_guidance(year):
    with year.store.write() as tx:
        review = year.review(tx)
        assert (review.who, reviews.percent(review), review.settled) == ("operator", "+8.000 %", 4_317_138)
        with refused("state_conflict: the authorising body has to record its guidance"):
            reviews.close(tx, year.journal, year.body, review.id, "done")
        reviews.guide(tx, year.journal, year.body, review.id, "lower the check by a twentieth")
        with refused("state_conflict: the operator has to set a price anew"):
            reviews.close(tx, year.journal, year.body, review.id, "done")
        year.tx = year.offer.tx = tx
        year.price(year.check, "0.74")
        done = reviews.close(tx, year.journal, year.body, review.id, "price lowered")
        assert (done.status, reviews.view(tx, done)["todo"]) == ("done", None)
        with refused("state_conflict: this review is closed"):
            reviews.guide(tx, year.journal, year.body, review.id, "more")
        with refused("state_conflict: 2025 is reviewed already"):
            year.review(tx)
        with refused("role_not_allowed"):
            reviews.begin(tx, year.journal, year.operator, year.operator.party.id, YEAR)


def test_P5_eleven_percent_the_authoriser_sets_ceilings_and_the_cycle_carries_over(year):
    with year.store.write() as tx:
        review = year.review(tx, outside="119920.50")
        assert (review.who, reviews.percent(review)) == ("authoriser", "+11.000 %")
        with refused("state_conflict: it deviates by more"):
            reviews.guide(tx, year.journal, year.body, review.id, "lower")
        with refused("state_conflict: the authorising body has to set ceilings anew"):
            reviews.close(tx, year.journal, year.body, review.id, "done")
        operator = year.operator.party.id
        first = cycles.begin(tx, year.journal, year.body, operator, YEAR, YEAR)
        with refused("field_invalid: first, last"):
            cycles.begin(tx, year.journal, year.body, operator, YEAR, 2027)
        with refused("field_invalid: reason"):
            cycles.begin(tx, year.journal, year.body, operator, 2026, 2029)
        closed = cycles.close(tx, year.journal, year.body, first.id, over=2)
        assert (closed.carry_over, [part["amount"] for part in closed.parts]) == (
            Decimal("439708.50"), ["219854.25", "219854.25"],
        )  # fmt: skip
        cycles.begin(tx, year.journal, year.body, operator, 2026, 2026)
        cycles.begin(tx, year.journal, year.body, operator, 2027, 2029)
        assert [cycles.due(tx, operator, each) for each in (2025, 2026, 2027, 2028, 2030)] == [
            0, Decimal("219854.25"), Decimal("219854.25"), 0, None,
        ]  # fmt: skip
        year.tx = tx
        with refused("state_conflict: 219854.25 yuan of earlier cycles are to be deducted in 2026"):
            year.ceilings()
        survey = surveys.file(
            tx, year.journal, year.operator, operator, YEAR, DATA | {"carry_over": "219854.25"}
        )  # fmt: skip
        surveys.apply(tx, year.journal, year.body, survey.id, "basis")
        for office in (year.bureau, year.data_office):
            surveys.verify(tx, year.journal, office, survey.id, "checked")
        rows = [row | {"forecast": row["forecast"] * 9 // 10} for row in year.rows()]
        made, _ = year.ceilings(rows)
        assert made.permitted == Decimal("3777495.75")
        parts = cycles.found(tx, operator)[0].parts
        assert [part["survey"] for part in parts] == [survey.id, None]
        assert reviews.close(tx, year.journal, year.body, review.id, "new ceilings").status == "done"


def test_exactly_ten_percent_is_the_operators_and_nothing_permitted_is_said_in_words(year):
    with year.store.write() as tx:
        exact = year.review(tx, outside=str(Decimal("3997350.00") * Decimal("1.1") - 4_317_138))
        assert (exact.who, reviews.percent(exact)) == ("operator", "+10.000 %")
        none = replace(exact, permitted=Decimal("0.00"))
        assert reviews.percent(none) == "nothing was permitted"
        hair = replace(exact, outside=exact.outside + Decimal("0.01"))
        assert reviews.adjusts(reviews.deviation(hair.settled + hair.outside, hair.permitted)) == "authoriser"


def test_what_cannot_be_reviewed(year):
    with year.store.write() as tx:
        year.earn(tx, "2025-12", "1")
        with refused("state_conflict: settle 2025-12 first"):
            year.review(tx)
        with refused("field_invalid: year"):
            year.review(tx, year=now().year)
        with refused("state_conflict: no ceilings were set for 2023"):
            year.review(tx, year=2023)
        cycle = cycles.begin(tx, year.journal, year.body, year.operator.party.id, 2024, 2025)
        with refused("state_conflict: review 2024, 2025 first"):
            cycles.close(tx, year.journal, year.body, cycle.id)
        assert list(due_in(tx, "2025-12"))


def test_P6_the_report_is_filed_in_the_notices_order(year):
    operator = year.operator.party.id
    by_hand = {
        "operation": "平稳",
        "sales": [{"name": "私有部署", "quantity": 1, "revenue": "100.00"}],
        "remarks": None,
    }
    with year.store.write() as tx:
        year.review(tx, outside="100.00")
        filed = yearly.file(tx, year.journal, year.body, operator, YEAR, by_hand)
        assert list(filed.content)[3:9] == ["operation", "costs", "revenue", "sales", "deviation", "prices"]
        assert filed.content["revenue"] | {"profit": ""} == {
            "platform": "4317138.00", "outside": "100.00", "total": "4317238.00", "profit": "",
        }  # fmt: skip
        assert filed.content["costs"] is None and filed.content["operation"]["uses"] == 2
        assert [one["revenue"] for one in filed.content["sales"]["platform"]] == ["4317138.00"]
        assert filed.content["deviation"]["deviation"] == "+8.003 %"
        assert {one["what"] for one in filed.content["prices"]} == {"price", "ceiling"}
        again = yearly.file(tx, year.journal, year.body, operator, YEAR, by_hand | {"remarks": "corrected"})
        assert again.number == 2
        assert yearly.found(tx, year.bureau, filed.id) == filed == yearly.found(tx, year.operator, filed.id)
        with refused("not_found"):
            yearly.found(tx, year.offer.user, filed.id)
        before = yearly.draft(tx, year.body, operator, 2024, {})
        assert (before["costs"]["operating_cost"], before["revenue"]["profit"]) == ("3500000.00", "-3710000.00")
        assert before["costs"]["kinds"][0] == {"category": "platform", "charged": "1200000.00", "free": "0.00"}


def test_P6_the_calendar_warns_from_march_and_is_late_from_april(year):
    operator = year.operator.party.id
    with year.store.write() as tx:
        state = lambda month, day: next(  # noqa: E731
            one["state"] for one in calendar(tx, date(2026, month, day), operator) if one["what"] == "yearly report"
        )
        assert [state(2, 28), state(3, 1), state(3, 31), state(4, 1)] == ["open", "due", "due", "overdue"]
        review = year.review(tx)
        yearly.file(tx, year.journal, year.body, operator, YEAR, {})
        assert state(4, 1) == "done"
        found = {one["what"]: one for one in calendar(tx, now().date() + timedelta(days=1), None)}
        assert found["review task"]["about"] == review.id and found["review task"]["who"] == "operator"
