"""Usage events as CloudEvents 1.0, so that other billing systems read them: a meter that sums `data.quantity` or
counts, grouped by product, purpose or unit, for the customer that `subject` names (OpenMeter's form)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from sandbox.core.store import Transaction
from sandbox.core.view import plain
from sandbox.metering.records import UsageEvent
from sandbox.webhooks.tell import tell

TYPES = {True: "sandbox.usage.job.v1", False: "sandbox.usage.month.v1"}
MEDIA = "application/cloudevents+json"
TOLD = "usage.metered"
_DATA = ("job", "operator", "product", "resource", "subscription", "purpose", "unit", "quantity", "free")


def cloudevent(event: UsageEvent) -> CloudEvent:
    """Give the event in CloudEvents' shape. Money is decimal text; `source` is the operator, `subject` who used it."""
    data: dict[str, Any] = {name: getattr(event, name) for name in _DATA}
    data |= {name: plain(Decimal(getattr(event, name))) for name in ("price", "fee")}
    return CloudEvent(
        {
            "specversion": "1.0",
            "id": event.id,
            "source": f"urn:data-product-sandbox:{event.operator}",
            "type": TYPES[event.job is not None],
            "subject": event.party,
            "time": event.at,
            "datacontenttype": "application/json",
        },
        data | {"price_number": event.price_number, "month": event.month, "day": event.day},
    )


def text(event: UsageEvent) -> str:
    """Give the event as one line of JSON."""
    return JSONFormat().write(cloudevent(event)).decode()


def view(event: UsageEvent) -> dict[str, Any]:
    """Give the event as a JSON value."""
    found: dict[str, Any] = json.loads(text(event))
    return found


def announce(tx: Transaction, event: UsageEvent) -> None:
    """Tell operator and user, where they asked for it, in the transaction that meters."""
    tell(tx, [event.operator, event.party], TOLD, {}, body=lambda: text(event))
