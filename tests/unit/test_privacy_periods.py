"""Periods by the calendar: when a share renews, and which durations are none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.privacy.periods import begin, number_at, parse

START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


def day(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}T09:30:00+00:00")


@pytest.mark.parametrize(
    ("renew", "number", "begins"),
    [
        ("P1M", 1, "2026-02-28"),
        ("P1M", 2, "2026-03-31"),
        ("P1M", 25, "2028-02-29"),
        ("P1Y", 3, "2029-01-31"),
        ("P1Y2M3DT24H", 1, "2027-04-04"),
        ("P2W", 2, "2026-02-28"),
        ("P1D", 1, "2026-02-01"),
    ],
)
def test_a_period_begins_by_the_calendar(renew: str, number: int, begins: str) -> None:
    assert begin(renew, START, number) == day(begins)
    assert number_at(renew, START, day(begins)) == number
    assert number_at(renew, START, day(begins) - timedelta(microseconds=1)) == number - 1


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "1Y", "P0D", "PT23H", "P101Y", "P99999999999999Y", "P-1Y", "P١Y", "P1.5Y"]
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|renews after"):
        parse(text)


def test_before_its_beginning_and_without_renewal_there_is_one_period() -> None:
    assert number_at("P1D", START, START - timedelta(days=9)) == 0
    assert number_at(None, START, START + timedelta(days=9999)) == 0


@given(
    st.builds("P{}Y{}M{}DT{}H".format, st.integers(0, 3), st.integers(0, 30), st.integers(1, 40), st.integers(0, 90)),
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    st.timedeltas(timedelta(0), timedelta(days=40_000)),
)
def test_every_moment_lies_in_exactly_one_period(renew: str, since: datetime, later: timedelta) -> None:
    number = number_at(renew, since, since + later)
    assert begin(renew, since, number) <= since + later < begin(renew, since, number + 1)
