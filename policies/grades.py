"""Grading (R2): which grades may be registered, what a column's role allows, what the negative list says of a name, and
what a column's values are taken for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, model_validator

from policies.document import Document, Rule

Said = Annotated[str, Field(min_length=1)]
Percent = Annotated[int, Field(ge=1, le=100)]
Count = Annotated[int, Field(ge=1)]


class Grade(Rule):
    """`en` says why a grade is refused; `listed` and `exact` as the file explains them."""

    zh: Said
    allowed: bool
    en: Said | None = None
    listed: bool = False
    exact: bool = False

    @model_validator(mode="after")
    def _refused_with_a_reason(self) -> Grade:
        if not self.allowed and self.en is None:
            raise ValueError("a grade that is not allowed says why in `en`")
        return self


class Role(Rule):
    """What the role of a column allows; see the file."""

    zh: Said
    groups: bool
    exact: bool
    personal: bool
    links: bool


class Forbidden(Rule):
    zh: Said
    en: Said
    words: list[Said]


class Limited(Forbidden):
    """Allowed with this grade and, of columns, this role only."""

    grade: Said
    role: Said


class NegativeList(Rule):
    forbidden: Forbidden
    limited: Limited


class Kind(Rule):
    """What a column may hold, how much of it makes it that, and which roles it may then have."""

    zh: Said
    en: Said
    percent: Percent
    least: Count
    roles: list[Said]
    in_public: bool


class Detection(Rule):
    sample: Count
    kinds: dict[str, Kind]
    surnames: Said
    compound_surnames: list[Said]


class ExactService(Rule):
    """On which legal bases data may be served as they are."""

    bases: Annotated[list[Said], Field(min_length=1)]


class GradesFile(Rule):
    """The schema of `grades.yaml`."""

    grades: dict[str, Grade]
    roles: dict[str, Role]
    exact_service: ExactService
    negative_list: NegativeList
    detection: Detection


@dataclass(frozen=True)
class Listed:
    """A word of the negative list found in `where`. `tier`: forbidden, or limited – then `grade` and `role` are what
    the registration must declare."""

    tier: str
    word: str
    where: str
    refusal: str
    grade: str | None = None
    role: str | None = None


class Grades:
    """The rules of one file; raises `PolicyError` when the file is wrong."""

    def __init__(self, document: Document) -> None:
        rules = document.read(GradesFile)
        self.grades, self.roles, self.detection = rules.grades, rules.roles, rules.detection
        self._bases = tuple(rules.exact_service.bases)
        self._forbidden, self._limited = rules.negative_list.forbidden, rules.negative_list.limited
        for tier, listed in (("forbidden", self._forbidden), ("limited", self._limited)):
            if len(set(listed.words)) != len(listed.words):
                raise document.wrong(f"negative_list.{tier}.words", "says something twice")
        if self._limited.grade not in self.allowed:
            raise document.wrong("negative_list.limited.grade", "must be an allowed grade")
        if self._limited.role not in self.roles:
            raise document.wrong("negative_list.limited.role", "must be one of the roles")
        for name, kind in self.detection.kinds.items():
            if unknown := [role for role in kind.roles if role not in self.roles]:
                raise document.wrong(f"detection.kinds.{name}.roles", f"there is no role {unknown[0]}")

    @property
    def allowed(self) -> tuple[str, ...]:
        return tuple(name for name, grade in self.grades.items() if grade.allowed)

    @property
    def listed(self) -> tuple[str, ...]:
        """Grades whose entries stand in the public catalogue."""
        return tuple(name for name, grade in self.grades.items() if grade.allowed and grade.listed)

    def refusal(self, grade: str | None) -> str | None:
        """Give the sentence why data of this grade is refused, or None when it is allowed."""
        write = f"write one of: {', '.join(self.allowed)}"
        if not grade:
            return f"ungraded data are refused; grade them first and {write}"
        known = self.grades.get(grade)
        if known is None:
            return f"there is no such grade; {write}"
        return None if known.allowed else f"grade {grade} ({known.zh}): {known.en}"

    def inexact(self, grade: str, basis: str, personal: bool, roles: Mapping[str, str]) -> str | None:
        """Give the sentence why data may not be served exactly, or None when they may (U6). `basis` is the type of the
        legal basis, `personal` whether there is personal information, `roles` the role of each column by its name."""
        known = self.grades.get(grade)
        if known is None or not (known.allowed and known.exact):
            allowed = [name for name, one in self.grades.items() if one.allowed and one.exact]
            return f"data of grade {grade} are never served exactly, only those of grade {' or '.join(allowed)}"
        if personal:
            return "data with personal information are never served exactly; declare their unit and protect them"
        if basis not in self._bases:
            return (
                f"exact service is for data that were lawfully published or processed, by the legal basis "
                f"{' or '.join(self._bases)}; theirs is {basis}"
            )
        for column, role in roles.items():
            if role not in self.roles or not self.roles[role].exact:
                allowed = [name for name, one in self.roles.items() if one.exact]
                return f"the role of {column}, {role}, is never served exactly, only {' or '.join(allowed)}"
        return None

    def negative(self, names: Iterable[str]) -> list[Listed]:
        """Give what the negative list says of these names or texts, forbidden ones first."""
        spelled = [(name, _spell(name)) for name in names]
        hard, soft = self._forbidden, self._limited
        found = [Listed("forbidden", word, name, f"{name} {hard.en}") for word, name in _found(hard.words, spelled)]
        return found + [
            Listed("limited", word, name, f"{name} {soft.en}", soft.grade, soft.role)
            for word, name in _found(soft.words, spelled)
        ]


def _found(words: Iterable[str], spelled: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Give the words with the names that they stand in."""
    return [
        (word, name)
        for word in words
        for name, text in spelled
        if (f" {word} " in text if word.isascii() else word in name)
    ]


def _spell(name: str) -> str:
    """Lower-case words between single spaces: `StateSecret`, `state_secret` and `state secret` read the same."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return f" {' '.join(re.findall(r'[a-z0-9]+', apart.lower()))} "


RULES = Grades(Document("grades.yaml"))
ALLOWED = RULES.allowed
"""Grades that may be registered."""
ROLES = RULES.roles
"""What the role of a column allows."""
DETECTION = RULES.detection
refusal = RULES.refusal
inexact = RULES.inexact
negative = RULES.negative
