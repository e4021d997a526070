"""jobs.cedar: each way out of the law has its own policy, and what is unclear is never allowed."""

from __future__ import annotations

import pytest

from policies.authorise import (
    APPROVE_PRODUCT,
    APPROVE_SUBSCRIPTION,
    RELEASE_ANSWER,
    RULES,
    SHIPPED,
    STRICT,
    Rules,
    decide,
    stricter,
    version,
    with_law,
)
from policies.document import PolicyError, text
from sandbox.errors import STATUS

STRICTER = version(SHIPPED + STRICT)
USE = {
    "rights": ["product_operation", "processing_use"], "credit": "good", "free": False, "proven": False,
    "inspection": "none", "security": "none", "abroad": False, "important": False, "assessed": False,
}  # fmt: skip
RUN = USE | {
    "stopped": False, "party": "active", "operator": "active", "operator_manages": False, "subscription": "active",
    "commitment": True, "purpose": "industry", "scenario": "", "grant": "active", "mode": "whole",
    "granted_scenario": "", "purposes": ["industry"], "covered": True, "today": 20260601, "starts": 20260101,
    "ends": 20261231, "product": "approved", "priced": True, "used": 0, "quota": 5, "consented": True, "answered": 0,
    "volume": 9, "specified": True, "inexact": False,
}  # fmt: skip
LEAVE = {
    "stopped": False, "party": "active", "operator": "active", "grant": "active", "today": 20260601, "ends": 20261231,
    "delivered": False, "inexact": False, "inspection": "none",
}  # fmt: skip
REFUSED = {
    "emergency_stop.in_force": {"stopped": True},
    "party_suspended.user": {"party": "suspended"},
    "party_suspended.operator": {"operator": "suspended"},
    "party_suspended.credit": {"credit": "suspended"},
    "subscription_inactive.untrue": {"inspection": "untrue", "subscription": "ended"},
    "subscription_inactive.proof": {"inspection": "overdue"},
    "subscription_inactive.pending": {"subscription": "pending"},
    "subscription_inactive.status": {"subscription": "ended"},
    "commitment_missing.subscription": {"commitment": False},
    "grant_inactive.exited": {"grant": "exited"},
    "grant_inactive.suspended": {"grant": "suspended"},
    "grant_inactive.not_started": {"today": 20251231},
    "grant_inactive.expired": {"today": 20270101},
    "grant_inactive.resource": {"covered": False},
    "grant_inactive.consent": {"consented": False},
    "grant_inactive.right": {"rights": ["processing_use"]},
    "purpose_not_allowed.purpose": {"purpose": "public_welfare"},
    "purpose_not_allowed.scenario": {"mode": "scenario", "granted_scenario": "credit", "scenario": "other"},
    "cross_border_refused.important": {"abroad": True, "important": True, "assessed": True},
    "cross_border_refused.place": {"abroad": True},
    "state_conflict.recipient": {"security": "insufficient"},
    "separation_of_duties.operator": {"operator_manages": True},
    "state_conflict.product": {"product": "paused"},
    "state_conflict.specification": {"specified": False},
    "state_conflict.price": {"priced": False},
    "quota_exhausted.month": {"used": 5},
    "quota_exhausted.volume": {"answered": 9},
    "grade_refused.exact": {"inexact": True},
}
LET_IN = {
    "party_suspended.credit": {"credit": "suspended"},
    "grant_inactive.right": {"rights": ["processing_use"]},
    "cross_border_refused.important": {"abroad": True, "important": True, "assessed": True},
    "cross_border_refused.place": {"abroad": True},
    "subscription_inactive.untrue": {"inspection": "untrue"},
    "subscription_inactive.proof": {"inspection": "overdue"},
    "state_conflict.recipient": {"security": "insufficient"},
}
REVIEW = {
    "own": False, "specified": True, "complete": True, "asked": False, "kind": "verification", "personal": True,
    "sensitive": True, "impact": True, "risk": False,
}  # fmt: skip
KEPT_BACK = {
    "separation_of_duties.author": {"own": True},
    "state_conflict.specification": {"specified": False},
    "state_conflict.checklist": {"complete": False},
    "assessment_missing.impact": {"impact": False},
}
KEPT = {
    "emergency_stop.in_force": {"stopped": True},
    "party_suspended.user": {"party": "suspended"},
    "party_suspended.operator": {"operator": "suspended"},
    "grant_inactive.exited": {"grant": "exited"},
    "grant_inactive.suspended": {"grant": "suspended"},
    "grant_inactive.expired_meanwhile": {"today": 20270101},
    "grade_refused.exact": {"inexact": True},
    "subscription_inactive.untrue": {"inspection": "untrue"},
    "subscription_inactive.proof": {"inspection": "overdue"},
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


@pytest.mark.parametrize("policy", LET_IN)
def test_A7_each_fact_alone_keeps_a_subscription_waiting(policy):
    assert decide(USE, APPROVE_SUBSCRIPTION).policy_id == "allowed.subscription"
    assert decide(USE | LET_IN[policy], APPROVE_SUBSCRIPTION).policy_id == policy


@pytest.mark.parametrize("policy", KEPT_BACK)
def test_U8_each_fact_alone_keeps_a_product_from_approval(policy):
    assert decide(REVIEW, APPROVE_PRODUCT).policy_id == "allowed.product"
    assert decide(REVIEW | KEPT_BACK[policy], APPROVE_PRODUCT).policy_id == policy


def test_I4_statistics_are_warned_of_not_refused_until_the_stricter_policies_are_in_force():
    statistics = REVIEW | {"kind": "query", "impact": False}
    assert decide(statistics, APPROVE_PRODUCT).allowed
    assert STRICTER.decide(statistics, APPROVE_PRODUCT).policy_id == "assessment_missing.statistics"
    assert STRICTER.decide(REVIEW, APPROVE_PRODUCT).policy_id == "assessment_missing.risk"
    assert STRICTER.decide(REVIEW | {"risk": True}, APPROVE_PRODUCT).policy_id == "state_conflict.questions"
    assert STRICTER.decide(REVIEW | {"risk": True, "asked": True}, APPROVE_PRODUCT).allowed


def test_A7_free_use_by_declaration_is_refused_by_the_stricter_policies():
    free = RUN | {"free": True}
    assert decide(free).allowed
    assert STRICTER.decide(free).policy_id == "purpose_not_allowed.proof"
    assert STRICTER.decide(free | {"proven": True}).allowed


def test_A7_documents_that_are_demanded_leave_time_to_bring_them():
    assert decide(RUN | {"inspection": "open"}).allowed
    assert decide(LEAVE | {"inspection": "open"}, RELEASE_ANSWER).allowed
    assert decide(USE | {"inspection": "open"}, APPROVE_SUBSCRIPTION).allowed


def test_A7_nobody_is_let_in_unassessed_by_the_stricter_policies():
    assert decide(USE, APPROVE_SUBSCRIPTION).allowed
    assert STRICTER.decide(USE, APPROVE_SUBSCRIPTION).policy_id == "assessment_missing.recipient"
    assert STRICTER.decide(USE | {"security": "sufficient"}, APPROVE_SUBSCRIPTION).allowed
    assert STRICTER.decide(RUN).allowed, "who is in already is not shut out overnight"


def test_a_text_that_was_strict_before_is_made_strict_by_what_it_lacks():
    """A policy that a later release adds to strict.cedar is added alone: twice the same id is no version."""
    before = "\n\n".join(part for part in STRICT.split("\n\n") if "assessment_missing.recipient" not in part)
    text = SHIPPED + before
    assert stricter(SHIPPED) == STRICT and "purpose_not_allowed.proof" not in stricter(text)
    assert set(version(text + stricter(text)).ids) == set(STRICTER.ids)


def test_I5_an_assessed_export_of_general_data_is_allowed():
    assert decide(RUN | {"abroad": True, "assessed": True}).allowed


@pytest.mark.parametrize("law", RULES.laws)
def test_no_version_is_laxer_than_the_law(law):
    """Left out, without its mark, or with one more way through: each is refused and the policy named."""
    [one] = [part for part in SHIPPED.strip().split("\n\n") if f'@id("{law}")' in part]
    unmarked = "\n".join(line for line in one.splitlines() if not line.startswith("@law"))
    for changed in ("", unmarked, one.rstrip(";").replace("forbid", "permit") + ";"):
        with pytest.raises(PolicyError, match=law):
            version(SHIPPED.replace(one, changed))


@pytest.mark.parametrize("law", RULES.laws)
def test_what_becomes_law_counts_in_versions_from_before(law):
    [one] = [part for part in SHIPPED.strip().split("\n\n") if f'@id("{law}")' in part]
    before = SHIPPED.replace(one, "")
    assert law in version(with_law(before)).laws and with_law(SHIPPED) == SHIPPED


def test_a_version_may_be_stricter_and_say_what_is_not_law_otherwise():
    more = SHIPPED.replace("context.used >= context.quota", "context.used + 1 >= context.quota")
    assert more != SHIPPED
    assert version(more).decide(RUN | {"used": 4}).policy_id == "quota_exhausted.month"
    assert version(more).decide(RUN | {"used": 4}).policies != decide(RUN).policies


def test_every_policy_is_tried_here():
    allowed = {"allowed.job", "allowed.answer", "allowed.subscription", "allowed.product"}
    assert set(RULES.ids) == allowed | REFUSED.keys() | KEPT.keys() | LET_IN.keys() | KEPT_BACK.keys()


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


@pytest.mark.parametrize("missing", sorted(RUN.keys() - {"quota", "volume"}))
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


def test_what_is_kept_for_an_asker_is_what_would_be_decided_now(monkeypatch):
    rules = Rules("jobs.cedar", SHIPPED, text("facts.cedar"))
    asked = [RUN, *(RUN | facts for facts in REFUSED.values())]
    assert [rules.decide(facts, asker="party_1") for facts in asked] == [decide(facts) for facts in asked]
    monkeypatch.setattr("policies.authorise.cedarpy.is_authorized", None)
    shuffled = [dict(sorted(facts.items(), reverse=True)) for facts in asked]
    assert [rules.decide(facts, asker="party_1").allowed for facts in shuffled] == [True] + [False] * len(REFUSED)
    for facts, asker in [(RUN, "party_2"), (RUN, None), (RUN | {"used": 1}, "party_1")]:
        with pytest.raises(TypeError):  # nothing is known of another asker, or of other facts
            rules.decide(facts, asker=asker)
