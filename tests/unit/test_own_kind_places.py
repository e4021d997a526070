"""The places of the example's ranking, from released counts that are given: only what the errors tell apart is."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.catalogue.entry import parse_entry
from sandbox.jobs.product import Question
from sandbox.privacy.released import Released

EXAMPLES = Path(__file__).parents[2] / "examples"
DEPTS = ("surgery", "medicine", "eye")
Ranked = Callable[..., list[tuple[str, str, Decimal]]]


@pytest.fixture(scope="module")
def kind() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(EXAMPLES / "own_kind"))
        from sandbox_ranking import RankingProduct  # type: ignore[import-not-found]

        yield RankingProduct()
        sys.modules.pop("sandbox_ranking")


@pytest.fixture(scope="module")
def ranked(kind: Any) -> Ranked:
    """Ranks departments whose released counts are 500 and so many half-widths more."""
    entry = parse_entry(json.loads((EXAMPLES / "visits.json").read_text(encoding="utf-8")))
    spec, small = {"table": "visits", "column": "dept", "epsilon": "2"}, Decimal("1e-9")
    plan = kind.compile(Question({}, "", "", "", entry, spec, small, small))
    width = Decimal(next(one["error_95"] for one in kind.expect(plan) if one["name"] == "n"))
    [block] = plan.blocks
    assert width > 4 and len(block.measurements) == 1

    def present(*halves: str) -> list[tuple[str, str, Decimal]]:
        counts = [(500 + round(Decimal(half) * width),) for half in halves]
        base = [Released([(dept,) for dept in DEPTS[: len(counts)]], counts)]
        return list(kind.present(plan, base, [one.values for one in base]).rows)

    return present


def places(rows: list[tuple[str, str, Decimal]]) -> dict[str, str]:
    return {dept: place for place, dept, _ in rows}


def test_what_lies_near_shares_its_places_and_what_lies_far_does_not(ranked: Ranked) -> None:
    """A difference has √2 times the half-width of each."""
    assert places(ranked("0", "0")) == {"surgery": "1–2", "medicine": "1–2"}
    assert places(ranked("0", "1")) == {"medicine": "1–2", "surgery": "1–2"}
    assert places(ranked("0", "2")) == {"medicine": "1", "surgery": "2"}
    assert places(ranked("4", "0", "2")) == {"surgery": "1", "eye": "2", "medicine": "3"}


def test_near_is_not_handed_on(ranked: Ranked) -> None:
    """The one in the middle is near to both, who are far from each other."""
    assert places(ranked("0", "2", "1")) == {"medicine": "1–2", "eye": "1–3", "surgery": "2–3"}


def test_rows_stand_by_what_was_counted_and_shares_are_of_the_whole(ranked: Ranked) -> None:
    rows = ranked("0", "9", "-9")
    assert [dept for _, dept, _ in rows] == ["medicine", "surgery", "eye"]
    assert abs(sum(share for *_, share in rows) - 100) <= Decimal("0.02")
    assert rows[0][2] > rows[1][2] == Decimal("33.33") > rows[2][2]
