"""Step 2 of the walk: nothing runs outside a grant, and each refusal names its policy."""

from __future__ import annotations

from datetime import timedelta

import pytest
from authority import World, refused
from offer import Offer, day

from sandbox.core.clock import now
from sandbox.errors import Problem
from sandbox.grants.authorise import authorise, recheck, used
from sandbox.grants.change import exit_, renew, resume, suspend
from sandbox.grants.subscriptions import cancel
from sandbox.identity.parties import suspend as suspend_party
from sandbox.oversight.emergency import raise_stop


@pytest.fixture
def offer(store):
    with store.write() as tx:
        yield Offer(World(tx))


def ask(offer, moment=None):
    return authorise(offer.tx, offer.user, offer.subscription.id, moment or now(), lock=True)


def refuses(offer, policy, moment=None):
    with pytest.raises(Problem) as refused:
        ask(offer, moment)
    assert (refused.value.code, refused.value.fields["policy"]) == (policy.split(".")[0], policy)


def test_a_permit_says_what_the_job_may_use_and_which_policy_allowed_it(offer):
    permit = ask(offer)
    assert (permit.product, permit.grant, permit.resource) == (offer.product, offer.grant, offer.resource)
    assert (permit.version, permit.price) == ("v1", offer.price)
    assert permit.decision["policy_id"] == "allowed.job"


def test_another_partys_subscription_does_not_exist(offer):
    stranger = offer.world.party("Other", "user")
    for subscription in (offer.subscription.id, "subscription_unknown"):
        with refused("not_found: there is no such subscription of yours"):
            authorise(offer.tx, stranger, subscription, now())


def test_the_role_is_checked_before_the_id(offer):
    with refused("role_not_allowed"):
        authorise(offer.tx, offer.world.authority, offer.subscription.id, now())


def test_A2_expired_grant_is_refused(offer):
    ask(offer, day("2036-01-01"))
    refuses(offer, "grant_inactive.expired", day("2036-01-02"))


def test_A2_grant_that_has_not_begun_is_refused(offer):
    ask(offer, day("2026-01-01") + timedelta(days=365))
    later = offer.tx.change(offer.grant, starts=day("2030-01-01").date())
    refuses(offer, "grant_inactive.not_started", day("2029-12-31"))
    assert later.status == "active"


def test_A2_suspended_grant_is_refused_until_it_is_resumed(offer):
    suspend(offer.tx, offer.journal, offer.world.authority, offer.grant.id)
    refuses(offer, "grant_inactive.suspended")
    resume(offer.tx, offer.journal, offer.world.authority, offer.grant.id)
    ask(offer)


def test_A4_exited_grant_is_refused_for_ever(offer):
    exit_(offer.tx, offer.journal, offer.operator, offer.grant.id)
    refuses(offer, "grant_inactive.exited")
    for step in (suspend, resume, exit_):
        with refused("state_conflict"):
            step(offer.tx, offer.journal, offer.world.authority, offer.grant.id)
    with refused("state_conflict"):
        renew(offer.tx, offer.journal, offer.world.authority, offer.grant.id, day("2040-01-01").date())


def test_A2_wrong_resource_is_refused(offer):
    offer.tx.change(offer.grant, resources=[offer.world.resource("other").id])
    refuses(offer, "grant_inactive.resource")


def test_A2_wrong_purpose_is_refused_on_each_job(offer):
    offer.tx.change(offer.grant, purposes=["public_welfare"])
    refuses(offer, "purpose_not_allowed.purpose")


def test_A2_wrong_scenario_is_refused_on_each_job(offer):
    offer.tx.change(offer.grant, mode="scenario", scenario="credit")
    refuses(offer, "purpose_not_allowed.scenario")


def test_A6_no_job_without_the_commitment(offer):
    offer.tx.change(offer.subscription, commitment={})
    refuses(offer, "commitment_missing.subscription")


def test_a_cancelled_subscription_is_refused(offer):
    cancel(offer.tx, offer.journal, offer.user, offer.subscription.id)
    refuses(offer, "subscription_inactive.status")


def test_a_paused_product_and_a_suspended_operator_are_refused(offer):
    offer.tx.change(offer.product, status="paused")
    refuses(offer, "state_conflict.product")
    suspend_party(offer.tx, offer.journal, offer.world.authority, offer.operator.party.id)
    refuses(offer, "party_suspended.operator")


@pytest.mark.parametrize("scope", ["product", "party", "resource", "everything"])
def test_S1_an_emergency_stop_refuses_new_jobs_and_holds_back_answers(offer, scope):
    targets = {"product": offer.product.id, "party": offer.operator.party.id, "resource": offer.resource.id}
    job = offer.job()
    recheck(offer.tx, job, now())
    raise_stop(offer.tx, offer.journal, offer.world.authority, scope, targets.get(scope), "drill")
    refuses(offer, "emergency_stop.in_force")
    with refused("emergency_stop"):
        recheck(offer.tx, job, now())


def test_A4_the_end_of_a_term_stops_what_is_not_finished(offer):
    after = day("2036-01-02")
    recheck(offer.tx, offer.job(status="done"), after)
    with refused("grant_inactive"):
        recheck(offer.tx, offer.job(status="running"), after)
    suspend(offer.tx, offer.journal, offer.world.authority, offer.grant.id)
    with refused("grant_inactive"):
        recheck(offer.tx, offer.job(status="done"), now())


def test_a_product_without_price_is_free_for_welfare_only(store):
    with store.write() as tx:
        offer = Offer(World(tx), price={})
        refuses(offer, "state_conflict.price")
        offer.subscription = offer.subscribed(offer.user, "public_welfare")
        assert ask(offer).price is None


def test_a_quota_counts_the_jobs_of_a_calendar_month(store):
    with store.write() as tx:
        offer = Offer(World(tx), quota=2)
        for status in ("failed", "void", "done", "queued"):
            ask(offer)
            offer.job(status=status)
        refuses(offer, "quota_exhausted.month")
        ask(offer, (now().replace(day=1) + timedelta(days=32)).replace(day=1))


def test_A3_who_manages_the_data_cannot_operate_it(offer):
    offer.tx.change(offer.resource, registrar=offer.operator.party.id)
    refuses(offer, "separation_of_duties.operator")


def test_the_month_of_a_quota_begins_on_its_first_day(store):
    with store.write() as tx:
        offer = Offer(World(tx), quota=5)
        for moment in ("2026-02-28", "2026-03-01", "2026-03-19"):
            offer.job(id=f"job_{int(day(moment).timestamp() * 1000):012x}{'0' * 20}")
        assert used(tx, offer.subscription, day("2026-03-20")) == 2
