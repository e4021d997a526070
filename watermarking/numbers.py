"""Numbers and keys as people write them: separators, percent, 万 and 亿, full width, currency, other dates."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from watermarking.cells import NUMBER, canonical, number

GROUPED = re.compile(r"[+-]?\d{1,4}([, '’_]\d{3,4})+(\.\d*)?", re.ASCII)
EUROPEAN = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d{1,60}),\d{1,60}", re.ASCII)
DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?([t ]00:00(:00(\.0+)?)?z?)?", re.ASCII)
TIMES = {"%": -2, "‰": -3, "千": 3, "万": 4, "萬": 4, "百万": 6, "亿": 8, "億": 8, "k": 3, "m": 6}
SUFFIX = re.compile(r"(百万|[%‰千万萬亿億km])?\s*(元|人|次|个|名|件|户|rmb|cny|usd|eur)?")
MONEY = "¥$€£"
SIGNS = str.maketrans({"−": "-", "–": "-", "﹣": "-", "′": "'"})


def reading(text: str) -> Decimal | None:
    """Read a number as people print it, or give None: `1,234`, `１２.5％`, `¥1.2万`, `(3.4)`, `1.234,5`.

    A percentage is read as its share, 1.2万 as 12,000: what the text means, whatever unit its column had."""
    if NUMBER.fullmatch(text):
        return Decimal(text)
    if not text or len(text) > 80:
        return None
    plain = unicodedata.normalize("NFKC", text).translate(SIGNS).strip().lower()
    if plain.startswith("(") and plain.endswith(")"):
        plain = "-" + plain[1:-1]
    sign = "-" if plain.startswith("-") else ""
    plain = plain.lstrip("+-").lstrip(MONEY).strip()
    end = next((i for i in range(len(plain), 0, -1) if plain[i - 1].isdigit() or plain[i - 1] == "."), 0)
    suffix = SUFFIX.fullmatch(plain[end:].strip())
    if suffix is None or not end or (not plain[:1].isdigit() and plain[0] != "."):
        return None
    digits = plain[:end]
    if GROUPED.fullmatch(digits):
        digits = re.sub(r"[, '’_]", "", digits)
    elif EUROPEAN.fullmatch(digits):
        digits = digits.replace(".", "").replace(",", ".")
    found = number(sign + digits)
    return None if found is None else found.scaleb(TIMES.get(suffix[1] or "", 0))


def folded(text: str) -> str:
    """Give the spelling by which keys are compared: width, case, spaces and forms of dates and numbers do not count."""
    plain = canonical(text)
    if plain.isascii() and plain.isalnum():
        return plain.lower()
    plain = " ".join(unicodedata.normalize("NFKC", plain).lower().split())
    if day := DAY.fullmatch(plain):
        return f"{day[1]}-{int(day[2]):02}-{int(day[3]):02}"
    if plain[:1].isdigit() or plain[:1] in "+-.":
        if GROUPED.fullmatch(plain):
            plain = plain.replace(",", "")
        return canonical(plain)
    return plain
