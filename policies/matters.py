"""Within how many days feedback, objections and demands are answered (R4)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from policies.document import Document, Rule


class Kind(Rule):
    zh: Annotated[str, Field(min_length=1)]
    days: Annotated[int, Field(ge=1, le=366)]


class Kinds(Rule):
    feedback: Kind
    objection: Kind
    demand: Kind


class MattersFile(Rule):
    """The schema of `matters.yaml`."""

    matters: Kinds


def read(document: Document) -> dict[str, Kind]:
    """Give the kinds by name; raises `PolicyError`."""
    rules = document.read(MattersFile).matters
    return {name: getattr(rules, name) for name in Kinds.model_fields}


KINDS = read(Document("matters.yaml"))
