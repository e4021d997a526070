"""Decimal numbers as they come from outside: one reading for ε, money and declared bounds."""

from __future__ import annotations

import re
from decimal import Decimal

LONGEST = 40
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)


def read_decimal(raw: object) -> Decimal:
    """Read a JSON number, or a text with ASCII digits, as the exact decimal it spells.

    Raises ValueError for anything else – truth values, infinities, underscores, other scripts' digits, over 40
    characters – which Python's own reading would partly take."""
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str, Decimal)):
        raise ValueError("not a number")
    text = str(raw).strip(" ")
    if len(text) > LONGEST or not _NUMBER.fullmatch(text):
        raise ValueError("not a decimal number")
    return Decimal(text)
