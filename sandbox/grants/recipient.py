"""The recipient's security (接收方安全评估, A7): what a subscriber answers about it, and what the operator finds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policies.recipient import LEVELS, QUESTIONS
from sandbox.core.clock import now, rfc3339
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.grants.documents import attached
from sandbox.grants.records import Subscription
from sandbox.identity.keys import Principal

DOCUMENT = "security_assessment"
LONGEST = 2000


def check_answers(answers: Mapping[str, str]) -> None:
    """Raise field_invalid unless every question is answered, in words, and no other."""
    if unknown := sorted(set(answers) - set(QUESTIONS)):
        raise Problem("field_invalid", f"recipient.{unknown[0]}: this is not asked; answer {', '.join(QUESTIONS)}")
    for name in QUESTIONS:
        if not 1 <= len(answers.get(name, "").strip()) <= LONGEST:
            say = f"answer it in at most {LONGEST} characters; `sandbox commitment` prints the questions"
            raise Problem("field_invalid", f"recipient.{name}: {say}")


def assessment(
    tx: Transaction, principal: Principal, subscription: Subscription, said: Mapping[str, Any]
) -> dict[str, Any]:
    """Give an assessment {level, note, by, at} to be kept. What is found sufficient rests on something: answers, a
    document of kind security_assessment, or a note that names it. Raises field_invalid."""
    level, note = said.get("level"), str(said.get("note", ""))
    if level not in LEVELS:
        raise Problem("field_invalid", f"security.level: write one of {', '.join(LEVELS)}")
    if not note.strip() and level == "insufficient":
        raise Problem("field_invalid", "security.note: say what is insufficient")
    if not (note.strip() or subscription.recipient or attached(tx, subscription.id, DOCUMENT)):
        nothing = f"the user answered no question, and no {DOCUMENT} is attached"
        raise Problem("field_invalid", f"security.note: say what this rests on; {nothing}")
    return {"level": level, "note": note, "by": principal.party.id, "at": rfc3339(now())}
