"""What pydantic says about a field, in words that tell what to write instead."""

from __future__ import annotations

import re

WORDS = (
    (r"Value error, ", ""),
    (r"Field required", "it is missing; write it"),
    (r"Extra inputs are not permitted", "there is no such field; remove it"),
    (r"Input should be a valid dictionary.*", "it should be a JSON object"),
    (r"Input should be a valid decimal.*", 'it should be a decimal number, for example "0.5"'),
    (r"Input should be a valid date\b.*", "it should be a date, for example 2026-01-31"),
    (r"String should match pattern '\^20\\d\\d-.*", "it should be a month, for example 2026-01"),
    (r"String should match pattern '\^\[0-9A-Z\]\{8,32\}\$'", "it should be 8 to 32 digits and capital letters"),
    (r"(Input|String|List|Value) should ", "it should "),
)


def plainly(said: str) -> str:
    """Give `said`, a message of pydantic, in plain words; one that is not known stays as it is."""
    for pattern, words in WORDS:
        said = re.sub("^" + pattern, lambda _, words=words: words, said)  # type: ignore[misc]
    return said
