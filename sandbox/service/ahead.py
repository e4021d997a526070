"""Moves the clock of a test instance forward, so that a year can be rehearsed in a minute: terms end, months are
settled, budgets renew, deadlines pass. Never back, and never on an instance that protects somebody."""

from __future__ import annotations

import os
from datetime import timedelta

from sandbox import bootstrap
from sandbox.core.clock import now, rfc3339
from sandbox.errors import Problem
from sandbox.settings import Settings
from sandbox.test_instance import AHEAD, ahead_of

FURTHEST = timedelta(days=3_660)


def move(settings: Settings, days: int) -> dict[str, str]:
    """Move the clock of every process forward by `days`; gives how many days it is `ahead` then, and `now`.

    Raises `Problem(state_conflict)` on a real instance, and `field_invalid` for days that are not above 0 or lead more
    than ten years ahead."""
    with bootstrap.inspector(settings) as house:
        if not house.test_instance:
            raise Problem(
                "state_conflict",
                "the clock of a real instance is the machine's; make another with `sandbox init --test-instance`",
            )
        before = ahead_of(settings.home)()
        if not 0 < days <= (FURTHEST - before).days:
            raise Problem("field_invalid", f"days have to be above 0, and {FURTHEST.days} in all at most")
        ahead = before + timedelta(days=days)
        with house.store.write() as tx:
            house.journal.write(tx, "clock.moved", public={"days": days})
        house.doorbell.ring("scribe")
        file = settings.home / AHEAD
        fresh = file.with_suffix(".new")
        fresh.write_text(f"{ahead.total_seconds()}\n")
        os.replace(fresh, file)
        return {"ahead": f"{ahead / timedelta(days=1):.6g}", "now": rfc3339(now())}
