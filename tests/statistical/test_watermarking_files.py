"""A copy of a real answer is traced after everything people do to files, and nobody else is."""

from __future__ import annotations

import random

import pytest

from benchmarks import leaked
from benchmarks.answer import Answer
from benchmarks.leaked import FILES, File
from watermarking.score import LOG10_ALPHA, log10_p

OTHERS = [f"other-{i}" for i in range(60)]
RECIPIENTS = 10_000
# Of 576 marked cells at most; ln E per cell is at most ln 2. What a leak loses is here, by name.
CELLS = {
    "columns_dropped": 192,
    "rows_dropped": 280,
    "keys_lost": 300,
    "typed": 105,
}
PER_CELL = {
    "rounded": 0.25,  # 0.22 where the trace does not see that it was rounded
    "cut_off": 0.25,
    "noise": 0.18,
    "edited": 0.28,
    "offset": 0.28,
    "times_constant": 0.35,
    "typed": 0.33,
}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.__name__)
def test_the_leaker_alone_is_traced(file: File) -> None:
    for seed in (1, 2):
        answer = Answer(seed)
        cells, log_e, _ = answer.scores(file(answer, random.Random(seed)), ["leaker", *OTHERS])
        least = CELLS.get(file.__name__, 560)
        assert cells >= least
        assert log_e[0] >= PER_CELL.get(file.__name__, 0.4) * least
        assert log10_p(float(log_e[0]), RECIPIENTS) <= LOG10_ALPHA
        assert log10_p(float(log_e[1:].max()), RECIPIENTS) > LOG10_ALPHA


def test_another_answer_of_the_same_question_is_not_taken_for_ours() -> None:
    """New noise over the same groups: the rows fit, the marks do not."""
    other = Answer(5)
    other_copy = leaked.text(other.copy("leaker"))
    _, log_e, _ = Answer(6).scores(other_copy, ["leaker", *OTHERS])
    assert log10_p(float(log_e.max()), len(log_e)) > LOG10_ALPHA


def test_a_foreign_sheet_shows_nothing() -> None:
    chance = random.Random(1)
    rows = [(f"{i}", str(chance.randint(0, 10**6)), f"{chance.random():.3f}") for i in range(300)]
    assert Answer().scores(leaked.text((("id", "amount", "share"), rows)), OTHERS)[0] == 0
