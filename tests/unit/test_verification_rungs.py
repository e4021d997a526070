"""When answers to claims leave: on few rungs, none before the quantum, none a quarter later than it was ready."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sandbox.products.verification.rungs import leaves, rung

QUANTUM = timedelta(milliseconds=70)
ASKED = datetime(2026, 11, 1, tzinfo=UTC)


def test_P8_rungs_are_the_quantum_and_four_to_a_doubling() -> None:
    took = [timedelta(milliseconds=number) for number in range(600)]
    assert [round(one / QUANTUM, 2) for one in dict.fromkeys(rung(each, QUANTUM) for each in took)] == [
        1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 10,
    ]  # fmt: skip


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(minutes=2)))
def test_P8_an_answer_leaves_on_the_first_rung_behind_its_end(took: timedelta) -> None:
    found = rung(took, QUANTUM)
    assert max(took, QUANTUM) <= found < max(took * 1.25 + timedelta(milliseconds=1), QUANTUM * 1.0001)
    assert rung(found, QUANTUM) == found, "a rung is its own"
    assert leaves(ASKED, ASKED + took, 70) == ASKED + found
    assert leaves(ASKED, ASKED + took, 0) == ASKED + took
