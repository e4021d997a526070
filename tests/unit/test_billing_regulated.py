"""The regulated formula beyond its worked case: allocation, limits, parts that add up."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.document import Document, PolicyError, text
from policies.pricing import read
from sandbox.billing.regulated import (
    Cost,
    adjusts,
    carry_over,
    cents,
    deviation,
    excess,
    operating_cost,
    permitted,
    split,
    spread,
)

money = st.decimals(0, 10**12, places=2)
fractions = st.fractions(0, 1)


@given(money, fractions)
def test_P6_shared_cost_is_allocated_and_nothing_is_lost(amount, share):
    charged, free = Cost("staff", amount, share), Cost("staff", amount, 1 - share)
    assert abs(charged.allocated + free.allocated - amount) <= Decimal("0.01")
    assert abs(Fraction(charged.allocated) - Fraction(amount) * share) <= Fraction(1, 200)


def test_P6_costs_of_free_products_never_enter():
    costs = [Cost("staff", Decimal(100)), Cost("platform", Decimal(1000), Fraction(0))]
    assert operating_cost(costs, Decimal(0)) == 100


def test_P2_subsidies_never_make_a_cost_negative():
    assert operating_cost([Cost("staff", Decimal(100))], Decimal(500)) == 0
    found = permitted([Cost("staff", Decimal(100))], Decimal(500), Decimal("0.02"), Decimal(0), Decimal(7), Decimal(9))
    assert (found.profit, found.revenue) == (0, 0)


@pytest.mark.parametrize("margin", ["-0.01", "0.0600001"])
def test_P2_a_margin_beyond_the_notice_is_refused(margin):
    with pytest.raises(ValueError, match=r"margin: write 0 to 0\.06"):
        permitted([], Decimal(0), Decimal("0.02"), Decimal(margin), Decimal(0))


def test_P5_ten_percent_exactly_is_the_operators():
    assert adjusts(deviation(Decimal(110), Decimal(100))) == "operator"
    assert adjusts(deviation(Decimal(90), Decimal(100))) == "operator"
    assert adjusts(deviation(Decimal("110.01"), Decimal(100))) == "authoriser"
    assert adjusts(deviation(Decimal("89.99"), Decimal(100))) == "authoriser"
    assert deviation(Decimal(5), Decimal(0)) is None
    assert adjusts(None) == "authoriser"


def test_P5_too_little_earned_is_not_carried_over():
    assert carry_over([(Decimal(90), Decimal(100)), (Decimal(105), Decimal(100))]) == 0
    assert carry_over([(Decimal(90), Decimal(100)), (Decimal(115), Decimal(100))]) == 5


@given(st.lists(st.tuples(st.decimals(0, 10**6, places=6), st.integers(0, 10**9)), max_size=8), money)
def test_P3_the_excess_is_exact(ceilings, revenue):
    total = sum(Fraction(ceiling) * forecast for ceiling, forecast in ceilings)
    assert Fraction(excess(ceilings, revenue)) == total - Fraction(revenue)


@given(st.decimals(-(10**12), 10**12, places=2), st.lists(st.integers(0, 10**6), min_size=1, max_size=9))
def test_P7_parts_add_up_and_are_within_a_cent(amount, weights):
    total = sum(weights)
    shares = {str(i): Fraction(w, total) if total else Fraction(1, len(weights)) for i, w in enumerate(weights)}
    parts = split(amount, shares)
    assert sum(parts.values()) == amount
    assert all(
        abs(Fraction(parts[name]) - Fraction(amount) * share) < Fraction(1, 100) for name, share in shares.items()
    )


def test_P7_parts_are_refused_that_cannot_add_up():
    with pytest.raises(ValueError, match="sum to 1"):
        split(Decimal(1), {"a": Fraction(1, 2)})
    with pytest.raises(ValueError, match="sum to 1"):
        split(Decimal(1), {"a": Fraction(3, 2), "b": Fraction(-1, 2)})
    with pytest.raises(ValueError, match="whole cents"):
        split(Decimal("0.001"), {"a": Fraction(1)})


def test_P5_a_carry_over_is_spread_in_parts_that_add_up():
    assert spread(Decimal("0.05"), 3) == [Decimal("0.02"), Decimal("0.02"), Decimal("0.01")]


@given(st.fractions(-(10**9), 10**9))
def test_cents_are_rounded_half_up(amount):
    assert abs(Fraction(cents(amount)) - amount) <= Fraction(1, 200)
    assert cents(Fraction(5, 1000)) == Decimal("0.01") and cents(Fraction(-5, 1000)) == Decimal("-0.01")


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("highest_margin", "6"),
        ("highest_margin", '"six"'),
        ("longest_cycle", "0"),
        ("report_due", '"31 March"'),
        ("ceilings_within_revenue", "maybe"),
    ],
)
def test_a_wrong_rule_names_file_and_field(field, wrong):
    lines = [
        f"{field}: {wrong}" if line.startswith(f"{field}:") else line for line in text("pricing.yaml").splitlines()
    ]
    with pytest.raises(PolicyError, match=rf"pricing\.yaml, line \d+: {field}"):
        read(Document("pricing.yaml", "\n".join(lines)))
