"""Step 2 of the walk: gather the facts, let the policies decide, and give a permit or a refusal with its reason (A2).

Nothing is decided here; see `policies/jobs.cedar` and `policy.in_force`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from policies import authorise as policy
from policies.purposes import FREE
from sandbox.billing.prices import price_at
from sandbox.billing.records import Price
from sandbox.catalogue.exact import EXACT, inexact, protection_of
from sandbox.catalogue.holders import allowed_purposes
from sandbox.catalogue.records import Resource
from sandbox.catalogue.stored import stored_entry
from sandbox.core.canonical import digest
from sandbox.core.store import Record, Transaction
from sandbox.core.walker import Walker
from sandbox.errors import Problem
from sandbox.grants.allowances import by_grant, by_subscription, taken
from sandbox.grants.consenting import consented
from sandbox.grants.credit import standing
from sandbox.grants.documents import attached
from sandbox.grants.free import inspected, level_of
from sandbox.grants.give import covers, rights_of
from sandbox.grants.policy import in_force
from sandbox.grants.records import Grant, Subscription
from sandbox.identity.keys import Principal
from sandbox.identity.records import Party
from sandbox.jobs.records import Job
from sandbox.oversight.emergency import stopped
from sandbox.products.records import Product

R = TypeVar("R", bound=Record)
COUNTED = ("queued", "running", "sealing", "done")


@dataclass(frozen=True)
class Permit:
    """What a job may use. `version` is the data version it runs on, `price` None only where the purpose is free, or
    the operator itself runs its product; `decision` is the policy that allowed it, with its sentence and the facts –
    JSON, kept with the job."""

    subscription: Subscription
    product: Product
    grant: Grant
    resource: Resource
    version: str | None
    price: Price | None
    decision: dict[str, Any]


class Refused(Problem):
    """What a policy refused, with the `facts` it was decided on for an `action`: they are kept, not shown."""

    def __init__(self, decision: policy.Decision, action: str, facts: Mapping[str, Any]) -> None:
        super().__init__(decision.code, decision.reason["en"], policy=decision.policy_id, reason=decision.reason)
        self.decision, self.action, self.facts = decision, action, dict(facts)


def authorise(
    tx: Transaction,
    principal: Principal,
    subscription_id: str,
    moment: datetime,
    *,
    lock: bool = False,
    resource: object = None,
) -> Permit:
    """Permit a job under an own subscription, on the `resource` – id or name – that it is about, which only a product
    of one resource may leave open. With `lock`, two jobs at once cannot both take the last of a quota: use it in the
    transaction that adds the job.

    Raises role_not_allowed, not_found (also for another's subscription), field_invalid (no such resource of the
    product) and what the policies refuse; `policy` and `reason` of the problem say which and why.
    """
    principal.may("job.submit")
    subscription = tx.get(Subscription, subscription_id, lock=lock)
    if subscription is None or subscription.party != principal.party.id:
        raise Problem("not_found", "there is no such subscription of yours")
    product = _need(tx, Product, subscription.product)
    return _permit(tx, subscription, product, _asked(tx, product, resource), moment, lock=lock)


def serves(tx: Transaction, subscription: Subscription, moment: datetime) -> bool:
    """Say whether a question under a subscription could be answered at `moment`: nothing stops it, and there are
    data of one of the product's resources."""
    product = _need(tx, Product, subscription.product)
    for one in product.resources:
        with suppress(Refused):
            if _permit(tx, subscription, product, _need(tx, Resource, one), moment).version is not None:
                return True
    return False


def _asked(tx: Transaction, product: Product, name: object) -> Resource:
    """The resource of the product that a question names."""
    held = [_need(tx, Resource, one) for one in product.resources]
    found = held if name is None else [one for one in held if name in (one.id, one.name)]
    if len(found) != 1:
        names = " or ".join(one.name for one in held)
        raise Problem("field_invalid", f"Field resource: a question is about one resource; name {names}.")
    return found[0]


def _permit(
    tx: Transaction,
    subscription: Subscription,
    product: Product,
    resource: Resource,
    moment: datetime,
    *,
    lock: bool = False,
) -> Permit:
    grant = _need(tx, Grant, product.grant)
    price = price_at(tx, product.id, moment)
    facts = _common(tx, grant, product.id, subscription.party, resource.id, product.operator, moment) | {
        "operator_manages": product.operator in (grant.authoriser, resource.registrar, resource.answers),
        "subscription": subscription.status,
        "commitment": subscription.commitment.get("accepted") is True,
        "purpose": subscription.purpose,
        "scenario": subscription.scenario or "",
        "mode": grant.mode,
        "granted_scenario": grant.scenario or "",
        "purposes": allowed_purposes(tx, resource, grant.purposes, grant.created_at),
        "covered": covers(grant, resource),
        "starts": _day(grant.starts),
        "product": product.status,
        "priced": price is not None,
        "used": 0,
        "consented": consented(tx, grant, resource),
        "answered": 0,
        "specified": digest(product.spec) == product.spec_digest,
        "inexact": _inexact(resource),
    }
    facts |= facts_of_use(tx, grant, resource, subscription, moment)
    if own := subscription.party == product.operator:  # it runs its own product: there is nobody to pay
        facts["priced"] = True
    if subscription.quota is not None:
        facts |= {"quota": subscription.quota, "used": used(tx, subscription, moment)}
    if grant.volume is not None:
        if lock:
            _need(tx, Grant, grant.id, lock=True)
        facts |= {"volume": grant.volume, "answered": answered(tx, grant)}
    decision = decided(tx, policy.RUN_JOB, facts, subscription.party)
    return Permit(subscription, product, grant, resource, resource.version, None if own else price, decision)


def recheck(tx: Transaction, job: Walker, moment: datetime) -> None:
    """Refuse (emergency_stop, party_suspended, grant_inactive, subscription_inactive) when the answer of `job` may not
    leave any more.

    Asked again before step 5 and before every delivery. The end of a term stops what is not finished; an answer that
    was finished in time stays its user's.
    """
    grant = _need(tx, Grant, job.grant)
    facts = _common(tx, grant, job.product, job.party, job.resource, job.operator, moment)
    facts |= {
        "delivered": job.status == "done",
        "inexact": _inexact(_need(tx, Resource, job.resource)),
        "inspection": inspected(_need(tx, Subscription, job.subscription), moment.astimezone(UTC).date()),
    }
    decided(tx, policy.RELEASE_ANSWER, facts, job.party)


def facts_of_use(
    tx: Transaction, grant: Grant, resource: Resource, subscription: Subscription, moment: datetime
) -> dict[str, Any]:
    """Give what is true of a subscription, whether it is to be approved or used: rights, credit, place, proof, the
    recipient's security. An operator that runs its own product rests on its grant: nobody lets it in."""
    abroad = any(place != "CN" for place in subscription.places or ())
    today, own = moment.astimezone(UTC).date(), subscription.party == grant.operator
    return {
        "rights": rights_of(grant),
        "credit": standing(tx, subscription.party, today),
        "free": subscription.purpose in FREE,
        "proven": own or subscription.proof is not None,
        "inspection": inspected(subscription, today),
        "security": "sufficient" if own else level_of(subscription),
        "abroad": abroad,
        "important": resource.grade != "general",
        "assessed": abroad and attached(tx, subscription.id, "export_assessment"),
    }


def decided(tx: Transaction, action: str, facts: Mapping[str, Any], asker: str | None = None) -> dict[str, Any]:
    """Give the decision of the policies in force, with the facts; raises `Refused`. `asker` asks often."""
    decision = in_force(tx).decide(facts, action, asker)
    if not decision.allowed:
        raise Refused(decision, action, facts)
    return vars(decision) | {"facts": dict(facts)}


def used(tx: Transaction, subscription: Subscription, moment: datetime) -> int:
    """Give how many jobs of this calendar month (UTC) count against the quota – counting them stops there – and claims.

    Void and failed jobs do not count, claims that were reserved do. Ids begin with their time, so the month is a range
    of ids.
    """
    month = moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    first = f"job_{int(month.timestamp() * 1000):012x}"
    jobs = tx.find(Job, subscription=subscription.id, status=COUNTED, after=first, limit=subscription.quota)
    return len(jobs) + taken(tx, by_subscription(subscription.id, moment))


def answered(tx: Transaction, grant: Grant) -> int:
    """Give how many jobs count against the volume of a grant: all of its term but void and failed ones, and claims."""
    counts = tx.totals(Job, by=("status",), grant=grant.id, status=COUNTED)
    return sum(int(count) for _, count in counts) + taken(tx, by_grant(grant.id))


def _common(
    tx: Transaction, grant: Grant, product: str, party: str, resource: str, operator: str, moment: datetime
) -> dict[str, Any]:
    stop = stopped(tx, product=product, party=party, resource=resource, operator=operator)
    return {
        "stopped": stop is not None,
        "party": _need(tx, Party, party).status,
        "operator": _need(tx, Party, operator).status,
        "grant": grant.status,
        "today": _day(moment.astimezone(UTC).date()),
        "ends": _day(grant.ends),
    }


def _inexact(resource: Resource) -> bool:
    """Whether a resource is served exactly although the rules do not allow it: its grade or a role has changed."""
    return protection_of(resource) == EXACT and inexact(stored_entry(resource.entry)) is not None


def _day(day: date) -> int:
    return day.year * 10000 + day.month * 100 + day.day


def _need(tx: Transaction, kind: type[R], key: str, *, lock: bool = False) -> R:
    found = tx.get(kind, key, lock=lock)
    assert found is not None, f"{kind.TABLE} are never deleted"
    return found
