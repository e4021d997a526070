"""Random price lists and months: what events cost, what lines say and what a statement asks for never part."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.billing.lines import drawn, merged, total
from sandbox.billing.prices import fee, most, quantity, waiver
from sandbox.billing.rates import cost, steps
from sandbox.billing.records import Price
from sandbox.billing.regulated import split
from sandbox.core.clock import now

MOMENT = now()
yuan = st.decimals(0, 10**6, places=6) | st.decimals(0, 3, places=6) | st.sampled_from([Decimal("0.005"), Decimal(0)])


@st.composite
def price_lists(draw: st.DrawFn) -> list[Price]:
    """Versions of one product's price."""
    made = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        allowance = draw(st.integers(0, 30))
        above = sorted(draw(st.sets(st.integers(allowance + 1, 200), max_size=4)))
        tiers = [{"above": one, "price": format(draw(yuan), "f")} for one in above]
        unit = draw(st.sampled_from(["call", "cell"]))
        rest = (True, draw(st.booleans()), "o", MOMENT, allowance, tiers)
        made.append(Price(f"price_{number}", "p", number, unit, draw(yuan), *rest))
    return made


event = st.tuples(
    st.integers(0, 3),  # user
    st.integers(0, 2),  # price version
    st.sampled_from(["industry", "industry", "industry", "public_welfare"]),
    st.booleans(),  # repeat
    st.integers(0, 60),  # cells
)


@settings(max_examples=700)  # twenty times as many in a nightly run: more than 10,000 lists that differ
@given(price_lists(), st.lists(event, max_size=40))
def test_P4_events_lines_and_statements_never_part(listed, events):
    before, counted, numbers, fees = Counter(), Counter(), Counter(), Counter()
    for user, version, purpose, repeat, cells in events:
        price = listed[version % len(listed)]
        free = waiver(price, purpose, repeat)
        charged = fee(price, purpose, repeat, cells, before=before[user, price.id])
        earlier = before[user, price.id] // 2
        left = before[user, price.id] - earlier
        assert 0 <= charged <= most(price, purpose, repeat, cells, before=earlier, between=left)
        assert charged == most(price, purpose, repeat, cells, before=before[user, price.id])
        units = quantity(price, cells)
        before[user, price.id] += 0 if free else units
        key = (user, price.product, purpose, price.unit, price.number, price.price, free)
        counted[key] += units
        numbers[key] += 1
        fees[user] += Fraction(charged)
    everybody = []
    for user in range(4):
        rows = [(*key[1:], numbers[key], units) for key, units in counted.items() if key[0] == user]
        lines = drawn(rows, lambda product, number: listed[number - 1])
        assert sum((line.exact for line in lines), Fraction(0)) == fees[user]
        assert all(abs(Fraction(line.amount) - line.exact) <= Fraction(1, 200) for line in lines)
        assert sum(line.quantity for line in lines) == sum(row[-1] for row in rows)
        assert sum(line.jobs for line in lines) == sum(row[-2] for row in rows)
        everybody += lines
        shares = split(total(lines), {"holder": Fraction(1, 3), "operator": Fraction(1, 2), "region": Fraction(1, 6)})
        assert sum(shares.values()) == total(lines)
    assert total(merged(everybody)) == total(everybody)


@given(price_lists(), st.lists(st.integers(0, 50), max_size=20), st.randoms())
def test_what_a_month_costs_does_not_depend_on_the_order(listed, units, random):
    price = listed[0]
    shuffled = list(units)
    random.shuffle(shuffled)
    for order in (units, shuffled):
        before, paid = 0, Decimal(0)
        for one in order:
            paid += cost(price, before + one) - cost(price, before)
            before += one
        assert paid == cost(price, sum(units))


def test_the_steps_of_a_price_by_hand():
    price = Price("x", "p", 1, "call", Decimal("1.20"), True, True, "o", MOMENT, 3, [{"above": 10, "price": "0.50"}])
    assert steps(price) == [(0, 0), (3, Decimal("1.20")), (10, Decimal("0.50"))]
    assert [cost(price, units) for units in (3, 4, 10, 11, 13)] == [
        0, Decimal("1.20"), Decimal("8.40"), Decimal("8.90"), Decimal("9.90"),
    ]  # fmt: skip
    [line, free, dear] = drawn([("p", "industry", "call", 1, Decimal("1.20"), None, 5, 13)], lambda *_: price)
    assert [(one.price, one.free, one.jobs, one.quantity, str(one.amount)) for one in (free, line, dear)] == [
        (Decimal("0.50"), None, 0, 3, "1.50"), (0, "allowance", 5, 3, "0.00"), (Decimal("1.20"), None, 0, 7, "8.40"),
    ]  # fmt: skip
