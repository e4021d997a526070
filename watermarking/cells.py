"""Cells by name: the canonical text of a value, the hash of a cell, and its rank among the cells of a base.

A cell is known by what a leaked table still shows – key values and measure – never by its position.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from watermarking.base import Base, Value
from watermarking.keys import framed

CELL_TAG = b"watermarking/cell/v1"
# Bounded digits and exponent: text from a leak must not be able to ask for a gigabyte of zeros.
NUMBER = re.compile(r"[+-]?(\d{1,60}(\.\d{0,60})?|\.\d{1,60})([eE][+-]?\d{1,2})?", re.ASCII)
_FIRST = frozenset("+-.0123456789")  # letters that a number begins with


Words = NDArray[np.uint64]


def number(text: str) -> Decimal | None:
    """Read `text` as a plain decimal number, or give None."""
    trimmed = text.strip()
    return Decimal(trimmed) if NUMBER.fullmatch(trimmed) else None


def canonical(value: Value) -> str:
    """Give the one spelling of a value, the same for a typed value and for its text in a leaked table.

    Text is NFC and trimmed; numbers lose exponent, sign of zero and trailing zeros; truth values are lower case;
    dates ISO 8601; NULL is empty text.
    """
    if value is None:
        return ""
    if type(value) is int:
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        return _plain(Decimal(value))
    if isinstance(value, date):
        return value.isoformat()[:10]
    text = (value if value.isascii() else unicodedata.normalize("NFC", value)).strip()
    numeric = number(text) if text[:1] in _FIRST else None
    if numeric is not None:
        return _plain(numeric)
    return text.lower() if len(text) in (4, 5) and text.lower() in ("true", "false") else text


def cell_hash(key_names: tuple[str, ...], group: tuple[Value, ...], measure: str) -> bytes:
    """Give SHA-256 over the canonical key values in sorted column order and the measure's canonical name."""
    pairs = sorted(zip(key_names, (canonical(value) for value in group), strict=True))
    keys = framed(*(text.encode() for pair in pairs for text in pair))
    return hashlib.sha256(framed(CELL_TAG, keys, unicodedata.normalize("NFC", measure).encode())).digest()


def cell_hashes(base: Base) -> Words:
    """Give the hashes of all cells, group by group, as an array of cells × 4 words of 64 bits."""
    keys = list(_keys(base))
    heads = {length: framed(CELL_TAG) + length.to_bytes(8, "big") for length in set(map(len, keys))}
    tails = [framed(unicodedata.normalize("NFC", primitive.name).encode()) for primitive in base.primitives]
    digest = hashlib.sha256
    named = [heads[len(key)] + key for key in keys]
    found = b"".join([digest(name + tail).digest() for name in named for tail in tails])
    return np.frombuffer(found, ">u8").astype(np.uint64).reshape(-1, 4)


def ranks(base: Base) -> NDArray[np.int64]:
    """Give for every cell, group by group, the rank of its hash among the distinct hashes of the base.

    Cells that share a hash cannot be told apart in a leak: they carry no mark, their rank is -1.
    """
    hashes = cell_hashes(base)
    order = np.argsort(hashes[:, 0])
    same = np.zeros(len(order), bool)  # as the one before it
    if (hashes[order[1:], 0] == hashes[order[:-1], 0]).any():
        order = np.lexsort(hashes.T[::-1])
        same[1:] = (hashes[order[1:]] == hashes[order[:-1]]).all(axis=1)
    place = np.cumsum(~same) - 1
    shared = same.copy()
    shared[:-1] |= same[1:]
    found = np.empty(len(order), np.int64)
    found[order] = np.where(shared, -1, place)
    return found


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


def _keys(base: Base) -> Iterator[bytes]:
    """The framed names and values of each group's keys, in sorted order of both."""
    if len(set(base.key_names)) < len(base.key_names):
        for group in base.groups:
            pairs = sorted(zip(base.key_names, map(canonical, group), strict=True))
            yield framed(*(text.encode() for pair in pairs for text in pair))
        return
    places = sorted(range(len(base.key_names)), key=lambda place: base.key_names[place])
    pieces = [_pieces(base.key_names[place], list(map(itemgetter(place), base.groups))) for place in places]
    yield from map(b"".join, zip(*pieces, strict=True)) if pieces else (b"" for _ in base.groups)


def _pieces(name: str, column: Sequence[Value]) -> list[bytes]:
    """The framed name and value of one key, for each group."""
    kinds, head = set(map(type, column)), framed(name.encode())
    if len(kinds) > 1 and bool in kinds:  # True and 1 are equal, and spelled differently
        return [head + framed(canonical(value).encode()) for value in column]
    values = set(column)
    texts = [canonical(value).encode() for value in values]
    lengths = {length: head + length.to_bytes(8, "big") for length in set(map(len, texts))}
    spelled = {value: lengths[len(text)] + text for value, text in zip(values, texts, strict=True)}
    return list(map(spelled.__getitem__, column))
