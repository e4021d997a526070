"""Usage added up: by party, product, purpose, unit and day, from the events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.metering.records import UsageEvent

BY = ("party", "operator", "product", "subscription", "purpose", "day")


def summary(tx: Transaction, principal: Principal, month: str, by: Sequence[str]) -> list[dict[str, Any]]:
    """Give number of events, quantity and exact fees of a month for each combination of `by` and each unit: overseers
    all, an operator those of its products, a user its own. Raises role_not_allowed, field_invalid."""
    principal.may("usage.read")
    if not by or len(set(by)) < len(by) or not set(by) <= set(BY):
        raise Problem("field_invalid", f"by: write some of {','.join(BY)} with commas between, each once")
    mine = "operator" if principal.has("operator") else "party"
    whose = {} if principal.oversees else {mine: principal.party.id}
    found: dict[tuple[Any, ...], tuple[int, int, Decimal]] = defaultdict(lambda: (0, 0, Decimal(0)))
    counted = tx.totals(UsageEvent, by=[*by, "unit", "fee"], sums=["quantity"], month=month, **whose)
    for *key, fee, events, quantity in counted:
        held = found[tuple(key)]
        found[tuple(key)] = (held[0] + events, held[1] + quantity, held[2] + fee * events)
    names = (*by, "unit")
    return [
        dict(zip(names, key, strict=True)) | {"events": events, "quantity": quantity, "fee": format(fee, "f")}
        for key, (events, quantity, fee) in sorted(found.items())
    ]
