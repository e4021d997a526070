"""Products and their prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, StrictBool

from sandbox.wire.common import Id, Input, Text


class ProductIn(Input):
    """A product under a grant; what `spec` holds depends on the kind, which may be one of ours – query, verification,
    model, index, program – or one that the host installed."""

    grant: Id
    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    name: Text
    resources: Annotated[list[Id], Field(min_length=1, max_length=100)]
    spec: Annotated[dict[str, Any], Field(default_factory=dict)]


class ReviewIn(Input):
    """What a reviewer found: yes or no to each question of the checklist."""

    checklist: Annotated[dict[str, StrictBool], Field(max_length=50, default_factory=dict)]
    note: Annotated[str, Field(max_length=2000)] = ""


class ReturnIn(ReviewIn):
    """Why a product goes back to its operator."""

    note: Text


class ReviseIn(Input):
    """Another specification."""

    spec: dict[str, Any]


class HandOverIn(Input):
    """The grant of the operator that takes a product over."""

    grant: Id


class TierIn(Input):
    """What each unit of a calendar month costs beyond `above` units."""

    above: Annotated[int, Field(gt=0, le=10**12)]
    price: Annotated[Decimal, Field(ge=0, le=Decimal("1e9"), max_digits=16, decimal_places=6)]


class PriceIn(Input):
    """A price in yuan, decimal text or number with at most 6 decimals. `allowance`: units of a calendar month that are
    free to each user; `tiers`: other prices from some unit of the month on; `starts`: a time to come, else now."""

    unit: Literal["product", "call", "month", "cell"]
    price: Annotated[Decimal, Field(ge=0, le=Decimal("1e9"), max_digits=16, decimal_places=6)]
    trial: StrictBool = False
    repeat_free: StrictBool = True
    allowance: Annotated[int, Field(ge=0, le=10**12)] = 0
    tiers: Annotated[list[TierIn], Field(max_length=20, default_factory=list)]
    starts: AwareDatetime | None = None
