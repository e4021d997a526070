"""What pydantic says, in words that a user can act on."""

from __future__ import annotations

import pytest

from sandbox.core.sentences import plainly


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("Field required", "it is missing; write it"),
        ("Extra inputs are not permitted", "there is no such field; remove it"),
        ("Input should be a valid decimal", 'it should be a decimal number, for example "0.5"'),
        ("Input should be a valid date or datetime, invalid character", "it should be a date, for example 2026-01-31"),
        ("Input should be a valid dictionary or instance of JobIn", "it should be a JSON object"),
        (r"String should match pattern '^20\d\d-(0[1-9]|1[0-2])$'", "it should be a month, for example 2026-01"),
        ("String should match pattern '^[0-9A-Z]{8,32}$'", "it should be 8 to 32 digits and capital letters"),
        ("Input should be 'call' or 'month'", "it should be 'call' or 'month'"),
        ("String should match pattern '^[A-Z]{2}$'", "it should be two capital letters, for example CN"),
        (r"String should match pattern '^[A-Za-z0-9_.\-]+$'", "it should be an id: letters, digits, _ . -"),
        (
            "Input tag 'shiny' found using 'rule' does not match any of the expected tags: 'filled', 'range'",
            "rule should be one of 'filled', 'range'",
        ),
        ("Unable to extract tag using discriminator 'rule'", "it should name its rule"),
        ("Value error, write the lower bound first", "write the lower bound first"),
        ("Tuple should have at least 2 items after validation, not 1", "it should have at least 2 items, not 1"),
        ("Input should have timezone info", "it should have a time zone, for example 2026-01-31T00:00:00Z"),
        (r"String should match pattern '^[0-9A-Z\-]{4,10}$'", "it should be a period, for example 2026-01"),
        ("Something new", "Something new"),
    ],
)
def test_messages_say_what_to_write(said: str, plain: str) -> None:
    assert plainly(said) == plain
