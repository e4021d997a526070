"""The policies that decide, as versions that an authority reads, proposes, tries and puts in force. Every version stays
on record; each change is a leaf of the log. Without one, the text that ships with the programme is in force."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.authorise import RULES, RUN_JOB, SHIPPED, STRICTER, Rules, stricter, version, with_law
from policies.document import PolicyError
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import STATUS, Problem
from sandbox.grants.records import PolicyVersion, Refusal
from sandbox.identity.keys import Principal
from sandbox.jobs.records import Job
from sandbox.transparency.journal import Journal

LONGEST = 100_000
REPLAYED = 1000
"""Most past requests of each kind – allowed, refused – that a trial goes through, newest first."""


def in_force(tx: Transaction) -> Rules:
    """Give the rules that decide now: a version that an authority put in force, with what has become law since."""
    active = tx.find(PolicyVersion, status="active", limit=1)
    return version(with_law(active[0].text)) if active else RULES


def checked(text: str, file: str = "text") -> Rules:
    """Read a text of policies, which an error calls `file`. Raises field_invalid: it is no Cedar, does not fit the
    facts, lacks an annotation, names no code of a problem, or leaves out what the law demands."""
    if len(text) > LONGEST:
        raise Problem("field_invalid", f"{file}: write at most {LONGEST} characters of policies")
    try:
        rules = version(text, file)
    except PolicyError as error:
        raise Problem("field_invalid", str(error)) from None
    for name in rules.ids:
        code = name.partition(".")[0]
        if code != "allowed" and not 400 <= STATUS.get(code, 0) < 500:
            raise Problem("field_invalid", f"{file}: {name}: an @id begins with `allowed` or the code of a problem")
    return rules


def propose(tx: Transaction, journal: Journal, principal: Principal, text: str, note: str) -> PolicyVersion:
    """Put a new version on record; it decides nothing yet. Raises role_not_allowed, field_invalid."""
    principal.may("policy.propose")
    checked(text)
    newest = tx.find(PolicyVersion, order=["-number"], limit=1)
    made = PolicyVersion(
        id=new_id("policies"),
        number=newest[0].number + 1 if newest else 1,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        text=text,
        note=note,
        status="proposed",
        by=principal.party.id,
        created_at=now(),
        activated_by=None,
        activated_at=None,
    )
    tx.add(made)
    _log(tx, journal, "policies.proposed", made, principal)
    return made


def activate(tx: Transaction, journal: Journal, principal: Principal, version_id: str) -> PolicyVersion:
    """Put a version in force, for every process from its next decision on; an earlier one, too: that is the way back.

    Raises role_not_allowed, not_found, state_conflict (it is in force), field_invalid (it no longer fits the facts)."""
    principal.may("policy.activate")
    found(tx, version_id)
    tx.get(PolicyVersion, tx.keys(PolicyVersion, number=1)[0], lock=True)  # one activation at a time: one is in force
    made = tx.get(PolicyVersion, version_id, lock=True)
    assert made is not None, "versions are never deleted"
    if made.status == "active":
        raise Problem("state_conflict", "this version is in force already")
    checked(made.text)
    for active in tx.find(PolicyVersion, status="active"):
        tx.change(active, status="retired")
    changed = tx.change(made, status="active", activated_by=principal.party.id, activated_at=now())
    _log(tx, journal, "policies.activated", changed, principal)
    return changed


def found(tx: Transaction, version_id: str) -> PolicyVersion:
    """Give a version. Raises not_found."""
    made = tx.get(PolicyVersion, version_id)
    if made is None:
        raise Problem("not_found", "there is no such version of the policies")
    return made


def now_deciding(tx: Transaction) -> dict[str, Any]:
    """Give the text in force, with its digest, the policies by id, and which of them are law."""
    active = tx.find(PolicyVersion, status="active", limit=1)
    text = with_law(active[0].text) if active else SHIPPED
    rules = version(text) if active else RULES
    return {
        "version": active[0].id if active else None,
        "digest": rules.digest,
        "policies": list(rules.ids),
        "law": list(rules.laws),
        "text": text,
        "strict": is_strict(tx),
        "stricter": stricter(text),
    }


def is_strict(tx: Transaction) -> bool:
    """Say whether documents, the whole checklist, the proof of free use and the security of recipients are conditions,
    where the shipped policies only warn."""
    return set(in_force(tx).ids) >= STRICTER


def view(made: PolicyVersion) -> dict[str, Any]:
    """Give a version as the outside sees it, without its text."""
    return shown(made, "text")


@dataclass(frozen=True)
class _Past:
    """A request of the past; `policy` decided it."""

    id: str
    action: str
    facts: Mapping[str, Any]
    policy: str
    at: str


def trial(tx: Transaction, text: str) -> dict[str, Any]:
    """Try a text against past requests, on the facts they were decided on: how many would be decided otherwise, and
    which. Nothing changes. Raises field_invalid."""
    rules = checked(text)
    tried, unclear, changes = 0, 0, []
    by = Counter[str]()
    for past in _past(tx):
        try:
            decision = rules.decide(past.facts, past.action)
        except PolicyError:  # decided before a fact that policies may ask for today was recorded
            unclear += 1
            continue
        tried += 1
        if decision.allowed != past.policy.startswith("allowed.") or (
            not decision.allowed and decision.policy_id != past.policy
        ):
            by[decision.policy_id] += 1
            changes.append({"request": past.id, "at": past.at, "was": past.policy, "would_be": decision.policy_id})
    return {"tried": tried, "unclear": unclear, "changed": len(changes), "by_policy": dict(by), "changes": changes}


def _past(tx: Transaction) -> Iterator[_Past]:
    for job in tx.find(Job, order=["-id"], limit=REPLAYED):
        if "facts" in job.decision:
            said = job.decision
            yield _Past(job.id, RUN_JOB, said["facts"], said["policy_id"], job.created_at.isoformat())
    for row in tx.find(Refusal, order=["-id"], limit=REPLAYED):
        yield _Past(row.id, row.action, row.facts, row.policy, row.created_at.isoformat())


def _log(tx: Transaction, journal: Journal, kind: str, made: PolicyVersion, principal: Principal) -> None:
    public: dict[str, str | int | None] = {
        "policies": made.id,
        "number": made.number,
        "digest": made.digest,
        "status": made.status,
        "by": principal.party.id,
    }
    journal.write(tx, kind, public=public, committed={"note": made.note}, party=principal.party.id)
