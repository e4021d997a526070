"""What privacy stores: accounts, the journal their balances derive from, and what changed their promises or periods.

A loss is counted in grains of 10⁻¹⁸, δ in grains of 10⁻³⁶ (integers kept as decimal text), so that balances are exact
and every rounding goes against the spender."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

RESTORED = "log:"
"""How job and base key of a charge begin that was taken over from a leaf of the log; the leaf's entry follows."""
PAST = ":past"
"""How its base key ends when it counts in a period that was over by then: no renewal has counted it."""


@dataclass(frozen=True)
class Account:
    """A privacy account. A population has one without `party`, for life; each user has one within it.

    `epsilon`, `delta` are the promise as declared; `loss_total` and `delta_pool` follow from it. A loss is ρ or, in a
    `pure` account, ε. `delta_conv` is the part of δ fixed for the conversion from ρ; the pool pays for thresholds.
    `loss_spent` and `delta_spent` count what was spent in period number `period`, the `…_before` ones what was spent
    in all periods before it. Periods last `renew` (ISO 8601) and count from `counts_from`; without `renew` there is
    one, for life."""

    TABLE: ClassVar[str] = "accounts"
    id: str
    population: str
    party: str | None
    pure: bool
    epsilon: Decimal
    delta: Decimal
    delta_conv: Decimal
    loss_total: Decimal
    delta_pool: Decimal
    loss_held: Decimal
    loss_spent: Decimal
    loss_before: Decimal
    delta_held: Decimal
    delta_spent: Decimal
    delta_before: Decimal
    renew: str | None
    counts_from: datetime
    period: int
    created_at: datetime


@dataclass(frozen=True)
class Charge:
    """A journal line: what one job takes from one account. `state`: held (may be given back while step 5 has not
    begun), spent (for ever), void. `period` is the account's in which it was held or, once spent, spent."""

    TABLE: ClassVar[str] = "charges"
    id: str
    account: str
    job: str
    base_key: str
    loss: Decimal
    delta: Decimal
    state: str
    period: int
    at: datetime


@dataclass(frozen=True)
class Renewal:
    """A journal line: a user's account entered `period`, which began at `began_at`; `loss` and `delta` are what the
    period before had spent and what `…_before` grew by. Its id is account and period: one for each."""

    TABLE: ClassVar[str] = "renewals"
    id: str
    account: str
    period: int
    began_at: datetime
    loss: Decimal
    delta: Decimal
    at: datetime


@dataclass(frozen=True)
class Raise:
    """A change of promise: a population's lifetime cap was raised, why and by whom. Public, and a leaf in the log."""

    TABLE: ClassVar[str] = "raises"
    id: str
    account: str
    epsilon_before: Decimal
    delta_before: Decimal
    epsilon: Decimal
    delta: Decimal
    reason: str
    by: str
    at: datetime
