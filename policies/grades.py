"""Which grades may be registered, and what the negative list says of a name (R2)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from policies.document import Document, PolicyError


@dataclass(frozen=True)
class Grade:
    name: str
    zh: str
    allowed: bool
    refusal: str


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
        self.grades = {name: _grade(document, name) for name in document.mapping("grades")}
        self._tiers = [_tier(document, "forbidden"), _tier(document, "limited")]
        limited = self._tiers[1]
        if limited.grade not in self.allowed:
            raise PolicyError(document.file, "negative_list.limited.grade", "must be an allowed grade")

    @property
    def allowed(self) -> tuple[str, ...]:
        return tuple(name for name, grade in self.grades.items() if grade.allowed)

    def refusal(self, grade: str | None) -> str | None:
        """Give the sentence why data of this grade is refused, or None when it is allowed."""
        write = f"write one of: {', '.join(self.allowed)}"
        if not grade:
            return f"ungraded data are refused; grade them first and {write}"
        known = self.grades.get(grade)
        if known is None:
            return f"there is no such grade; {write}"
        return None if known.allowed else f"grade {grade} ({known.zh}): {known.refusal}"

    def negative(self, names: Iterable[str]) -> list[Listed]:
        """Give what the negative list says of these names or texts, forbidden ones first."""
        spelled = [(name, _spell(name)) for name in names]
        return [
            Listed(tier.name, word, name, f"{name} {tier.refusal}", tier.grade, tier.role)
            for tier in self._tiers
            for word in tier.words
            for name, text in spelled
            if (f" {word} " in text if word.isascii() else word in name)
        ]


@dataclass(frozen=True)
class _Tier:
    name: str
    words: tuple[str, ...]
    refusal: str
    grade: str | None
    role: str | None


def _grade(document: Document, name: str) -> Grade:
    field = f"grades.{name}"
    allowed = document.flag(f"{field}.allowed")
    return Grade(name, document.string(f"{field}.zh"), allowed, "" if allowed else document.string(f"{field}.en"))


def _tier(document: Document, name: str) -> _Tier:
    field = f"negative_list.{name}"
    limited = name == "limited"
    return _Tier(
        name,
        document.strings(f"{field}.words"),
        document.string(f"{field}.en"),
        document.string(f"{field}.grade") if limited else None,
        document.string(f"{field}.role") if limited else None,
    )


def _spell(name: str) -> str:
    """Lower-case words between single spaces: `StateSecret`, `state_secret` and `state secret` read the same."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return f" {' '.join(re.findall(r'[a-z0-9]+', apart.lower()))} "


_RULES = Grades(Document("grades.yaml"))
ALLOWED = _RULES.allowed
"""Grades that may be registered."""
refusal = _RULES.refusal
negative = _RULES.negative
