"""The price rules' worked case, to the cent."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from sandbox.billing.regulated import Cost, adjusts, carry_over, deviation, excess, permitted, spread

COSTS = [
    Cost("platform", Decimal(1_200_000)),
    Cost("processing", Decimal(800_000)),
    Cost("staff", Decimal(1_500_000)),
    Cost("data", Decimal(300_000)),
    Cost("period", Decimal(200_000)),
]
FOUND = permitted(COSTS, Decimal(500_000), Decimal("0.0221"), Decimal("0.06"), Decimal(210_000))
SET = [(Decimal("0.80"), 3_000_000), (Decimal(120), 10_000), (Decimal(8_000), 48)]


def test_P2_permitted_revenue_of_the_worked_case() -> None:
    assert (str(FOUND.operating_cost), str(FOUND.rate)) == ("3500000.00", "0.0821")
    assert (str(FOUND.profit), str(FOUND.revenue)) == ("287350.00", "3997350.00")


def test_P3_ceilings_of_the_worked_case_as_one_set() -> None:
    assert excess(SET, FOUND.revenue) == Decimal(3_984_000) - Decimal("3997350.00") <= 0
    assert excess([(Decimal("0.81"), 3_000_000), *SET[1:]], FOUND.revenue) == Decimal("16650.00")


def test_P5_deviation_and_carry_over_of_the_worked_case() -> None:
    eight, eleven = Decimal(4_317_138), Decimal("4437058.50")
    assert deviation(eight, FOUND.revenue) == Fraction(8, 100)
    assert deviation(eleven, FOUND.revenue) == Fraction(11, 100)
    assert adjusts(deviation(eight, FOUND.revenue)) == "operator"
    assert adjusts(deviation(eleven, FOUND.revenue)) == "authoriser"
    assert carry_over([(eleven, FOUND.revenue)]) == Decimal("439708.50")
    assert spread(Decimal("439708.50"), 2) == [Decimal("219854.25")] * 2
