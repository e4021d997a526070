"""Cells by name: the canonical text of a value, the hash of a cell, and its rank among the cells of a base.

A cell is known by what a leaked table still shows – key values and measure – never by its position.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from datetime import date
from decimal import Decimal

from watermarking.base import Base, Value
from watermarking.keys import framed

CELL_TAG = b"watermarking/cell/v1"
# Bounded digits and exponent: text from a leak must not be able to ask for a gigabyte of zeros.
NUMBER = re.compile(r"[+-]?(\d{1,60}(\.\d{0,60})?|\.\d{1,60})([eE][+-]?\d{1,2})?", re.ASCII)

GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII)


def number(text: str) -> Decimal | None:
    """Read `text` as a plain decimal number, or give None."""
    trimmed = text.strip()
    return Decimal(trimmed) if NUMBER.fullmatch(trimmed) else None


def reading(text: str) -> Decimal | None:
    """Read a number as people print it, with separators of thousands too, or give None."""
    return number(text.replace(",", "") if GROUPED.fullmatch(text.strip()) else text)


def canonical(value: Value) -> str:
    """Give the one spelling of a value, the same for a typed value and for its text in a leaked table.

    Text is NFC and trimmed; numbers lose exponent, sign of zero and trailing zeros; truth values are lower case;
    dates ISO 8601; NULL is empty text.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        return _plain(Decimal(value))
    if isinstance(value, date):
        return value.isoformat()[:10]
    text = unicodedata.normalize("NFC", value).strip()
    numeric = number(text)
    if numeric is not None:
        return _plain(numeric)
    return text.lower() if text.lower() in ("true", "false") else text


def cell_hash(key_names: tuple[str, ...], group: tuple[Value, ...], measure: str) -> bytes:
    """Give SHA-256 over the canonical key values in sorted column order and the measure's canonical name."""
    return _hash(_keys(key_names, group), measure)


def ranks(base: Base) -> list[list[int | None]]:
    """Give for every group and primitive the rank of its cell hash among the distinct hashes of the base.

    Cells that share a hash cannot be told apart in a leak: they carry no mark, their rank is None.
    """
    hashes = [
        [_hash(keys, primitive.name) for primitive in base.primitives]
        for keys in (_keys(base.key_names, group) for group in base.groups)
    ]
    times = Counter(cell for row in hashes for cell in row)
    place = {cell: rank for rank, cell in enumerate(sorted(times))}
    return [[place[cell] if times[cell] == 1 else None for cell in row] for row in hashes]


def _plain(value: Decimal) -> str:
    if not value.is_finite():
        return str(value)
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    text = text.removeprefix("-") if not value else text
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, _, part = digits.partition(".")
    return sign + (whole.lstrip("0") or "0") + ("." + part if part else "")


def _keys(names: tuple[str, ...], group: tuple[Value, ...]) -> bytes:
    pairs = sorted(zip(names, (canonical(value) for value in group), strict=True))
    return framed(*(text.encode() for pair in pairs for text in pair))


def _hash(keys: bytes, measure: str) -> bytes:
    return hashlib.sha256(framed(CELL_TAG, keys, unicodedata.normalize("NFC", measure).encode())).digest()
