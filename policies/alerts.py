"""When alerts are raised (S1, S5), and which actions may be made to need two persons."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from policies.document import Document, Rule
from policies.roles import RULES

Text = Annotated[str, Field(min_length=1)]


class Kind(Rule):
    """A kind of alert: it is raised when more than `most` was found; the file says of what."""

    zh: Text
    en: Text
    most: Annotated[int, Field(ge=0)]


class Kinds(Rule):
    probing: Kind
    enumeration: Kind
    outside_grant: Kind
    keys_tried: Kind
    unusual_spend: Kind
    expiring_grant: Kind
    overdue: Kind
    review_waiting: Kind
    log_trouble: Kind
    clock_trouble: Kind
    process_missing: Kind
    staff_looks: Kind
    favoured: Kind
    webhook_failing: Kind


class AlertsFile(Rule):
    """The schema of `alerts.yaml`."""

    alerts: Kinds
    probes: list[Text]
    outside: list[Text]
    two_persons: list[Text]


def read(document: Document) -> AlertsFile:
    """Give the rules of a file; raises `PolicyError` naming file, line and field."""
    rules = document.read(AlertsFile)
    for place, action in enumerate(rules.two_persons):
        if action not in RULES.actions:
            raise document.wrong(f"two_persons.{place}", f"there is no action {action!r}")
    return rules


_FILE = read(Document("alerts.yaml"))
KINDS: dict[str, Kind] = {name: getattr(_FILE.alerts, name) for name in Kinds.model_fields}
PROBES = frozenset(_FILE.probes)
OUTSIDE = frozenset(_FILE.outside)
TWO_PERSONS = tuple(_FILE.two_persons)
