"""Who a person is to this instance: a keyed pseudonym, and how old. The number itself is never stored."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

from sandbox.errors import Problem

KINDS = ("cn_id", "cn_uscc", "passport", "other")
"""公民身份号码, which says the day of birth; 统一社会信用代码 of a firm; a passport's number; any other identifier."""


@dataclass(frozen=True)
class Person:
    """A person by its pseudonym, and the day it was born, None of a firm: known while a request is answered, and not
    kept."""

    subject: str
    born: date | None

    def under(self, years: int, today: date) -> bool:
        """Say whether it is younger than so many years; born on 29 February, one is a year older on 1 March."""
        return self.born is not None and age(self.born, today) < years


class Pseudonyms:
    """HMAC-SHA-256 under a key of the instance: without it nobody can try numbers, with it everybody's can be tried.
    The same identifier gives the same pseudonym for ever, here and nowhere else."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, kind: str, number: str) -> str:
        """Give the pseudonym of an identifier, in hexadecimal; spaces, hyphens and case do not count."""
        spelled = "".join(sign for sign in number.upper() if sign.isalnum())
        return hmac.new(self._key, f"{kind}\n{spelled}".encode(), hashlib.sha256).hexdigest()

    def salt(self, name: str) -> bytes:
        """Give 32 bytes for `name` that only the key makes again."""
        return hmac.new(self._key, f"salt\n{name}".encode(), hashlib.sha256).digest()

    def read(self, said: Mapping[str, Any], field: str = "person") -> Person:
        """Read {kind, number, born?} as a person. The day of birth is the identity number's, else it must be said.

        Raises field_invalid, which never repeats the number."""
        kind, born = str(said.get("kind")), said.get("born")
        number, known = checked(kind, str(said.get("number", "")), field)
        if kind in ("cn_id", "cn_uscc"):
            if born is not None and born != known:
                raise Problem("field_invalid", f"{field}.born: the number says another day, or none; leave it out")
            return Person(self.of(kind, number), known)
        if not isinstance(born, date):
            raise Problem("field_invalid", f"{field}.born: write the day of birth; this kind of number does not say it")
        return Person(self.of(kind, number), born)


def age(born: date, today: date) -> int:
    """Give the age in whole years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def checked(kind: str, number: str, field: str) -> tuple[str, date | None]:
    """Check a number by its own digits, without looking anybody up: give it as it is spelled, and the day of birth that
    it says. Raises field_invalid, which never repeats the number."""
    if kind not in KINDS:
        raise Problem("field_invalid", f"{field}.kind: write one of {', '.join(KINDS)}")
    try:
        if kind == "cn_id":
            number = ric.validate(number)
            return number, ric.get_birth_date(number)
        if kind == "cn_uscc":
            return uscc.validate(number), None
    except ValidationError:
        what = "identity number" if kind == "cn_id" else "unified social credit code"
        raise Problem("field_invalid", f"{field}.number: this is no {what}; check it") from None
    if not 4 <= sum(sign.isalnum() for sign in number) <= 64:
        raise Problem("field_invalid", f"{field}.number: write 4 to 64 letters and digits")
    return number, None
