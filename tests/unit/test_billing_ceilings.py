"""From costs to ceilings to formal prices: who does what, in which order, and what is refused to the cent."""

from __future__ import annotations

from decimal import Decimal

import pytest
from authority import World, refused
from offer import Offer

from sandbox.billing import surveys
from sandbox.billing.ceilings import in_force, set_ceilings, view
from sandbox.billing.prices import price_at
from sandbox.billing.pricing import set_price
from sandbox.billing.records import CostSurvey
from sandbox.core.clock import now
from sandbox.core.store import Duplicate
from sandbox.errors import Problem
from sandbox.oversight.disclosure import disclosure
from sandbox.transparency.journal import content
from sandbox.transparency.records import LogEntry

COSTS = [("platform", 1_200_000), ("processing", 800_000), ("staff", 1_500_000), ("data", 300_000), ("period", 200_000)]
DATA = {
    "costs": [{"category": name, "amount": f"{yuan}.00", "charged": "1"} for name, yuan in COSTS],
    "subsidies": "500000.00",
    "taxes": "210000.00",
    "bond_yield": "0.0221",
    "margin": "0.06",
    "carry_over": "0.00",
}


class Money:
    """The parties of the price rules around one offer, with three products."""

    def __init__(self, store_tx) -> None:
        self.world = World(store_tx)
        self.offer = Offer(self.world)
        self.tx, self.journal, self.operator = self.offer.tx, self.offer.journal, self.offer.operator
        self.bureau = self.world.party("Price bureau", "price_authority")
        self.data_office = self.world.party("Data office", "administration")
        self.body = self.world.party("Authorising body", "authoriser")
        self.check, self.query, self.index = (self.offer.offered(name=name) for name in ("check", "query", "index"))

    def filed(self, year=2024, **changed) -> CostSurvey:
        return surveys.file(self.tx, self.journal, self.operator, self.operator.party.id, year, DATA | changed)

    def permitted(self, **changed) -> CostSurvey:
        made = self.filed(**changed)
        surveys.apply(self.tx, self.journal, self.body, made.id, "a full year of accounts")
        surveys.verify(self.tx, self.journal, self.bureau, made.id, "checked")
        return surveys.verify(self.tx, self.journal, self.data_office, made.id, "checked")

    def rows(self, check="0.80") -> list[dict]:
        return [
            {"product": self.check.id, "unit": "call", "ceiling": Decimal(check), "forecast": 3_000_000},
            {"product": self.query.id, "unit": "call", "ceiling": Decimal(120), "forecast": 10_000},
            {"product": self.index.id, "unit": "month", "ceiling": Decimal(8_000), "forecast": 48},
        ]

    def ceilings(self, rows=None):
        return set_ceilings(self.tx, self.journal, self.body, self.operator.party.id, 2026, rows or self.rows())

    def price(self, product, yuan, trial=False):
        body = {"unit": "call", "price": yuan, "trial": trial}
        return set_price(self.tx, self.journal, self.operator, product.id, body)


@pytest.fixture
def money(store):
    with store.write() as tx:
        yield Money(tx)


def test_P2_P3_the_worked_case_over_the_database(money):
    survey = money.permitted()
    assert survey.status == "verified" and set(survey.verified) == {"price_authority", "administration"}
    assert surveys.view(survey)["permitted"] == {
        "operating_cost": "3500000.00", "rate": "0.0821", "profit": "287350.00", "taxes": "210000.00",
        "carry_over": "0.00", "revenue": "3997350.00",
    }  # fmt: skip
    with pytest.raises(Problem, match=r"exceed the permitted revenue of 3997350\.00 yuan by 16650\.00 yuan") as over:
        money.ceilings(money.rows(check="0.81"))
    assert (over.value.code, over.value.fields) == ("ceilings_exceed_revenue", {"excess": "16650.00"})
    assert in_force(money.tx, money.operator.party.id) is None
    made, lowered = money.ceilings()
    assert (made.number, made.permitted, lowered) == (1, Decimal("3997350.00"), [])
    assert Decimal(view(money.tx, made)["total"]) == 3_984_000
    [leaf] = money.tx.find(LogEntry, kind="ceilings.set")
    assert content(leaf.leaf)["public"]["permitted"] == "3997350.00"
    about = {"operator": money.operator.party.id, "year": now().year, "number": 1, "kind": "ceilings"}
    assert money.world.last() == about | {"about": made.id}  # the letter to both departments


def test_P3_after_ceilings_prices_are_formal_and_at_most_the_ceiling(money):
    money.permitted()
    with refused("field_invalid: trial: no ceiling has been set"):
        money.price(money.check, "0.80")
    money.ceilings()
    assert money.price(money.check, "0.80").trial is False
    with pytest.raises(Problem, match=r"0\.800001 is 0\.000001 above") as above:
        money.price(money.check, "0.800001")
    assert (above.value.code, above.value.fields) == ("price_above_ceiling", {"excess": "0.000001"})
    with refused("field_invalid: trial: a ceiling is in force"):
        money.price(money.check, "0.10", trial=True)
    assert price_at(money.tx, money.check.id, now()).price == Decimal("0.80")


def test_P3_a_product_without_ceiling_stays_on_trial(money):
    money.permitted()
    money.ceilings(money.rows()[:1])
    assert money.price(money.query, "500", trial=True).trial is True


def test_P3_a_price_above_a_new_ceiling_falls_to_it(money):
    trial = money.price(money.check, "1.20", trial=True)
    money.price(money.query, "100", trial=True)
    money.permitted()
    _, lowered = money.ceilings()
    [fallen] = lowered
    assert (fallen.product, fallen.number, fallen.price, fallen.trial) == (money.check.id, 2, Decimal("0.80"), False)
    assert trial.repeat_free == fallen.repeat_free
    assert money.world.last()["price"] == "0.80" and money.world.last()["kind"] == "formal"


def test_P2_both_departments_verify_each_once(money):
    made = money.filed()
    with refused("state_conflict: this survey is filed"):
        surveys.verify(money.tx, money.journal, money.bureau, made.id, "too early")
    surveys.apply(money.tx, money.journal, money.body, made.id, "basis")
    assert surveys.verify(money.tx, money.journal, money.bureau, made.id, "ok").status == "applied"
    with refused("state_conflict: your department has verified"):
        surveys.verify(money.tx, money.journal, money.bureau, made.id, "again")
    with refused("state_conflict: no revenue is permitted yet"):
        money.ceilings()
    with refused("role_not_allowed"):
        surveys.verify(money.tx, money.journal, money.operator, made.id, "I am fine")
    with refused("role_not_allowed"):
        surveys.apply(money.tx, money.journal, money.operator, made.id, "I apply")


def test_P2_a_returned_survey_is_filed_anew(money):
    first = money.filed()
    second = money.filed(taxes="1.00")
    assert money.tx.get(CostSurvey, first.id).status == "replaced"
    assert (
        surveys.send_back(money.tx, money.journal, money.data_office, second.id, "no vouchers").reason == "no vouchers"
    )
    assert money.permitted().status == "verified"
    with refused("state_conflict: the costs of 2024 are verified already"):
        money.filed()


def test_P2_what_a_survey_may_not_say(money):
    with refused("field_invalid: year"):
        money.filed(year=now().year)
    with refused("field_invalid: margin: write 0 to 0.06"):
        money.filed(margin="0.07")
    with refused("field_invalid: costs[0].category: write one of platform, processing"):
        money.filed(costs=[{"category": "cars", "amount": "1", "charged": "1"}])
    with refused("field_invalid: costs[0].key"):
        money.filed(costs=[{"category": "staff", "amount": "1", "charged": "0.5"}])
    with refused("not_found"):
        surveys.file(money.tx, money.journal, money.operator, money.offer.user.party.id, 2024, DATA)


def test_P6_shared_and_free_cost_are_kept_apart(money):
    costs = [
        {"category": "staff", "amount": "1000.00", "charged": "0.333", "key": "calls"},
        {"category": "platform", "amount": "5000.00", "charged": "0"},
    ]
    made = money.filed(costs=costs, subsidies="0.00", taxes="0.00")
    assert surveys.view(made)["permitted"]["operating_cost"] == "333.00"


def test_P3_what_ceilings_may_not_say(money):
    money.permitted()
    rows = money.rows()
    with refused("field_invalid: ceilings: a product has one ceiling"):
        money.ceilings([rows[0], rows[0]])
    with refused("field_invalid: ceilings[0].product"):
        money.ceilings([rows[0] | {"product": "product_x"}])
    with refused("not_found: there is no such operator"):
        set_ceilings(money.tx, money.journal, money.body, money.offer.user.party.id, 2026, rows)
    with refused("role_not_allowed"):
        set_ceilings(money.tx, money.journal, money.operator, money.operator.party.id, 2026, rows)


def test_two_sets_at_once_cannot_have_one_number(money):
    money.permitted()
    made, _ = money.ceilings()
    with pytest.raises(Duplicate):
        money.tx.add(type(made)(**{**vars(made), "id": "ceilings_other"}))


def test_S2_the_disclosure_shows_the_ceilings_in_force(money):
    money.permitted()
    money.ceilings()
    made, _ = money.ceilings(money.rows(check="0.70"))
    [shown] = disclosure(money.tx)["ceilings"]
    assert (shown["id"], shown["permitted"]) == (made.id, "3997350.00")
    assert shown["ceilings"][0]["ceiling"] == "0.70"
