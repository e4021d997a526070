"""What may be registered at all (R2): the grade, and the negative list on every name and text of a registration."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from policies import grades
from sandbox.errors import Problem

if TYPE_CHECKING:
    from sandbox.catalogue.entry import Entry


def check_grade(grade: object) -> None:
    """Raise `Problem` (grade_refused) for core, secret, unknown or missing grades."""
    if reason := grades.refusal(grade if isinstance(grade, str) else None):
        raise Problem("grade_refused", f"The registration is refused: {reason}.", field="grade")


def check_negative(entry: Entry) -> None:
    """Raise `Problem` (grade_refused) when a name or text is on the negative list and not declared as it demands."""
    texts = [entry.name, entry.title.zh, entry.title.en, entry.legal_basis.purpose, *(t.name for t in entry.tables)]
    for listed in grades.negative(texts):
        if listed.tier == "forbidden" or entry.grade != listed.grade:
            raise Problem("grade_refused", f"The registration is refused: {listed.refusal}.")
    for table in entry.tables:
        for column in table.columns:
            for listed in grades.negative([column.name, column.description or ""]):
                if listed.tier == "forbidden" or (entry.grade, column.role) != (listed.grade, listed.role):
                    raise Problem("grade_refused", f"The registration is refused: {listed.refusal}.")


def check_product(name: str, grades_read: Iterable[str]) -> None:
    """Raise `Problem` (grade_refused) when a product's name is on the negative list; what is strictly limited may be
    made from resources of the grade that it demands."""
    for listed in grades.negative([name]):
        if listed.tier == "forbidden" or any(grade != listed.grade for grade in grades_read):
            raise Problem("grade_refused", f"The product is refused: {listed.refusal}.", field="name")
