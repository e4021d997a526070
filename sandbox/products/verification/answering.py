"""Act 2, in the vault: steps 5–9 of all claims that wait, at once.

Nothing is given back and nothing is drawn, so one transaction suffices: answer, leaf, usage event, the line that the
person reads and what its account was charged exist together, or none does and the claims wait on. Whoever is second
finds them answered (compare-and-set on `status`), and has written nothing."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.billing.records import Price
from sandbox.catalogue.declared import constant
from sandbox.catalogue.entry import Entry
from sandbox.catalogue.ingest.units import unit_name
from sandbox.catalogue.records import DataVersion, Resource
from sandbox.catalogue.stored import stored_entry
from sandbox.core.canonical import canonical_bytes
from sandbox.core.clock import now
from sandbox.core.store import Transaction
from sandbox.engines.base import EngineFailed, OpenVersion
from sandbox.errors import Problem
from sandbox.grants.allowances import Accounts, about
from sandbox.grants.authorise import recheck
from sandbox.jobs.house import House
from sandbox.metering.charging import charge
from sandbox.metering.records import UsageEvent
from sandbox.persons.inquiries import asked as inquired
from sandbox.persons.records import Inquiry
from sandbox.products.records import Product
from sandbox.products.specification import OURS
from sandbox.products.verification.claims import NOT_AVAILABLE
from sandbox.products.verification.records import Verification
from sandbox.products.verification.register import Register, opened
from sandbox.products.verification.specification import Specification, read
from sandbox.products.verification.together import Together
from sandbox.transparency.records import LogEntry, Opening

AT_ONCE = 256
LATE = (LogEntry, Opening, Inquiry, UsageEvent)
"""What a claim adds: of each kind all of a group in one statement."""
REGISTERS = 8
PATIENCE = timedelta(seconds=60)
"""A claim that waited longer fails: what kills its worker each time must end. It costs no money."""


@dataclass(frozen=True)
class Over:
    """What the claims of one product on one data version are answered from."""

    spec: Specification
    entry: Entry
    population: str
    version: DataVersion


Key = tuple[str, str, str]
Overs = dict[Key, Over | None]


@dataclass
class Found:
    """What came of the claims that waited; `asked`: what the questions say."""

    asked: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    failed: list[Verification] = field(default_factory=list)
    void: list[tuple[Verification, str]] = field(default_factory=list)


class Verifier:
    """Answers claims; keeps the registers of the last products asked."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._registers: OrderedDict[tuple[str, str, tuple[str, ...]], Register] = OrderedDict()

    def warm(self) -> None:
        """Open the registers of products on offer, so that the first claim need not wait for them."""
        with self._house.store.read() as tx:
            offered = tx.find(Product, kind="verification", status="approved", order=["-id"], limit=REGISTERS)
            found = [over for product in offered if (over := _offered(tx, product)) is not None]
        for over in found:
            with suppress(EngineFailed):
                self._register(over)

    def step(self) -> int:
        """Answer what waits, at most one group; give how many claims that was. Raises `Stale` when another worker was
        faster with one of them: nothing was written."""
        moment = now()
        with self._house.store.read() as tx:
            waiting = tx.find(Verification, status="queued", limit=AT_ONCE)
            if not waiting:
                return 0
            over = {key: _over(tx, one) for key, one in {_key(one): one for one in waiting}.items()}
            found = Found(void=_stopped(tx, waiting, moment))
        # 5 execute, 6 release – the approved answer is all that is made of what the record holds
        void = {one.id for one, _ in found.void}
        for key, about_it in over.items():
            self._look_up([one for one in waiting if _key(one) == key and one.id not in void], about_it, found)
        # 7 fingerprint – an answer of one word carries no mark: what traces it is its leaf
        with self._house.store.write(durable=False) as tx:  # nobody sees it before the scribe has sealed it, durably
            together = Together(tx, LATE)
            self._write(together, waiting, over, found, moment)
            together.flush()
        for desk in sorted({one.desk for one in (*found.failed, *(one for one, _ in found.void))}):
            self._house.doorbell.ring(desk)
        self._house.doorbell.ring("scribe")
        return len(waiting)

    def _look_up(self, claims: Sequence[Verification], over: Over | None, found: Found) -> None:
        """Give each claim its answer. The same work for every subject, permitted, known or not."""
        late = [one for one in claims if one.created_at < now() - PATIENCE]
        if over is None or late:
            found.failed += claims if over is None else late
            claims = [] if over is None else [one for one in claims if one not in late]
        if not claims or over is None:
            return
        try:
            register = self._register(over)
        except EngineFailed:
            found.failed += claims
            return
        assert self._house.vault is not None
        key, asked = self._house.vault.row_order, [self._asked(one) for one in claims]
        found.asked |= {one.id: said for one, said in zip(claims, asked, strict=True)}
        places = register.places([unit_name(said["number"], key) for said in asked])
        for one, said, place in zip(claims, asked, places, strict=True):
            claim, raw = over.spec.claims[one.claim], said["value"]
            value = None if raw is None else constant(claim.type, raw)
            answer = claim.answer(register.held(claim.column, place), value)
            found.answers[one.id] = answer if one.permitted else NOT_AVAILABLE

    def _register(self, over: Over) -> Register:
        key = over.version.id, over.spec.table, over.spec.columns
        if key not in self._registers:
            house = self._house
            assert house.vault is not None
            opening = house.vault.sealer.open(over.version.wrapped_key, f"version:{over.version.id}")
            path = house.settings.data_folder / over.version.file
            version = OpenVersion(over.version.id, path, opening)
            self._registers[key] = opened(house.vault.engine, version, over.spec, over.entry)
            if len(self._registers) > REGISTERS:
                self._registers.popitem(last=False)
        self._registers.move_to_end(key)
        return self._registers[key]

    def _asked(self, one: Verification) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self._house.release_sealer.open(one.asked, f"verification:{one.id}"))
        return said

    def _write(
        self,
        tx: Transaction,
        waiting: Sequence[Verification],
        over: Overs,
        found: Found,
        moment: datetime,
    ) -> None:
        answered = [one for one in waiting if one.id in found.answers]
        for status, claims in (
            ("sealing", answered),
            ("failed", found.failed),
            ("void", [one for one, _ in found.void]),
        ):
            if claims:
                tx.change_each(claims, "status", [status] * len(claims))
        self._within_accounts(tx, answered, over, found, moment)
        entries, fees, prices = [], [], {one.price: tx.get(Price, one.price) for one in answered if one.price}
        for one in answered:
            # 8 record
            spec = over[_key(one)]
            assert spec is not None
            entries.append(self._record(tx, one, found, spec.spec))
            inquired(tx, one.subject, one.party, one.product, one.purpose, one.basis, moment)
            # 9 meter
            fees.append(charge(tx, one, prices.get(one.price or ""), 1).fee)
        if answered:
            tx.change_each(answered, "entry", entries)
            tx.change_each(answered, "fee", fees)
            tx.change_each(answered, "asked", [self._without_number(one, found) for one in answered])
            tx.change_each(answered, "answer", [self._sealed(one, found.answers[one.id], over) for one in answered])
        for one in found.failed:
            self._note(tx, "verification.failed", one, {})
        for one, code in found.void:
            self._note(tx, "verification.voided", one, {"code": code})

    def _without_number(self, one: Verification, found: Found) -> bytes:
        """What is kept of a question that was answered."""
        said = {name: value for name, value in found.asked[one.id].items() if name != "number"}
        return self._house.release_sealer.seal(canonical_bytes(said), f"verification:{one.id}")

    def _within_accounts(
        self,
        tx: Transaction,
        answered: Sequence[Verification],
        over: Overs,
        found: Found,
        moment: datetime,
    ) -> None:
        """Charge each subject's own account, known or not; beyond its limit nothing is told any more, and nobody
        learns that it is for this: others' questions would show. Where nothing may be told the account is read and
        written, too, and stays as it was."""
        keys = {one.id: about(spec.population, one.subject, moment) for one in answered if (spec := over[_key(one)])}
        counts = Accounts(tx, keys.values(), moment)
        for one in answered:
            spec = over[_key(one)]
            if not one.permitted or spec is None:
                continue
            if counts.taken(keys[one.id]) >= spec.spec.limits.subject_per_month:
                found.answers[one.id] = NOT_AVAILABLE
            else:
                counts.take(keys[one.id])
        counts.write()

    def _record(self, tx: Transaction, one: Verification, found: Found, spec: Specification) -> str:
        """The leaf shows what decided, and commits to the rest. It is as long for every answer of a claim."""
        answer = found.answers[one.id]
        consent = one.basis == "consent" or one.basis.startswith("consent_")
        said = {
            "verification": one.id,
            "party": one.party,
            "product": one.product,
            "claim": one.claim,
            "answer": answer,
            "basis": "consent" if consent else one.basis,
            "question": found.asked[one.id]["question"],
            "pad": " " * (spec.claims[one.claim].width - len(answer.encode())),
        }
        entry = self._house.journal.write(
            tx,
            "verification.answered",
            public={name: str(one.decision.get(name, "")) for name in ("policy_id", "policies")},
            committed={"verification": canonical_bytes(said)},
            job=one.id,
            party=one.party,
            resource=one.resource,
            product=one.product,
        )
        return entry.id

    def _note(self, tx: Transaction, kind: str, one: Verification, public: dict[str, str]) -> None:
        self._house.journal.write(
            tx, kind, public={**public}, committed={"verification": one.id, "party": one.party},
            job=one.id, party=one.party, resource=one.resource, product=one.product,
        )  # fmt: skip

    def _sealed(self, one: Verification, answer: str, over: Overs) -> bytes:
        spec = over[_key(one)]
        assert spec is not None
        padded = answer.encode().ljust(spec.spec.claims[one.claim].width)
        return self._house.release_sealer.seal(padded, f"answer:{one.id}")


def _key(one: Verification) -> Key:
    return one.product, one.version, one.decision["spec"]


def _offered(tx: Transaction, product: Product) -> Over | None:
    """What claims of a product on offer are answered from now."""
    resource = tx.get(Resource, product.resources[0])
    version = tx.get(DataVersion, resource.version) if resource is not None and resource.version else None
    return _answered_from(product, resource, version) if resource is not None and version is not None else None


def _over(tx: Transaction, one: Verification) -> Over | None:
    product, version = tx.get(Product, one.product), tx.get(DataVersion, one.version)
    resource = tx.get(Resource, one.resource)
    assert product is not None and resource is not None, "neither is ever deleted"
    if version is None or version.resource != resource.id or product.spec_digest != one.decision["spec"]:
        return None  # what is not the specification that was reviewed is never answered from
    return _answered_from(product, resource, version)


def _answered_from(product: Product, resource: Resource, version: DataVersion) -> Over:
    entry = stored_entry(resource.entry)
    own = {name: value for name, value in product.spec.items() if name not in OURS}
    return Over(read(own, entry), entry, resource.population, version)


def _stopped(tx: Transaction, waiting: Iterable[Verification], moment: datetime) -> list[tuple[Verification, str]]:
    """The claims that may not be answered any more, with the code of why."""
    decided: dict[tuple[str, ...], str | None] = {}
    found = []
    for one in waiting:
        key = (one.subscription, one.grant, one.product, one.party, one.resource, one.operator)
        if key not in decided:
            try:
                recheck(tx, one, moment)
                decided[key] = None
            except Problem as problem:
                decided[key] = problem.code
        if (code := decided[key]) is not None:
            found.append((one, code))
    return found
