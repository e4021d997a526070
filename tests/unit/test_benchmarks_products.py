"""The page's section of products: bars are said to be kept or not, and programs are run in all three ways."""

from __future__ import annotations

import pytest
from programs import needs_isolation

from benchmarks import products, programs


def test_bars_of_products_are_kept_or_not() -> None:
    within = programs.Measured(1.0, 1.2, 2.0, 1.0, 1.0, 0.060)
    beyond = programs.Measured(1.0, 1.2, 2.01, 1.0, 1.0, 0.061)
    fast, slow = [0.010] * 300, [0.010] * 290 + [0.021] * 10
    said = products.table(fast, 0, slow, {"light": within, "heavy": beyond}).splitlines()
    marks = [line.split(" | ")[-1].rstrip(" |") for line in said if "✓" in line or "✗" in line]
    assert marks == ["✓", "✗", "✓", "✗", "✗"]
    lost = products.table(fast, 1, fast, {"light": within}).splitlines()
    assert "✗" in lost[2], "a claim without an answer is not answered in time"


@needs_isolation
def test_programs_are_measured_in_forks_and_in_sandboxes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "STARTS", 1)
    parts = [one["rows"] for one in programs.spread(programs.table(2000), 3, {})]
    one = programs.measure(programs.TOTALS, parts, 1)
    assert all(0 < taken < 60 for taken in (one.alone, one.forked, one.kept, one.start))
    rows = programs.lines({"totals": one}, 3).splitlines()
    assert rows[0].count(" | ") == rows[-1].count(" | ")
