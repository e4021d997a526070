"""Declared types and values: the text of a column type, and constants read as values of it."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from sandbox.core.amounts import read_decimal
from sandbox.plan.scalar import BOOLEAN, DATE, INTEGER, STRING, Type, Value

MOST_DIGITS = 18  # of a decimal: fits 64 bits, and a product of two fits 38 digits
MOST_TEXT = 200  # characters of a text in a declared domain
LARGEST = 2**63 - 1

_SIMPLE = {"integer": INTEGER, "string": STRING, "boolean": BOOLEAN, "date": DATE}
_DECIMAL = re.compile(r"decimal\((\d{1,2}),\s?(\d{1,2})\)")


def column_type(text: str) -> Type:
    """Give the type that `text` names; raises ValueError with what to write."""
    if text in _SIMPLE:
        return _SIMPLE[text]
    digits = precision(text)
    found = _DECIMAL.fullmatch(text)
    if found is None or not 1 <= digits <= MOST_DIGITS or int(found[2]) > digits:
        raise ValueError(f"write integer, decimal(p,s) with s ≤ p ≤ {MOST_DIGITS}, string, boolean or date")
    return Type("decimal", int(found[2]))


def precision(text: str) -> int:
    """Give p of `decimal(p,s)`, 0 for any other text."""
    found = _DECIMAL.fullmatch(text)
    return int(found[1]) if found else 0


def constant(text: str, raw: object) -> Value:
    """Read `raw` (JSON number, text, truth value) as a value of the column type `text`.

    Integral decimals are integers. Raises ValueError with what to write.
    """
    kind = column_type(text).kind
    if kind == "string":
        if isinstance(raw, str) and raw and len(raw) <= MOST_TEXT and "\0" not in raw:
            return raw
        raise ValueError(f"write texts of 1 to {MOST_TEXT} characters")
    if kind == "boolean":
        if isinstance(raw, bool):
            return raw
        raise ValueError("write true or false")
    if kind == "date":
        if isinstance(raw, date):
            return raw
        if isinstance(raw, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", raw):
            return date.fromisoformat(raw)
        raise ValueError("write dates as YYYY-MM-DD")
    number = _number(raw)
    if kind == "integer":
        if number != number.to_integral_value() or abs(number) > LARGEST:
            raise ValueError("write whole numbers of at most 64 bits")
        return int(number)
    scale = column_type(text).scale
    if abs(number) >= Decimal(10) ** (precision(text) - scale) or number != round(number, scale):
        raise ValueError(f"write numbers that fit {text}")
    return round(number, scale)


def _number(raw: object) -> Decimal:
    try:
        number = read_decimal(raw)
    except ValueError:
        raise ValueError("write a number") from None
    if number.adjusted() > 40:
        raise ValueError("write a finite number")
    return number
