"""jobs.cedar: each way out of the law has its own policy, and what is unclear is never allowed."""

from __future__ import annotations

import pytest

from policies.authorise import RELEASE_ANSWER, RULES, Rules, decide
from policies.document import PolicyError, text
from sandbox.errors import STATUS

RUN = {
    "stopped": False, "party": "active", "operator": "active", "operator_manages": False, "subscription": "active",
    "commitment": True, "purpose": "industry", "scenario": "", "free": False, "grant": "active", "mode": "whole",
    "granted_scenario": "", "purposes": ["industry"], "covered": True, "today": 20260601, "starts": 20260101,
    "ends": 20261231, "product": "approved", "priced": True, "used": 0, "quota": 5,
}  # fmt: skip
LEAVE = {
    "stopped": False, "party": "active", "operator": "active", "grant": "active", "today": 20260601, "ends": 20261231,
    "delivered": False,
}  # fmt: skip
REFUSED = {
    "emergency_stop.in_force": {"stopped": True},
    "party_suspended.user": {"party": "suspended"},
    "party_suspended.operator": {"operator": "suspended"},
    "subscription_inactive.pending": {"subscription": "pending"},
    "subscription_inactive.status": {"subscription": "ended"},
    "commitment_missing.subscription": {"commitment": False},
    "grant_inactive.exited": {"grant": "exited"},
    "grant_inactive.suspended": {"grant": "suspended"},
    "grant_inactive.not_started": {"today": 20251231},
    "grant_inactive.expired": {"today": 20270101},
    "grant_inactive.resource": {"covered": False},
    "purpose_not_allowed.purpose": {"purpose": "public_welfare"},
    "purpose_not_allowed.scenario": {"mode": "scenario", "granted_scenario": "credit", "scenario": "other"},
    "separation_of_duties.operator": {"operator_manages": True},
    "state_conflict.product": {"product": "paused"},
    "state_conflict.price": {"priced": False},
    "quota_exhausted.month": {"used": 5},
}
KEPT = {
    "emergency_stop.in_force": {"stopped": True},
    "party_suspended.user": {"party": "suspended"},
    "party_suspended.operator": {"operator": "suspended"},
    "grant_inactive.exited": {"grant": "exited"},
    "grant_inactive.suspended": {"grant": "suspended"},
    "grant_inactive.expired_meanwhile": {"today": 20270101},
}


@pytest.mark.parametrize("policy", REFUSED)
def test_A2_each_fact_alone_refuses_a_job(policy):
    decision = decide(RUN | REFUSED[policy])
    assert (decision.allowed, decision.policy_id, decision.code) == (False, policy, policy.split(".")[0])
    assert decision.code in STATUS and decision.reason["en"] and decision.reason["zh"]


@pytest.mark.parametrize("policy", KEPT)
def test_A4_each_fact_alone_keeps_an_answer_in(policy):
    decision = decide(LEAVE | KEPT[policy], RELEASE_ANSWER)
    assert (decision.allowed, decision.policy_id) == (False, policy)


def test_every_policy_is_tried_here():
    assert set(RULES.ids) == {"allowed.job", "allowed.answer"} | REFUSED.keys() | KEPT.keys()


@pytest.mark.parametrize(
    "change", [{}, {"today": 20260101}, {"today": 20261231}, {"used": 4}, {"priced": False, "free": True}]
)
def test_what_the_law_allows_is_allowed(change):
    decision = decide(RUN | change)
    assert (decision.allowed, decision.code, decision.policy_id) == (True, "", "allowed.job")


def test_an_answer_delivered_within_the_term_stays_the_users():
    assert decide(LEAVE | {"today": 20270101, "delivered": True}, RELEASE_ANSWER).allowed


def test_no_quota_is_no_limit():
    assert decide({name: fact for name, fact in RUN.items() if name != "quota"} | {"used": 10**6}).allowed


@pytest.mark.parametrize("missing", sorted(RUN.keys() - {"quota"}))
def test_a_missing_fact_allows_nothing(missing):
    with pytest.raises(PolicyError, match=r"jobs.cedar: run_job"):
        decide({name: fact for name, fact in RUN.items() if name != missing})


@pytest.mark.parametrize("wrong", [{"today": "20260601"}, {"quota": None}, {"surprise": True}])
def test_a_fact_of_another_shape_allows_nothing(wrong):
    with pytest.raises(PolicyError):
        decide(RUN | wrong)


def test_the_gravest_of_several_reasons_is_named():
    assert decide(RUN | {"used": 9, "grant": "suspended", "stopped": True}).policy_id == "emergency_stop.in_force"


def test_rules_without_a_sentence_or_against_the_schema_are_refused():
    permit = '@id("allowed.x") @en("x") @zh("x") permit (principal, action, resource);'
    schema = text("facts.cedar")
    with pytest.raises(PolicyError, match=r"my.cedar: policy1: has no annotation @zh"):
        Rules("my.cedar", permit + '@id("x.y") @en("x") forbid (principal, action, resource);', schema)
    with pytest.raises(PolicyError, match=r"my.cedar"):
        Rules("my.cedar", permit[:-2] + ") when { context.unknown };", schema)
    with pytest.raises(PolicyError, match="two policies"):
        Rules("my.cedar", permit + permit, schema)
    with pytest.raises(PolicyError, match=r"my.cedar"):
        Rules("my.cedar", "permit (", schema)
