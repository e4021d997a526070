"""What pydantic says about a field, in words that tell what to write instead."""

from __future__ import annotations

import re

WORDS = (
    (r"Value error, ", ""),
    (r"Field required", "it is missing; write it"),
    (r"Extra inputs are not permitted", "there is no such field; remove it"),
    (r"Input should be a valid dictionary.*", "it should be a JSON object"),
    (r"Input tag .* found using '(\w+)' does not match any of the expected tags: ", r"\1 should be one of "),
    (r"Unable to extract tag using discriminator '(\w+)'", r"it should name its \1"),
    (r"String should match pattern '\^\[A-Z\]\{2\}\$'", "it should be two capital letters, for example CN"),
    (r"String should match pattern '\^\[A-Za-z0-9_\.\\-\]\+\$'", "it should be an id: letters, digits, _ . -"),
    (r"Input should be a valid decimal.*", 'it should be a decimal number, for example "0.5"'),
    (r"Input should be a valid date\b.*", "it should be a date, for example 2026-01-31"),
    (r"String should match pattern '\^\[0-9A-Z\\-\]\{4,10\}\$'", "it should be a period, for example 2026-01"),
    (r"String should match pattern '\^20\\d\\d-.*", "it should be a month, for example 2026-01"),
    (r"String should match pattern '\^\[0-9A-Z\]\{8,32\}\$'", "it should be 8 to 32 digits and capital letters"),
    (r"Input should have timezone info", "it should have a time zone, for example 2026-01-31T00:00:00Z"),
    (r"(Input|String|List|Tuple|Value) should ", "it should "),
)


def plainly(said: str) -> str:
    """Give `said`, a message of pydantic, in plain words; one that is not known stays as it is."""
    for pattern, words in WORDS:
        said = re.sub("^" + pattern, words, said)
    return said.replace(" after validation, not ", ", not ")
