"""What a trace and its evidence say in words: what was not looked at, and what is too small for marks."""

from __future__ import annotations

import pytest

from sandbox.oversight.statements import LANGUAGES, report, sentence

SAID = {
    "too_few": ("receipts and deliveries alone", "只能凭存证回执和交付记录证明"),
    "left_out": ("were not looked at", "未细查"),
    "keys": ("no value of their keys is in the file", "没有它们的任何键值，而有其他基表的键值"),
    "numbers": ("too few of their numbers", "相符的数值也太少"),
}
NOTHING = {"left_out": 0, "set_aside": 0, "set_aside_by": "keys", "too_few": 0}


def spoken(verdict: str, counts: dict[str, object]) -> set[str]:
    """Of what the sentences in both languages tell, besides the verdict; alike in both."""
    told = [
        {name for name, words in SAID.items() if words[number] in sentence(language, verdict, -9.0, counts)}
        for number, language in ((1, "zh"), (0, "en"))
    ]
    assert told[0] == told[1]
    return told[0]


@pytest.mark.parametrize("verdict", ["traced", "insufficient_evidence", "not_ours"])
def test_what_is_said_besides(verdict: str) -> None:
    assert spoken(verdict, NOTHING) == set()
    for by in ("keys", "numbers"):
        told = spoken(verdict, NOTHING | {"set_aside": 3, "set_aside_by": by})
        assert told == (set() if verdict == "traced" else {by}), "of no interest where somebody was traced"
    assert spoken(verdict, NOTHING | {"too_few": 1, "left_out": 2}) == {"too_few", "left_out"}


def test_bundles_from_before_keep_their_words() -> None:
    assert spoken("not_ours", {"left_out": 0}) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_statement_of_evidence_says_what_is_too_small(language: str) -> None:
    data = {"trace": "t", "audience": "a", "time": "now", "file": "00", "detector": "4", "pairs": 2, "runs": 0}
    data |= NOTHING | {"below_bar": 2, "findings": [], "verdict": "insufficient_evidence"}
    words = SAID["too_few"][language == "zh"]
    assert words not in report(language, data) and words in report(language, data | {"too_few": 1})
