"""What expressions of texts mean. None of their arguments is NULL here."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from string import ascii_lowercase, ascii_uppercase

from sandbox.plan import scalar as s
from sandbox.plan.of_numbers import from_whole, rounded, whole

LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
UPPER = str.maketrans(ascii_lowercase, ascii_uppercase)
_DATE = re.compile(r" *([0-9]{4}-[0-9]{2}-[0-9]{2}) *")


def made(node: s.Text, text: str) -> str:
    """Give the text that is made of `text`."""
    match node.what:
        case "lower":
            return text.translate(LOWER)
        case "upper":
            return text.translate(UPPER)
        case "trim":
            return text.strip(" ")
        case "ltrim":
            return text.lstrip(" ")
        case "rtrim":
            return text.rstrip(" ")
        case "reverse":
            return text[::-1]
        case "slice":
            first = node.start - 1 if node.start > 0 else node.start
            return text[first:] if node.length is None else text[first : first + node.length]


def like(text: str, pattern: str) -> bool:
    """Match with % and _, in time of at most text × pattern: only the last % is ever tried again."""
    at = place = again = 0
    last = -1
    while at < len(text):
        if place < len(pattern) and pattern[place] == "%":
            last, again, place = place, at, place + 1
        elif place < len(pattern) and pattern[place] in ("_", text[at]):
            at, place = at + 1, place + 1
        elif last >= 0:
            again += 1
            at, place = again, last + 1
        else:
            return False
    return not pattern[place:].strip("%")


def padded(node: s.Pad, text: str) -> str:
    """Give exactly `length` characters."""
    missing = max(node.length - len(text), 0)
    fill = (node.fill * (missing // len(node.fill) + 1))[:missing]
    return fill + text[: node.length] if node.side == "left" else text[: node.length] + fill


def split(node: s.Split, text: str) -> str:
    """Give one part, or the empty text."""
    parts = text.split(node.separator)
    place = node.place - 1 if node.place > 0 else len(parts) + node.place
    return parts[place] if 0 <= place < len(parts) else ""


def spelled(kind: s.Type, value: s.Value) -> str:
    """Give the one spelling of a number, truth value or date."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        return f"{from_whole(whole(value, kind.scale), kind.scale):f}" if kind.scale else str(int(value))
    return value.isoformat() if isinstance(value, date) else str(value)


def number(node: s.ToNumber, text: str) -> int | Decimal | None:
    """Give the number that a text spells, or None."""
    found = re.fullmatch(rf" *([+-]?[0-9]{{1,{node.digits}}}(?:\.[0-9]*)?) *", text)
    if found is None:
        return None
    exact = rounded(Decimal(found[1]), node.type.scale, "nearest")
    return int(exact) if node.type == s.INTEGER else exact


def day(text: str) -> date | None:
    """Give the date that a text spells, or None."""
    found = _DATE.fullmatch(text)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None
