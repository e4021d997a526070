"""Letters (函) of the authorising body to both departments (P3, P5): which ceilings it set, what a yearly review found
and what came of it.

Each is written in the transaction of what it tells, numbered within its year without gaps, and stays as it was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from sandbox.billing.numbering import take
from sandbox.billing.records import Letter
from sandbox.core.canonical import digest
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.identity.records import Party
from sandbox.products.records import Product
from sandbox.transparency.journal import Journal
from sandbox.webhooks.tell import tell

DEPARTMENTS = ("price_authority", "administration")
WRITTEN = "letter.written"
Kind = Literal["ceilings", "review"]


def write(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    kind: Kind,
    operator: str,
    about: str,
    said: Mapping[str, Any],
) -> Letter:
    """Write a letter about a set of ceilings or a review, `said` as the outside sees it, and tell both departments."""
    moment, departments = now(), _departments(tx)
    number = take(tx, f"letters:{moment.year}")
    named = tx.get(Party, operator)
    products = {one.id: one.name for one in tx.find(Product, operator=operator)}
    content = {
        "from": principal.party.name,
        "to": {role: [one.name for one in parties] for role, parties in departments.items()},
        "operator": named.name if named else operator,
        "credit_code": named.credit_code if named else None,
        "products": products,
        "said": dict(said),
    }
    public: dict[str, str | int | None] = {"operator": operator, "year": moment.year, "number": number, "kind": kind}
    entry = journal.write(
        tx, WRITTEN, public=public | {"about": about}, committed={"content": digest(content)}, party=principal.party.id
    )
    made = Letter(
        new_id("letter"), moment.year, number, kind, operator, about, content, principal.party.id, entry.id, moment
    )  # fmt: skip
    tx.add(made)
    told = sorted({one.id for parties in departments.values() for one in parties})
    tell(tx, told, WRITTEN, {"letter": made.id, "kind": kind, "number": name(made)})
    return made


def found(tx: Transaction, principal: Principal, letter_id: str) -> Letter:
    """Give a letter to overseers – both departments among them – and to the operator it is about. Raises not_found."""
    letter = tx.get(Letter, letter_id)
    if letter is None or not seen(principal, letter):
        raise Problem("not_found", "there is no such letter")
    return letter


def seen(principal: Principal, letter: Letter) -> bool:
    """Say whether a principal may read a letter."""
    return principal.oversees or letter.operator == principal.party.id


def name(letter: Letter) -> str:
    """Give the number as it stands on the letter: 〔2026〕3."""
    return f"〔{letter.year}〕{letter.number}"


def view(letter: Letter) -> dict[str, Any]:
    """Give a letter as the outside sees it."""
    return shown(letter, "entry") | {"name": name(letter)}


def _departments(tx: Transaction) -> dict[str, list[Party]]:
    """Who holds the roles; an authorising body only where nobody else does."""
    held = {role: [one for one in tx.find(Party, status="active") if role in one.roles] for role in DEPARTMENTS}
    return {role: [one for one in all_ if "authoriser" not in one.roles] or all_ for role, all_ in held.items()}
