"""Cost surveys, permitted revenue, ceilings, settlements, disputes."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool

from sandbox.wire.common import Decimals, Id, Input, Output, Page, Record, State, Text

Yuan = Annotated[Decimal, Field(ge=0, le=Decimal("1e13"), max_digits=16, decimal_places=2)]
Rate = Annotated[Decimal, Field(ge=0, lt=1, max_digits=12, decimal_places=8)]
Year = Annotated[int, Field(ge=2000, le=2200)]


class CostIn(Input):
    """A cost of the year. `charged` is the share that charged products carry: 1; 0 for free products; in between for
    shared cost, with the `key` by which it is allocated."""

    category: Annotated[str, Field(max_length=40)]
    amount: Yuan
    charged: Annotated[Decimal, Field(ge=0, le=1, max_digits=12, decimal_places=10)] = Decimal(1)
    key: Text | None = None
    note: Text | None = None


class SurveyIn(Input):
    """The costs of one whole year, in yuan. `bond_yield`: average of ten-year government bonds in the year before the
    survey; `margin` at most 0.06; `carry_over`: what an earlier cycle earned too much."""

    year: Year
    costs: Annotated[list[CostIn], Field(min_length=1, max_length=1000)]
    subsidies: Yuan = Decimal("0.00")
    taxes: Yuan = Decimal("0.00")
    bond_yield: Rate
    margin: Rate
    carry_over: Yuan = Decimal("0.00")


class SurveyOut(State):
    """A cost survey, and what it permits step by step."""

    operator: str
    year: int
    permitted: dict[str, Decimals]


class ApplyIn(Input):
    """Why the conditions for formal prices are there, in writing."""

    basis: Text


class VerifyIn(Input):
    """What a department found when it assessed the survey."""

    assessment: Text


class ReturnIn(Input):
    """Why a survey goes back to its operator."""

    reason: Text


class RevenueQuery(Input):
    """The year of the costs; without it the newest verified one."""

    year: Year | None = None


class RevenueOut(Output):
    """The permitted revenue (最高准许收入) of an operator, step by step."""

    operator: str
    year: int
    survey: str
    permitted: dict[str, Decimals]


class CeilingIn(Input):
    """The ceiling of a product for a charging unit, and how many units are forecast for the year."""

    product: Id
    unit: Literal["product", "call", "month", "cell"]
    ceiling: Annotated[Decimal, Field(ge=0, le=Decimal("1e9"), max_digits=16, decimal_places=6)]
    forecast: Annotated[int, Field(ge=0, le=10**12)]


class CeilingsIn(Input):
    """Ceilings (上限收费标准) as one set."""

    year: Year
    ceilings: Annotated[list[CeilingIn], Field(min_length=1, max_length=1000)]


class CeilingsOut(Record):
    """A set of ceilings; `lowered` names prices that fell to their ceiling by it."""

    operator: str
    number: int
    year: int
    permitted: Decimals
    total: Decimals
    ceilings: list[dict[str, Any]]


class SettleIn(Input):
    """The month to close, `YYYY-MM`."""

    month: Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")]


class SettleOut(Output):
    """What a run did: settlements made now, those that were there, their sum."""

    month: str
    made: int
    kept: int
    total: Decimals


class LimitIn(Input):
    """The most yuan that one's party spends in a calendar month; `subscription`: under that one only."""

    yuan: Yuan
    subscription: Id | None = None


class LimitOut(Record):
    """A limit, and what counts against it this month."""

    subscription: str | None
    yuan: Decimals
    spent: Decimals
    held: Decimals
    left: Decimals


class ShareIn(Input):
    """One part of a product's revenue; `share` is a fraction as text, 1/3 or 0.25; `party` where it is one here."""

    kind: Literal["holder", "processor", "operator", "region"]
    name: Text
    share: Annotated[str, Field(pattern=r"^[0-9./]{1,40}$")]
    party: Id | None = None


class SharesIn(Input):
    """How revenue is shared from the month `since` on: first `data_cost` yuan a month for obtaining the data."""

    parts: Annotated[list[ShareIn], Field(min_length=1, max_length=100)]
    data_cost: Yuan = Decimal("0.00")
    basis: Text
    since: Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")] | None = None


class MonthQuery(Input):
    """A month, `YYYY-MM`."""

    month: Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")]


class EventsQuery(Page):
    """Usage events of a month; without it all."""

    month: Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")] | None = None


class SummaryQuery(Input):
    """The month to add up, and by what: some of party, operator, product, subscription, purpose, day."""

    month: Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")]
    by: Annotated[str, Field(max_length=100)] = "product,purpose,day"


class SettlementQuery(Page):
    """Settlements of a month; without it all."""

    month: Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")] | None = None


class FormatQuery(Input):
    """`csv` gives the lines as a file, `pdf` the paper in Chinese (`zh`) or English."""

    format: Literal["json", "csv", "pdf"] = "json"
    lang: Literal["zh", "en"] = "zh"


class SheetQuery(FormatQuery):
    """Whose statement, for overseers; `kind`: what one owes, or what one's products earned."""

    party: Id | None = None
    kind: Literal["statement", "revenue"] | None = None


class SheetOut(Record):
    """A statement (账单) with its lines."""

    kind: str
    party: str
    month: str
    lines: list[dict[str, Any]]
    total: Decimals


class SettlementOut(Record):
    """A settlement (结算单) or credit note with its lines."""

    operator: str
    number: int
    kind: str
    party: str
    month: str
    lines: list[dict[str, Any]]
    total: Decimals


class InvoiceIn(Input):
    """The number of a tax invoice (发票): 20 digits, or 8 digits with the `code` of 10 or 12 that older ones have."""

    number: Annotated[str, Field(max_length=20)]
    code: Annotated[str, Field(max_length=12)] | None = None


class WithdrawIn(Input):
    """Why a number is withdrawn."""

    reason: Text


class InvoiceOut(Record):
    """A tax invoice of a settlement; `withdrawn_at` is null while it stands."""

    settlement: str
    number: str
    code: str | None
    withdrawn_at: str | None


class ReconcileQuery(Input):
    """The month to hold against its events."""

    month: Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")]


class ReconcileOut(Output):
    """Sums of events, lines and settlements; `holds` says whether they agree."""

    month: str
    holds: bool


class DisputeIn(Input):
    """An objection to a settlement, or to the price of a product."""

    settlement: Id | None = None
    product: Id | None = None
    reason: Text


class DisputeAnswerIn(Input):
    """The operator's answer; `amount` yuan go back by a credit note."""

    accepted: StrictBool
    answer: Text
    amount: Annotated[Decimal, Field(gt=0, le=Decimal("1e13"), max_digits=16, decimal_places=2)] | None = None


class DisputeOut(State):
    """A dispute: open until `due`, then accepted or rejected."""

    party: str
    operator: str
    due: str
