"""Emergency stops: one raises, two lift; the log knows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from authority import World, refused
from offer import Offer

from sandbox.core.clock import now
from sandbox.oversight import drill as drills
from sandbox.oversight.emergency import lift_stop, raise_stop, stopped, view


@pytest.fixture
def offer(store):
    with store.write() as tx:
        yield Offer(World(tx))


def pull(offer, scope="product", target=None, reason="drill", by=None):
    targets = {"product": offer.product.id, "party": offer.user.party.id, "resource": offer.resource.id}
    by = by or offer.world.authority
    return raise_stop(offer.tx, offer.journal, by, scope, target or targets.get(scope), reason)


def standing(offer, **other):
    named = {"product": offer.product.id, "party": offer.user.party.id, "resource": offer.resource.id}
    return stopped(offer.tx, **(named | other), operator=offer.operator.party.id)


def test_S1_a_stop_holds_for_its_target_only(offer):
    assert standing(offer) is None
    stop = pull(offer, "party")
    assert standing(offer) == stop
    assert standing(offer, party="party_other") is None
    pull(offer, "party", offer.operator.party.id)
    assert standing(offer, party="party_other").target == offer.operator.party.id


def test_S1_everything_stops_everybody(offer):
    pull(offer, "everything")
    assert stopped(offer.tx, product="any", party="any", resource="any").scope == "everything"


def test_S1_two_persons_lift(offer):
    regulator = offer.world.party("Watch", "regulator")
    stop = pull(offer)
    asked = lift_stop(offer.tx, offer.journal, offer.world.authority, stop.id)
    assert asked.lifted_at is None and standing(offer) is not None
    with refused("two_person_required"):
        lift_stop(offer.tx, offer.journal, offer.world.authority, stop.id)
    lifted = lift_stop(offer.tx, offer.journal, regulator, stop.id)
    assert view(lifted)["status"] == "lifted" and standing(offer) is None
    with refused("state_conflict"):
        lift_stop(offer.tx, offer.journal, regulator, stop.id)
    assert offer.world.kinds()[-3:] == ["emergency.raised", "emergency.lift_requested", "emergency.lifted"]


def test_only_authority_and_regulator_stop(offer):
    for principal in (offer.user, offer.operator, offer.world.party("Audit", "auditor")):
        with refused("role_not_allowed"):
            pull(offer, by=principal)


@pytest.mark.parametrize(
    ("problem", "asked"),
    [
        ("field_invalid: scope", {"scope": "world"}),
        ("field_invalid: reason", {"reason": " "}),
        ("field_invalid: target", {"scope": "everything", "target": "product_1"}),
        ("not_found: there is no such product", {"target": "product_unknown"}),
        ("not_found: there is no such resource", {"scope": "resource", "target": "product_unknown"}),
    ],
)
def test_a_wrong_stop_is_refused(offer, problem, asked):
    with refused(problem):
        pull(offer, **asked)


def test_the_reason_is_committed_to_not_published(offer):
    pull(offer, reason="Firm X leaked")
    assert "leaked" not in str(offer.world.last())


@pytest.mark.parametrize(
    ("echoes", "status"),
    [
        ({}, "running"),
        ({"vault": 0.2}, "running"),
        ({"vault": 0.2, "web": 1.0}, "passed"),
        ({"vault": 0.2, "web": 1.1}, "failed"),
        ({"vault": 1.1}, "failed"),
    ],
)
def test_S1_a_drill_passes_when_all_saw_it_within_a_second(offer, monkeypatch, echoes, status):
    tx, began = offer.tx, now()
    monkeypatch.setattr(drills, "now", lambda: began)
    for kind in ("vault", "web"):
        drills.present(tx, kind, f"{kind}-1")
    made = drills.order(tx, offer.journal, offer.world.authority, "each quarter")
    for kind, seconds in echoes.items():
        monkeypatch.setattr(drills, "now", lambda later=began + timedelta(seconds=seconds): later)
        drills.see(tx, made, kind, f"{kind}-1")
    found = drills.report(tx, made.id)
    assert found["status"] == status and len(found["missing"]) == 2 - len(echoes)
    monkeypatch.setattr(drills, "now", lambda: began + drills.FRESH + timedelta(seconds=1))
    assert drills.report(tx, made.id)["status"] == ("passed" if status == "passed" else "failed")
