"""What web does about months: it charges those that subscriptions pay for, and closes the last one if that is set."""

from __future__ import annotations

from datetime import timedelta

import structlog

from sandbox.billing import settlements
from sandbox.core.clock import now
from sandbox.jobs.house import House
from sandbox.metering.charging import sweep

log = structlog.get_logger()


class Months:
    """One per process; several do nothing twice."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._closed: str | None = None

    def look(self) -> None:
        """Charge the months that began; close last month from the day of the setting `settle_day` on, once."""
        sweep(self._house.store)
        moment, day = now(), self._house.settings.settle_day
        last = f"{moment.replace(day=1) - timedelta(days=1):%Y-%m}"
        if day is None or moment.day < day or last == self._closed:
            return
        if moment < settlements.end(last) + settlements.SETTLED:
            return
        run = settlements.close(self._house.store, self._house.journal, last)
        self._closed = last
        if run.made:
            log.info("month closed", month=last, made=run.made, kept=run.kept)
            self._house.doorbell.ring("scribe")
