"""What a subscriber is asked about its security, and how an assessment can end (A7)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from policies.document import Document, Rule
from policies.review import Question


class Recipient(Rule):
    """`questions` by name."""

    questions: Annotated[dict[str, Question], Field(min_length=1)]


QUESTIONS = Document("recipient.yaml").read(Recipient).questions
LEVELS = ("sufficient", "insufficient")
