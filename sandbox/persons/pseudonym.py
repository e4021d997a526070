"""Who a person is to this instance: a keyed pseudonym, and how old. The number itself is never stored."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from sandbox.errors import Problem

KINDS = ("cn_id", "passport", "other")
"""公民身份号码, which says the day of birth; a passport's number; any other identifier."""


@dataclass(frozen=True)
class Person:
    """A person by its pseudonym, and the day it was born: known while a request is answered, and not kept."""

    subject: str
    born: date

    def age(self, today: date) -> int:
        """Give the age in whole years; born on 29 February, one is a year older on 1 March."""
        return today.year - self.born.year - ((today.month, today.day) < (self.born.month, self.born.day))


class Pseudonyms:
    """HMAC-SHA-256 under a key of the instance: without it nobody can try numbers, with it everybody's can be tried.
    The same identifier gives the same pseudonym for ever, here and nowhere else."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, kind: str, number: str) -> str:
        """Give the pseudonym of an identifier, in hexadecimal; spaces, hyphens and case do not count."""
        spelled = "".join(sign for sign in number.upper() if sign.isalnum())
        return hmac.new(self._key, f"{kind}\n{spelled}".encode(), hashlib.sha256).hexdigest()

    def read(self, said: Mapping[str, Any], field: str = "person") -> Person:
        """Read {kind, number, born?} as a person. The day of birth is the identity number's, else it must be said.

        Raises field_invalid, which never repeats the number."""
        kind, number, born = said.get("kind"), str(said.get("number", "")), said.get("born")
        if kind not in KINDS:
            raise Problem("field_invalid", f"{field}.kind: write one of {', '.join(KINDS)}")
        if kind == "cn_id":
            try:
                number = ric.validate(number)
                known: date = ric.get_birth_date(number)
            except ValidationError:
                raise Problem("field_invalid", f"{field}.number: this is no identity number; check it") from None
            if born is not None and born != known:
                raise Problem("field_invalid", f"{field}.born: the identity number says another day; leave it out")
            return Person(self.of(kind, number), known)
        if not 4 <= sum(sign.isalnum() for sign in number) <= 64:
            raise Problem("field_invalid", f"{field}.number: write 4 to 64 letters and digits")
        if not isinstance(born, date):
            raise Problem("field_invalid", f"{field}.born: write the day of birth; this kind of number does not say it")
        return Person(self.of(kind, number), born)
