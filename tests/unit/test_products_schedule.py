"""How many runs of a plan the rest of a year still needs, so that revisions get what is left."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.products import schedule


@pytest.mark.parametrize(
    ("plan", "today", "needed"),
    [
        ({"schedule": "P1Y"}, date(2026, 11, 22), 0),  # 2026 is due on the first day of 2027, with that year's runs
        ({"schedule": "P1Y"}, date(2026, 1, 1), 0),
        ({"schedule": "P1Y", "delay_days": 10}, date(2026, 1, 5), 1),
        ({"schedule": "P1Y", "delay_days": 10}, date(2026, 1, 11), 0),
        ({"schedule": "P3M"}, date(2026, 11, 22), 0),
        ({"schedule": "P3M"}, date(2026, 9, 30), 1),
        ({"schedule": "P1M"}, date(2026, 11, 22), 1),
        ({"schedule": "P1M", "delay_days": 40}, date(2026, 11, 22), 1),  # October, on 11 December
        ({"schedule": "P1M", "last": "2026-10"}, date(2026, 9, 15), 2),
        ({"schedule": "P1M", "last": "2026-08"}, date(2026, 9, 15), 0),
        ({"schedule": "P1D"}, date(2026, 12, 30), 1),
        ({"schedule": "P1D"}, date(2028, 1, 1), 365),
    ],
)
def test_what_the_rest_of_a_year_needs_is_what_becomes_due_in_it(
    plan: dict[str, Any], today: date, needed: int
) -> None:
    whole = schedule.Plan.model_validate({"epsilon": "1", "runs": 12, "epsilon_per_year": "12"} | plan)
    assert schedule._still_needed(whole, today) == needed


@pytest.mark.parametrize(("left", "revised"), [(0, False), (1, False), (2, True)])
def test_a_revision_takes_no_run_that_the_year_still_needs(
    left: int, revised: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """November is still to come: a run is kept for it, though the data of October were replaced."""
    ran = [(SimpleNamespace(period=f"2026-{month:02}", version="old"), None) for month in range(1, 11)]
    monkeypatch.setattr(schedule, "left_of_year", lambda *_: left)
    monkeypatch.setattr(schedule, "runs_of", lambda *_: ran)
    spec = {"schedule": "P1M", "epsilon": "1", "runs": 12, "epsilon_per_year": "12", "revise": 1}
    product: Any = SimpleNamespace(spec=spec, resources=["resource_1"])
    tx: Any = SimpleNamespace(get=lambda *_: SimpleNamespace(version="new"))
    found = schedule.due(tx, product, datetime(2026, 11, 22, tzinfo=UTC))
    assert found == (schedule.Due("2026-10", "revision") if revised else None)
