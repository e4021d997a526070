"""Act 1, in web: steps 2–4 of a group of claims in one transaction, so that many askers wait for the disk once.

Each request is decided by itself: a refusal spends nothing and stops no other. What is reserved is spent: a claim
counts against its limits whether or not it comes to an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from policies.alerts import KINDS
from policies.authorise import RUN_JOB
from sandbox.billing.records import SpendingLimit
from sandbox.catalogue.stored import stored_entry
from sandbox.core.canonical import canonical_bytes
from sandbox.core.clock import now
from sandbox.core.commitments import commitment
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.grants import allowances
from sandbox.grants.authorise import Permit, authorise, decided
from sandbox.identity.keys import Principal
from sandbox.identity.tallies import count, recent_of
from sandbox.jobs.house import House
from sandbox.jobs.presence import require_ready
from sandbox.jobs.result import text
from sandbox.metering import charging
from sandbox.persons.pseudonym import Person, checked
from sandbox.persons.records import Consent, PersonRequest
from sandbox.persons.requests import UPHELD
from sandbox.products.specification import OURS
from sandbox.products.verification import guessing
from sandbox.products.verification.permission import Ground, permission, unanswerable
from sandbox.products.verification.records import Verification
from sandbox.products.verification.specification import Specification, read
from sandbox.products.verification.together import Together
from sandbox.transparency.receipt import spelled
from sandbox.web.records import IdempotentReply


class Ticket(Protocol):
    """An Idempotency-Key that is kept with the work; `digest` is of what was sent with it."""

    @property
    def id(self) -> str: ...
    @property
    def digest(self) -> str: ...
    def earlier(self, tx: Transaction) -> Any: ...
    def keep_subject(self, tx: Transaction, subject: str) -> None: ...


@dataclass(frozen=True)
class Asked:
    """One request as it came; `at` is when."""

    principal: Principal
    subscription: str
    subject: str
    claim: str
    value: object
    ground: Ground
    ticket: Ticket
    at: datetime


Reserved = Verification | str | Problem
"""What came of a request: it is reserved, it was before (its id), or it is refused."""


LATE = (Verification, IdempotentReply)


def reserve(house: House, lately: guessing.Lately, desk: str, group: Sequence[Asked]) -> list[Reserved]:
    """Authorise and reserve a group, in order, in one transaction; give what came of each. Raises `Duplicate` when a
    key was taken meanwhile elsewhere: then nothing of the group is kept."""
    with house.store.write() as tx:
        together = Together(tx, LATE)
        done = Group(house, together, lately, desk).reserve(group)
        together.flush()
    return done


class Group:
    """One transaction over requests of one moment."""

    def __init__(self, house: House, tx: Together, lately: guessing.Lately, desk: str) -> None:
        self._house, self._tx, self._lately, self._desk, self._at = house, tx, lately, desk, now()
        self._permits: dict[tuple[str, str], Permit | Problem] = {}
        self._specs: dict[str, Specification] = {}
        self._persons: dict[tuple[str, str], tuple[str, Person]] = {}
        self._steps, self._kept = dict[str, int](), dict[tuple[str, str], str]()
        self._fees: dict[str, tuple[Decimal, int]] = {}

    def reserve(self, group: Sequence[Asked]) -> list[Reserved]:
        try:
            require_ready(self._tx)
        except Problem as problem:
            return [problem for _ in group]
        for asked in sorted(group, key=lambda one: one.subscription):  # locks in one order
            with suppress(Problem):
                self._permit(asked)
        keys = [key for permit in self._permits.values() if isinstance(permit, Permit) for key in self._keys(permit)]
        self._counts = allowances.Counts(self._tx, keys, self._at)
        self._read_ahead(group)
        done = [self._outcome(asked) for asked in group]
        self._counts.write()
        for party, steps in sorted(self._steps.items()):
            count(self._tx, guessing.TALLY, party, self._at, number=steps)
        return done

    def _outcome(self, asked: Asked) -> Reserved:
        same = asked.ticket.id, asked.ticket.digest
        try:
            if same in self._kept:
                return self._kept[same]
            if (earlier := asked.ticket.earlier(self._tx)) is not None:
                return str(earlier.value)
            made = self._one(asked)
        except Problem as problem:
            return problem
        asked.ticket.keep_subject(self._tx, made.id)
        self._kept[same] = made.id
        return made

    def _permit(self, asked: Asked) -> Permit:
        """Step 2, once for all requests of the group under one subscription."""
        key = asked.principal.party.id, asked.subscription
        if key not in self._permits:
            try:
                permit = authorise(self._tx, asked.principal, asked.subscription, self._at, lock=True)
                self._permits[key] = unanswerable(self._house, permit) or permit
            except Problem as problem:
                self._permits[key] = problem
        found = self._permits[key]
        if isinstance(found, Problem):
            raise found
        return found

    def _keys(self, permit: Permit) -> list[str]:
        party, product = permit.subscription.party, permit.product.id
        return [
            allowances.by_user(party, product, self._at),
            allowances.by_product(product, self._at),
            allowances.by_subscription(permit.subscription.id, self._at),
            allowances.by_grant(permit.grant.id),
        ]

    def _one(self, asked: Asked) -> Verification:
        # 2 authorise
        permit = self._permit(asked)
        keys = self._keys(permit)
        self._within(permit, keys)
        # 3 compile – the claim, its value, and who it is about: from the request and the declarations alone
        spec = self._spec(permit)
        claim = spec.claim(asked.claim)
        value = claim.value(asked.value)
        number, person = self._person(asked, spec)
        allowed = permission(self._tx, permit, spec, claim, person, asked.ground, self._at)
        # 4 reserve – limits, money and quota
        self._limit(spec, keys)
        fee, units = self._fee(permit)
        self._counts.take(*keys)
        made_id = new_id("verification")
        asked_for = value if isinstance(value, bool) else text(value)
        question = commitment("question", spelled(number, claim.name, asked_for), self._house.pseudonyms.salt(made_id))
        said = canonical_bytes({"value": asked_for, "question": question, "number": number})
        made = Verification(
            id=made_id,
            party=permit.subscription.party,
            subscription=permit.subscription.id,
            product=permit.product.id,
            grant=permit.grant.id,
            operator=permit.product.operator,
            resource=permit.resource.id,
            version=str(permit.resource.version),
            purpose=permit.subscription.purpose,
            subject=person.subject,
            claim=claim.name,
            asked=self._house.release_sealer.seal(said, f"verification:{made_id}"),
            basis=allowed.basis,
            permitted=allowed.permitted,
            status="queued",
            answer=None,
            fee=fee,
            free=False,
            price=permit.price.id if permit.price else None,
            units=units,
            decision={
                **{name: permit.decision[name] for name in ("policy_id", "policies")},
                "spec": permit.product.spec_digest,
            },
            desk=self._desk,
            entry=None,
            created_at=asked.at,
        )
        self._tx.add(made)
        return made

    def _within(self, permit: Permit, keys: Sequence[str]) -> None:
        """The policies decided for the first request of the group; quota and volume are decided for each."""
        facts: Mapping[str, Any] = permit.decision["facts"]
        before = {"used": self._counts.more(keys[2]), "answered": self._counts.more(keys[3])}
        if any(before[name] and limit in facts for name, limit in (("used", "quota"), ("answered", "volume"))):
            decided(self._tx, RUN_JOB, {**facts, **{name: facts[name] + more for name, more in before.items()}})

    def _fee(self, permit: Permit) -> tuple[Decimal, int]:
        """What the claim may cost: the same for all of a subscription, unless units are counted or spending limited."""
        subscription = permit.subscription
        if subscription.id not in self._fees:
            found = charging.reserve(self._tx, subscription, permit.price, repeat=False, cells=1)
            if found[1] or self._tx.keys(SpendingLimit, party=subscription.party):
                return found
            self._fees[subscription.id] = found
        return self._fees[subscription.id]

    def _person(self, asked: Asked, spec: Specification) -> tuple[str, Person]:
        """Who it is about, by the number's own digits: a wrong one counts as guessing."""
        try:
            number, person = self._read(asked, spec)
        except Problem:
            self._step(asked)
            raise
        if self._lately.follows(asked.principal.party.id, spec.kind, number):
            self._step(asked)
        self._walks(asked.principal.party.id)
        return number, person

    def _read(self, asked: Asked, spec: Specification) -> tuple[str, Person]:
        """The number as it is spelled, and whose it is. Raises field_invalid."""
        key = spec.kind, asked.subject
        if key not in self._persons:
            number, born = checked(*key, "subject")
            self._persons[key] = number, Person(self._house.pseudonyms.of(spec.kind, number), born)
        return self._persons[key]

    def _spec(self, permit: Permit) -> Specification:
        if permit.product.id not in self._specs:
            self._specs[permit.product.id] = specification(permit)
        return self._specs[permit.product.id]

    def _read_ahead(self, group: Sequence[Asked]) -> None:
        """Read for all what each will be decided by: its key, the consents and the objections of its subject."""
        self._tx.ahead(IdempotentReply, "id", [asked.ticket.id for asked in group])
        about: dict[tuple[str, str, str], set[str]] = {}
        for asked in group:
            with suppress(Problem):
                permit = self._permit(asked)
                _, person = self._read(asked, self._spec(permit))
                key = permit.resource.id, permit.subscription.party, permit.subscription.purpose
                about.setdefault(key, set()).add(person.subject)
        for (resource, recipient, purpose), subjects in about.items():
            self._tx.ahead(PersonRequest, "subject", subjects, resource=resource, **UPHELD)
            self._tx.ahead(Consent, "subject", subjects, recipient=recipient, purpose=purpose)
        self._tx.ahead(Consent, "id", [asked.ground.consent for asked in group if asked.ground.consent is not None])

    def _step(self, asked: Asked) -> None:
        party = asked.principal.party.id
        self._steps[party] = self._steps.get(party, 0) + 1

    def _walks(self, party: str) -> None:
        """Raise rate_limited for a walk through numbers."""
        steps = self._steps.get(party, 0)
        if steps and recent_of(self._tx, guessing.TALLY, party, self._at) + steps > KINDS["enumeration"].most:
            raise Problem(
                "rate_limited",
                "the numbers that you ask about follow each other, or have wrong check digits, like a list that is "
                "walked through; ask about those you deal with, or talk to the authorising body",
            )

    def _limit(self, spec: Specification, keys: Sequence[str]) -> None:
        """Raise quota_exhausted beyond a day's limits."""
        for key, most, who in (
            (keys[0], spec.limits.user_per_day, "by one user"),
            (keys[1], spec.limits.product_per_day, "of this product"),
        ):
            if self._counts.taken(key) >= most:
                raise Problem("quota_exhausted", f"{most} claims a day may be asked {who}; ask again tomorrow")


def specification(permit: Permit) -> Specification:
    """Give the product's specification as its kind reads it."""
    own = {name: value for name, value in permit.product.spec.items() if name not in OURS}
    return read(own, stored_entry(permit.resource.entry))
