"""A7: free use rests on a document or a declaration, can be looked into afterwards, and recipients are assessed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from authority import World, refused
from offer import Offer
from strangers import filled

from policies.authorise import SHIPPED, STRICT
from policies.purposes import COMMITMENT, DECLARATION, DECLARATION_DIGEST
from policies.recipient import QUESTIONS
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.errors import Problem
from sandbox.grants import policy
from sandbox.grants.authorise import authorise, recheck
from sandbox.grants.credit import record
from sandbox.grants.documents import attach
from sandbox.grants.equal import equal_treatment
from sandbox.grants.free import inspected
from sandbox.grants.inspection import demand_proof, find_untrue, prove
from sandbox.grants.own import own_subscription
from sandbox.grants.records import Subscription
from sandbox.grants.subscriptions import approve, assess, cancel, decline, subscribe, view
from sandbox.products.verification.answering import _stopped
from sandbox.products.verification.leaving import checked
from sandbox.products.verification.records import Verification
from sandbox.transparency.journal import content
from sandbox.transparency.records import LogEntry
from sandbox.webhooks.records import Message, Webhook

ANSWERS = dict.fromkeys(QUESTIONS, "as our security plan says")
PAPER = {"title": "charter", "digest": "c" * 64}


@pytest.fixture
def offer(store):
    with store.write() as tx:
        yield Offer(World(tx), purpose="public_welfare")


def ask(offer, product=None, **other):
    body = {"product": (product or offer.product).id, "purpose": "public_welfare", "commitment": {"accepted": True}}
    return subscribe(offer.tx, offer.journal, offer.user, body | other)


def demanded(offer, days=10, by=None):
    by = by or offer.operator
    return demand_proof(offer.tx, offer.journal, by, offer.subscription.id, "no charity register names it", days)


def brought(offer):
    return prove(offer.tx, offer.journal, offer.user, offer.subscription.id, **PAPER)


def runs(offer, days=0):
    """The policy that decides about a job in so many days."""
    try:
        moment = now() + timedelta(days=days)
        return authorise(offer.tx, offer.user, offer.subscription.id, moment).decision["policy_id"]
    except Problem as problem:
        return problem.fields["policy"]


def last(offer, kind):
    [entry] = offer.tx.find(LogEntry, kind=kind, order=["-at"], limit=1)
    return content(entry.leaf)["public"]


def test_A7_free_use_rests_on_a_declaration_or_a_document(offer):
    """告知承诺: the wording that was accepted says what follows; charged use declares nothing."""
    declared = ask(offer)
    assert declared.commitment["text"] == DECLARATION_DIGEST and view(declared)["free_by"] == "declaration"
    assert view(ask(offer, proof=PAPER))["free_by"] == "document"
    charged = ask(offer, purpose="industry")
    assert view(charged)["free_by"] is None and "declared" not in charged.commitment
    assert last(offer, "subscription.created")["free_by"] is None
    for said in (DECLARATION["en"] + COMMITMENT["en"], DECLARATION["zh"] + COMMITMENT["zh"]):
        assert any(word in said for word in ("sold on", "转售")) and any(word in said for word in ("term", "期限"))


def test_A7_what_was_let_in_before_there_was_a_declaration_rests_on_neither(offer):
    before = {"accepted": True, "text": "0" * 64, "at": "2025-01-01T00:00:00.000000Z"}
    assert view(offer.tx.change(offer.subscription, commitment=before))["free_by"] == "neither"
    assert runs(offer) == "allowed.job"
    assert view(brought(offer))["free_by"] == "document"


def test_A7_documents_not_brought_in_time_stop_jobs_and_answers_until_they_are(offer):
    job = offer.job()
    due = demanded(offer).inspection["due"]
    assert due == (now().date() + timedelta(days=10)).isoformat()
    assert (last(offer, "subscription.proof_demanded")["due"], runs(offer, 10)) == (due, "allowed.job")
    assert runs(offer, 11) == "subscription_inactive.proof"
    recheck(offer.tx, job, now() + timedelta(days=10))
    with refused("subscription_inactive: the term is over in which documents"):
        recheck(offer.tx, job, now() + timedelta(days=11))
    assert brought(offer).inspection["state"] == "proved"
    assert last(offer, "subscription.proved")["proof"] == PAPER["digest"]
    assert runs(offer, 11) == "allowed.job"
    recheck(offer.tx, job, now() + timedelta(days=11))


def test_A7_claims_of_one_user_are_held_back_by_subscription(offer):
    """One party may use a product for two purposes: what stops the one says nothing of the other."""
    charged = offer.subscribed(offer.user, "industry")
    claims = []
    for one in (charged, offer.subscription):
        known = {"subscription": one.id, "party": one.party, "product": one.product, "resource": offer.resource.id}
        known |= {"grant": offer.grant.id, "operator": offer.operator.party.id, "status": "done", "answer": b"x"}
        claims.append(offer.tx.get(Verification, filled(offer.tx, Verification, **known)))
    demanded(offer)
    late = now() + timedelta(days=11)
    for order in (claims, claims[::-1]):
        assert list(checked(offer.tx, order, late)) == [claims[1].id]
        assert [(one.id, code) for one, code in _stopped(offer.tx, order, late)] == [
            (claims[1].id, "subscription_inactive")
        ]


def test_A7_a_demand_is_told_to_its_user(offer):
    hook = Webhook(new_id("webhook"), offer.user.party.id, "https://x", ["proof.demanded"], b"", "active", now())
    offer.tx.add(hook)
    due = demanded(offer).inspection["due"]
    [message] = offer.tx.find(Message)
    assert message.webhook == hook.id and due in message.body and offer.subscription.id in message.body


def test_A7_ending_a_subscription_ends_no_demand(offer):
    """Who cancels what documents are demanded of gets its answers when it brings them, and not before."""
    job = offer.job()
    demanded(offer)
    cancel(offer.tx, offer.journal, offer.user, offer.subscription.id)
    with refused("subscription_inactive"):
        recheck(offer.tx, job, now() + timedelta(days=11))
    brought(offer)
    recheck(offer.tx, job, now() + timedelta(days=11))
    with refused("state_conflict: this subscription has ended"):
        brought(offer)


def test_A7_what_the_authorising_body_finds_untrue_ends_and_enters_the_credit_record(offer):
    job, world = offer.job(), offer.world
    found = find_untrue(offer.tx, offer.journal, world.authority, offer.subscription.id, "it sells them")
    assert (found.status, found.reason, runs(offer)) == ("ended", "it sells them", "subscription_inactive.untrue")
    [entry] = record(offer.tx, offer.user, offer.user.party.id)["entries"]
    assert (entry["kind"], entry["about"], entry["reason"]) == ("breach", found.id, "it sells them")
    assert last(offer, "subscription.found_untrue")["inspection"] == "untrue"
    with refused("subscription_inactive"):
        recheck(offer.tx, job, now())
    with refused("state_conflict: this use was found untrue"):
        brought(offer)
    with refused("state_conflict: this use was found untrue"):
        find_untrue(offer.tx, offer.journal, world.authority, found.id, "again")
    with refused("state_conflict: this use was found untrue; only the authorising body"):
        demanded(offer)
    demanded(offer, by=world.authority)  # the way back: it looks again
    brought(offer)
    recheck(offer.tx, job, now() + timedelta(days=100))


def test_A7_an_operator_ends_its_contract_and_enters_no_credit_record(offer):
    find_untrue(offer.tx, offer.journal, offer.operator, offer.subscription.id, "no charity")
    assert record(offer.tx, offer.user, offer.user.party.id)["entries"] == []
    report = equal_treatment(offer.tx, offer.operator, offer.product.id)
    assert report["declined"] == [] and report["free_use"]["untrue"] == 1


def test_A7_only_those_who_answer_for_it_look_into_free_use(offer):
    rival, auditor = offer.world.party("Rival", "operator"), offer.world.party("Audit", "auditor")
    for by, code in ((rival, "not_found"), (auditor, "role_not_allowed"), (offer.user, "role_not_allowed")):
        with refused(code):
            demanded(offer, by=by)
        with refused(code):
            find_untrue(offer.tx, offer.journal, by, offer.subscription.id, "x")
    with refused("not_found"):
        prove(offer.tx, offer.journal, offer.operator, offer.subscription.id, **PAPER)
    with refused("field_invalid: digest"):
        prove(offer.tx, offer.journal, offer.user, offer.subscription.id, "x", "x")
    for days in (0, 91):
        with refused("field_invalid: days"):
            demanded(offer, days)
    charged = offer.subscribed(offer.user, "industry")
    declined = decline(offer.tx, offer.journal, offer.operator, ask(offer).id, "full")
    for one in (charged, declined):
        with refused("state_conflict"):
            demand_proof(offer.tx, offer.journal, offer.operator, one.id, "x", 5)


def test_A7_a_recipient_answers_every_question_or_none(offer):
    assert ask(offer, recipient=ANSWERS).recipient == ANSWERS
    name = next(iter(QUESTIONS))
    for wrong in ({}, ANSWERS | {name: " "}, {one: "x" for one in ANSWERS if one != name}):
        with refused(f"field_invalid: recipient.{name}"):
            ask(offer, recipient=wrong)
    with refused("field_invalid: recipient.taste"):
        ask(offer, recipient=ANSWERS | {"taste": "x"})
    assert "security plan" not in str(offer.world.last()), "the leaf commits to the answers"


def test_A7_a_recipient_whose_security_is_insufficient_is_not_let_in(offer):
    pending, other = ask(offer, recipient=ANSWERS).id, ask(offer).id
    approving = offer.tx, offer.journal, offer.operator
    with refused("field_invalid: security.note: say what is insufficient"):
        approve(*approving, pending, {"level": "insufficient"})
    with refused("state_conflict: the operator assessed the security of this recipient as insufficient"):
        approve(*approving, pending, {"level": "insufficient", "note": "kept on a laptop"})
    let_in = approve(*approving, pending, {"level": "sufficient"})
    assert (let_in.status, let_in.security["level"]) == ("active", "sufficient")
    assert last(offer, "subscription.approved")["security"] == "sufficient"
    with refused("field_invalid: security.note: say what this rests on"):
        approve(*approving, other, {"level": "sufficient"})
    attach(offer.tx, offer.journal, offer.user, other, "security_assessment", "plan", "d" * 64, "")
    assert approve(*approving, other, {"level": "sufficient"}).security["by"] == offer.operator.party.id


def test_A7_an_assessment_can_turn_and_jobs_with_it(offer):
    said = offer.tx, offer.journal, offer.operator, offer.subscription.id
    assert view(offer.subscription)["security"] is None
    assess(*said, "insufficient", "a leak in May")
    assert runs(offer) == "state_conflict.recipient"
    assess(*said, "sufficient", "audited in June")
    assert (runs(offer), last(offer, "subscription.assessed")["security"]) == ("allowed.job", "sufficient")
    with refused("field_invalid: security.level"):
        assess(*said, "so so", "x")
    rival = offer.world.party("Rival", "operator")
    with refused("not_found"):
        assess(offer.tx, offer.journal, rival, offer.subscription.id, "sufficient", "x")
    cancel(*said)
    with refused("state_conflict"):
        assess(*said, "sufficient", "x")


def strict(offer):
    made = policy.propose(offer.tx, offer.journal, offer.world.authority, SHIPPED + STRICT, "")
    policy.activate(offer.tx, offer.journal, offer.world.authority, made.id)


def test_A7_strict_wants_the_document_of_who_is_in_already_and_both_of_who_asks(offer):
    strict(offer)
    assert runs(offer) == "purpose_not_allowed.proof"
    brought(offer)
    assert runs(offer) == "allowed.job"
    pending = offer.tx, offer.journal, offer.operator, ask(offer, proof=PAPER).id
    with refused("assessment_missing"):
        approve(*pending)
    assess(*pending, "sufficient", "visited")
    assert approve(*pending).status == "active"


def test_A7_under_strict_policies_nothing_is_approved_by_itself(offer):
    """What takes an assessment waits for the operator instead of being refused for want of one."""
    automatic = offer.offered({"approval": "automatic"})
    assert ask(offer, automatic, purpose="industry").status == "active"
    strict(offer)
    assert ask(offer, automatic, purpose="industry").status == "pending"
    with refused("cross_border_refused"):
        ask(offer, automatic, purpose="industry", places=["HK"])


def test_A7_an_operator_that_runs_its_own_product_lets_nobody_in(offer):
    strict(offer)
    own = own_subscription(offer.tx, offer.journal, offer.product)
    assert own.purpose == "public_governance"
    assert authorise(offer.tx, offer.operator, own.id, now()).decision["policy_id"] == "allowed.job"


def test_A7_the_report_of_equal_treatment_counts_what_use_rests_on(offer):
    offer.subscribed(offer.user, "industry")
    offer.subscribed(offer.user, "public_welfare", proof=PAPER)
    assess(offer.tx, offer.journal, offer.operator, offer.subscription.id, "sufficient", "visited")
    demanded(offer)
    report = equal_treatment(offer.tx, offer.user, offer.product.id)
    counted = {name: number for name, number in report["free_use"].items() if number}
    assert counted == {"document": 1, "declaration": 1, "demanded": 1} and report["free_without_proof"] == 1
    assert report["recipients"] == {"sufficient": 1, "insufficient": 0, "not_assessed": 2}
    assert inspected(offer.tx.get(Subscription, offer.subscription.id), now().date() + timedelta(days=11)) == "overdue"
