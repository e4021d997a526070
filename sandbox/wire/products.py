"""Products and their prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool

from sandbox.wire.common import Id, Input, Text


class ProductIn(Input):
    """A product under a grant; what `spec` holds depends on the kind."""

    grant: Id
    kind: Literal["query", "verification", "model", "index", "program"]
    name: Text
    resources: Annotated[list[Id], Field(min_length=1, max_length=100)]
    spec: Annotated[dict[str, Any], Field(default_factory=dict)]


class PriceIn(Input):
    """A price in yuan, decimal text or number with at most 6 decimals."""

    unit: Literal["product", "call", "month", "cell"]
    price: Annotated[Decimal, Field(ge=0, le=Decimal("1e9"), max_digits=16, decimal_places=6)]
    trial: StrictBool = False
    repeat_free: StrictBool = True
