"""Predictions of a user's own copy: uses of what was released to it already, so they cost no privacy.

They are metered, rate-limited and marked by record. Records come, are predicted and are gone: nothing of them is
stored, and what is said about a wrong one names its place, not its value. Runs in web, which opens copies for users."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from threading import Lock
from typing import TYPE_CHECKING, Any

from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.grants.authorise import Permit, authorise, recheck
from sandbox.identity.keys import Principal
from sandbox.identity.tallies import count
from sandbox.jobs.house import House
from sandbox.jobs.records import Job
from sandbox.jobs.telling import kept_of
from sandbox.metering import charging
from sandbox.metering.records import UsageEvent
from sandbox.persons.consent import holds
from sandbox.persons.records import Consent
from sandbox.plan.codec import from_json
from sandbox.plan.fitted import PARTS, Feature, Model, Slots
from sandbox.plan.plan import Plan
from sandbox.plan.scalar import Value

if TYPE_CHECKING:  # arrays are loaded with the first prediction
    from sandbox.modelling.matrix import Reals, Whole
    from sandbox.modelling.solve import Parameters

MOST = 1_000
"""Records of one call."""
DIGITS = 6
KEPT = 32
"""Copies that a process keeps ready."""
TALLY = "predictions"


@dataclass(frozen=True)
class Call:
    """A call as it is authorised and billed, in a job's place."""

    id: str
    party: str
    subscription: str
    product: str
    grant: str
    operator: str
    resource: str
    purpose: str
    status: str = "done"
    free: bool = False


@dataclass(frozen=True)
class Ready:
    """A copy that predicts: the model, by how much each slot moves a prediction, and the model that may leave, which is
    marked: with its own parameters `parts` or, of older plans, in its sums."""

    fit: Parameters
    offsets: Reals | None
    marked: Parameters
    parts: tuple[Reals, ...] | None


class Copies:
    """The copies that were used last, by their jobs. Thread-safe."""

    def __init__(self) -> None:
        self._lock, self._kept = Lock(), OrderedDict[str, Ready]()

    def of(self, house: House, tx: Transaction, job: Job) -> Ready:
        """Give the copy of a finished job."""
        with self._lock:
            found = self._kept.get(job.id)
            if found is not None:
                self._kept.move_to_end(job.id)
                return found
        made = _ready(job, kept_of(house, tx, job) or {})
        with self._lock:
            self._kept[job.id] = made
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made


COPIES = Copies()


@dataclass(frozen=True)
class Made:
    """What came of a call: its id, the job whose copy predicted, a prediction for each record, the fee."""

    id: str
    copy: str
    predictions: list[dict[str, Any]]
    fee: Decimal


def predict(
    house: House,
    principal: Principal,
    subscription: str,
    rows: Sequence[Mapping[str, Any]],
    consent: str | None,
    keep: Callable[[Transaction, str], None],
) -> Made:
    """Authorise, predict and bill a call – rate, limits, leaf and usage event – in one transaction, so that what is
    refused is not billed. Raises not_found, state_conflict (no copy was taken yet), field_invalid (with the place of a
    record, never its value), rate_limited, consent_missing, spending_limit_reached and what policies refuse."""
    moment, call_id, most = now(), new_id("prediction"), house.settings.predictions_in_ten_minutes
    with house.store.write() as tx:
        permit, job, predictions = _by_copy(house, tx, principal, subscription, rows, moment, lock=True)
        given = _consent(tx, permit, consent, moment) if consent is not None else None
        if count(tx, TALLY, subscription, moment, number=len(rows)) > most:
            say = f"at most {most} records are predicted under a subscription in ten minutes; send the rest later"
            raise Problem("rate_limited", say)
        held = permit.subscription
        call = Call(
            call_id, held.party, held.id, permit.product.id, permit.grant.id, permit.product.operator,
            permit.resource.id, held.purpose,
        )  # fmt: skip
        charging.reserve(tx, held, permit.price, repeat=False, cells=len(rows))
        event = charging.charge(tx, call, permit.price, len(rows))
        house.journal.write(
            tx,
            "prediction.made",
            public={"policy": str(permit.decision.get("policy_id", ""))},
            committed={"party": held.party, "product": permit.product.id, "copy": job.id, "rows": str(len(rows))}
            | ({"consent": given.id} if given else {}),
            party=held.party,
            resource=permit.resource.id,
            product=permit.product.id,
        )
        keep(tx, call_id)
    house.doorbell.ring("scribe")
    return Made(call_id, job.id, predictions, event.fee)


def again(
    house: House, principal: Principal, subscription: str, rows: Sequence[Mapping[str, Any]], call_id: str
) -> Made:
    """Give the same once more for a call that was billed before. Raises what `predict` does, but for bills."""
    with house.store.read() as tx:
        _, job, predictions = _by_copy(house, tx, principal, subscription, rows, now(), lock=False)
        [event] = tx.find(UsageEvent, job=call_id)
    return Made(call_id, job.id, predictions, event.fee)


def _by_copy(
    house: House,
    tx: Transaction,
    principal: Principal,
    subscription: str,
    rows: Sequence[Mapping[str, Any]],
    moment: datetime,
    *,
    lock: bool,
) -> tuple[Permit, Job, list[dict[str, Any]]]:
    permit = authorise(tx, principal, subscription, moment, lock=lock)
    job = _copy(tx, permit)
    recheck(tx, job, moment)
    return permit, job, _predicted(COPIES.of(house, tx, job), rows)


def weights(house: House, tx: Transaction, job: Job) -> bytes:
    """Give a copy's parameters as an ONNX file. Raises state_conflict where they may not leave, not_ready."""
    from sandbox.modelling.onnx_file import onnx_bytes

    ready = COPIES.of(house, tx, job)
    if not ready.fit.model.weights:
        raise Problem("state_conflict", "the weights of this model do not leave; ask for predictions instead")
    return onnx_bytes(ready.marked, job.id, ready.parts)


def _copy(tx: Transaction, permit: Permit) -> Job:
    """The newest copy that the subscription has."""
    if permit.product.kind != "model":
        raise Problem("field_invalid", "Field subscription: only models predict; name a subscription to one.")
    found = tx.find(Job, subscription=permit.subscription.id, status="done", order=["-id"], limit=1)
    if not found:
        raise Problem(
            "state_conflict",
            "this subscription has no copy of the model yet; take it with POST /api/v1/jobs "
            f'{{"subscription": "{permit.subscription.id}"}}',
        )
    return found[0]


def _consent(tx: Transaction, permit: Permit, consent_id: str, moment: datetime) -> Consent:
    found = tx.get(Consent, consent_id)
    same = found is not None and found.recipient == permit.subscription.party
    if found is None or not same or found.purpose != permit.subscription.purpose:
        raise Problem("consent_missing", "consent: there is no such consent to your party for this purpose")
    if not holds(found, moment, product=permit.product.id, sensitive=False):
        raise Problem("consent_missing", "consent: it was withdrawn, has expired or is about another product")
    return found


def _ready(job: Job, kept: Mapping[str, Any]) -> Ready:
    import numpy as np

    from sandbox.modelling.exported import moved
    from sandbox.modelling.solve import found, read_stages, solve

    plan = from_json(job.plan)
    assert isinstance(plan, Plan)
    both = [[[(value,) for value in values] for values in kept[which]] for which in ("base", "marked")]
    base, own = (read_stages(plan, values) for values in both)
    model, offsets = plan.stages[0].model, None
    for one, values in zip(plan.fitted, kept["marked"], strict=True):
        if isinstance(one, Slots):
            offsets = (np.array(values, np.int64) - np.array(one.base, np.int64)) / PARTS * float(one.error)
    parts = moved(plan, *both) if model.weights else None
    return Ready(solve(model, found(base)), offsets, solve(model, found(own)), parts)


def _predicted(ready: Ready, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    import numpy as np

    from sandbox.modelling import predict as say
    from sandbox.modelling.matrix import records
    from sandbox.modelling.places import places

    model = ready.fit.model
    inputs: Whole = records(model, [_record(model, place, row) for place, row in enumerate(rows)])
    away = 0.0 if ready.offsets is None else ready.offsets[places(inputs, len(ready.offsets))]
    match model.method:
        case "kmeans":
            return [{"cluster": number + 1} for number in say.nearest(ready.fit, inputs).tolist()]
        case "pca":
            return [
                {"coordinates": [round(n, DIGITS) for n in row]} for row in say.coordinates(ready.fit, inputs).tolist()
            ]
        case "linear":
            assert model.target is not None
            low, high = float(model.target.lower), float(model.target.upper)
            shown = (low + high) / 2 + (high - low) / 2 * (say.values(ready.fit, inputs) + away)
            return [{"value": round(value, DIGITS)} for value in shown.tolist()]
        case _:
            marked = 1 / (1 + np.exp(-(say.logits(ready.fit, inputs) + away)))
            return [{"score": round(score, DIGITS)} for score in marked.tolist()]


def _record(model: Model, place: int, row: Mapping[str, Any]) -> dict[str, Value]:
    """The features of a record. Raises field_invalid for one that has others, or values that a feature cannot have."""
    wanted = {feature.name for feature in model.features}
    if wrong := sorted(wanted.symmetric_difference(row)):
        known = ", ".join(feature.name for feature in model.features)
        raise _wrong(
            place, wrong[0] if wrong[0] in wanted else None, f"write {known} and nothing else; null where unknown"
        )
    return {feature.name: _value(feature, place, row[feature.name]) for feature in model.features}


def _value(feature: Feature, place: int, value: Any) -> Value:
    if value is None:
        return None
    if feature.options:
        if not any(type(value) is type(option) and value == option for option in feature.options):
            options = ", ".join(map(str, feature.options[:20]))
            raise _wrong(place, feature.name, f"write one of {options}, or null")
        kept: Value = value
        return kept
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite():
        raise _wrong(place, feature.name, "write a number, or null")
    return number


def _wrong(place: int, feature: str | None, say: str) -> Problem:
    field = f"rows.{place}" + (f".{feature}" if feature else "")
    return Problem("field_invalid", f"Field {field}: {say}.", field=field)
