"""Purposes of use: which exist, which are free (P1), what a user commits to (A6), and declares of free use (A7)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from policies.document import Document


@dataclass(frozen=True)
class Purpose:
    name: str
    zh: str
    en: str
    free: bool


def read(document: Document) -> dict[str, Purpose]:
    """Give the purposes of a rule file by name; raises `PolicyError`."""
    at = "purposes"
    return {
        name: Purpose(
            name,
            document.string(f"{at}.{name}.zh"),
            document.string(f"{at}.{name}.en"),
            document.flag(f"{at}.{name}.free"),
        )
        for name in document.mapping(at)
    }


_DOCUMENT = Document("purposes.yaml")
PURPOSES = read(_DOCUMENT)
FREE = frozenset(name for name, purpose in PURPOSES.items() if purpose.free)
COMMITMENT = {language: _DOCUMENT.string(f"commitment.{language}") for language in ("en", "zh")}
DECLARATION = {language: _DOCUMENT.string(f"declaration.{language}") for language in ("en", "zh")}
COMMITMENT_DIGEST = hashlib.sha256("\n".join(COMMITMENT.values()).encode()).hexdigest()
"""What an acceptance names, so that it stays clear which wording was accepted."""
DECLARATION_DIGEST = hashlib.sha256("\n".join((*COMMITMENT.values(), *DECLARATION.values())).encode()).hexdigest()
"""The same for free use: commitment and declaration."""
