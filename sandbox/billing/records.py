"""What billing stores. Money is decimal text, in yuan."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar


@dataclass(frozen=True)
class Price:
    """A price of a product from `starts` on. `unit`: product, call, month, cell; at most 6 decimals (pricing rules).

    A call is charged at the price of its time; prices are never changed, only followed by newer ones. `allowance`:
    units a month that are free to each user; `tiers` [{above, price}]: what units beyond `above` of a month cost."""

    TABLE: ClassVar[str] = "prices"
    id: str
    product: str
    number: int
    unit: str
    price: Decimal
    trial: bool
    repeat_free: bool
    set_by: str
    starts: datetime
    allowance: int = 0
    tiers: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class CostSurvey:
    """An operator's costs of one whole year. `status`: filed, applied, verified, returned, replaced. `verified` says by
    role who found the figures right; `data` holds them as decimal text."""

    TABLE: ClassVar[str] = "cost_surveys"
    id: str
    operator: str
    year: int
    data: dict[str, Any]
    status: str
    application: dict[str, Any] | None
    verified: dict[str, Any]
    reason: str | None
    created_at: datetime


@dataclass(frozen=True)
class CeilingSet:
    """Ceilings of one operator's products for a year, set as one: `ceilings` [{product, unit, ceiling, forecast}]. The
    newest set is in force; (`operator`, `number`) is unique. `permitted` is what they were held against."""

    TABLE: ClassVar[str] = "ceiling_sets"
    id: str
    operator: str
    number: int
    year: int
    survey: str
    permitted: Decimal
    ceilings: list[dict[str, Any]]
    set_by: str
    created_at: datetime


@dataclass(frozen=True)
class Settlement:
    """A settlement (结算单) of one user with one operator for a month, or the credit note that `corrects` one. Numbers
    of an operator have no gaps. `key` is unique: there is one settlement for operator, party and month."""

    TABLE: ClassVar[str] = "settlements"
    id: str
    operator: str
    number: int
    key: str
    kind: str
    party: str
    month: str
    lines: list[dict[str, Any]]
    total: Decimal
    corrects: str | None
    reason: str | None
    entry: str
    created_at: datetime


@dataclass(frozen=True)
class Numbering:
    """The last number of a series: an operator's settlements and notes, or `letters:2026`."""

    TABLE: ClassVar[str] = "numberings"
    operator: str
    last: int


@dataclass(frozen=True)
class Dispute:
    """A user's objection to a settlement or to a product's price. `status`: open, accepted, rejected; `credit` is the
    credit note that followed."""

    TABLE: ClassVar[str] = "disputes"
    id: str
    party: str
    operator: str
    settlement: str | None
    product: str | None
    reason: str
    status: str
    answer: str | None
    credit: str | None
    due: date
    created_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True)
class SpendingLimit:
    """The most yuan that a party wants to spend in a calendar month (UTC), in all or under one subscription. `key` is
    unique: there is one for each."""

    TABLE: ClassVar[str] = "spending_limits"
    id: str
    party: str
    subscription: str | None
    key: str
    yuan: Decimal
    changed_at: datetime


@dataclass(frozen=True)
class ShareAgreement:
    """How the revenue of a product is shared from the month `since` on: first `data_cost` yuan a month for obtaining
    the data, then `parts` [{kind, name, party, share}], whose fractions sum to 1. (`product`, `number`) is unique."""

    TABLE: ClassVar[str] = "share_agreements"
    id: str
    product: str
    number: int
    since: str
    parts: list[dict[str, Any]]
    data_cost: Decimal
    basis: str
    set_by: str
    created_at: datetime


@dataclass(frozen=True)
class YearlyReview:
    """An operator's year held against what was permitted: `settled` on the platform and `outside` of it. `who` has to
    act: operator or authoriser. `status`: open, done. (`operator`, `year`) is unique."""

    TABLE: ClassVar[str] = "yearly_reviews"
    id: str
    operator: str
    year: int
    ceilings: str
    permitted: Decimal
    settled: Decimal
    outside: Decimal
    who: str
    status: str
    guidance: str | None
    outcome: str | None
    created_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True)
class PriceCycle:
    """Years of an operator that are looked at as one. Closed, it has a `carry_over`, in `parts` [{amount, survey}] that
    are deducted one in each following cycle; `survey` names the one that did. (`operator`, `number`) is unique."""

    TABLE: ClassVar[str] = "price_cycles"
    id: str
    operator: str
    number: int
    first: int
    last: int
    reason: str | None
    carry_over: Decimal | None
    parts: list[dict[str, Any]]
    created_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True)
class YearlyReport:
    """The authorising body's yearly report on an operator, as filed; a later `number` of the same year replaces it.
    `published`: everybody may read it, not only both departments."""

    TABLE: ClassVar[str] = "yearly_reports"
    id: str
    operator: str
    year: int
    number: int
    content: dict[str, Any]
    filed_by: str
    entry: str
    created_at: datetime
    published: bool = False


@dataclass(frozen=True)
class Letter:
    """A letter (函) of the authorising body to both departments. `kind`: ceilings, about a set of them, or review,
    about a yearly review; `content` is what it says. (`year`, `number`) is unique; a year's numbers have no gaps."""

    TABLE: ClassVar[str] = "letters"
    id: str
    year: int
    number: int
    kind: str
    operator: str
    about: str
    content: dict[str, Any]
    written_by: str
    entry: str
    created_at: datetime


@dataclass(frozen=True)
class TaxInvoice:
    """The number of a tax invoice (发票) that was issued elsewhere for a settlement: 20 digits, or 8 with the `code` of
    10 or 12 that older ones have. `withdrawn_at`: it was entered wrongly, or the invoice was taken back."""

    TABLE: ClassVar[str] = "tax_invoices"
    id: str
    settlement: str
    operator: str
    party: str
    month: str
    code: str | None
    number: str
    entered_by: str
    created_at: datetime
    withdrawn_at: datetime | None
    reason: str | None
