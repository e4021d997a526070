"""What a reviewer of a product is asked, and what is pointed out to it (A7, U8, I4)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from policies.document import Document, Rule


class Question(Rule):
    """What is asked, in both languages."""

    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]


class Review(Rule):
    """`checklist`: the questions by name. `very_large`: persons from which on a group counts so."""

    checklist: Annotated[dict[str, Question], Field(min_length=1)]
    very_large: Annotated[int, Field(ge=1)]


RULES = Document("review.yaml").read(Review)
