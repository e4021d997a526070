"""What privacy stores: accounts and the journal their balances derive from.

ρ is counted in grains of 10⁻¹⁸, δ in grains of 10⁻³⁶ (integers kept as decimal text), so that balances are exact
and every rounding goes against the spender."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar


@dataclass(frozen=True)
class Account:
    """A privacy account. A population has one without `party`; each user has one within it.

    `epsilon`, `delta` are the promise as declared; `rho_total` and `delta_pool` follow from it. `delta_conv` is the
    part of δ fixed for the conversion from ρ; the pool pays for thresholds."""

    TABLE: ClassVar[str] = "accounts"
    id: str
    population: str
    party: str | None
    epsilon: Decimal
    delta: Decimal
    delta_conv: Decimal
    rho_total: Decimal
    delta_pool: Decimal
    rho_held: Decimal
    rho_spent: Decimal
    delta_held: Decimal
    delta_spent: Decimal
    created_at: datetime


@dataclass(frozen=True)
class Charge:
    """A journal line: what one job takes from one account. `state`: held (may be given back while step 5 has not
    begun), spent (for ever), void."""

    TABLE: ClassVar[str] = "charges"
    id: str
    account: str
    job: str
    base_key: str
    rho: Decimal
    delta: Decimal
    state: str
    at: datetime
