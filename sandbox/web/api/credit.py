"""Credit records: entries, appeals, repair."""

from __future__ import annotations

from apiflask import APIBlueprint

from sandbox.core.view import shown
from sandbox.grants import credit
from sandbox.web.call import Call, Reply
from sandbox.web.endpoint import endpoint
from sandbox.wire.common import Output, State
from sandbox.wire.grants import CreditIn, PleaIn, RepairIn, VerdictIn

blueprint = APIBlueprint("credit", __name__)


@endpoint(
    blueprint, "POST", "/parties/<party_id>/credit", action="credit.enter", body=CreditIn, answer=State, status=201
)
def enter_credit(call: Call, party_id: str, body: CreditIn) -> Reply:
    """Enter a breach, a suspension or an incentive into a party's credit record (信用记录)."""
    return Reply(shown(credit.enter(call.tx, call.house.journal, call.principal, party_id, **body.model_dump())))


@endpoint(blueprint, "GET", "/parties/<party_id>/credit", answer=Output)
def read_credit(call: Call, party_id: str) -> Reply:
    """Read a credit record: one's own; operators and overseers any."""
    return Reply(credit.record(call.tx, call.principal, party_id))


@endpoint(blueprint, "POST", "/credit/<credit_id>/appeal", action="credit.appeal", body=PleaIn, answer=State)
def appeal_credit(call: Call, credit_id: str, body: PleaIn) -> Reply:
    """Appeal against an entry of one's own record (申诉)."""
    return Reply(shown(credit.appeal(call.tx, call.house.journal, call.principal, credit_id, body.plea)))


@endpoint(blueprint, "POST", "/credit/<credit_id>/repair", action="credit.appeal", body=RepairIn, answer=State)
def repair_credit(call: Call, credit_id: str, body: RepairIn) -> Reply:
    """Ask for repair of an entry of one's own record (信用修复)."""
    said = body.plea, body.evidence
    return Reply(shown(credit.ask_repair(call.tx, call.house.journal, call.principal, credit_id, *said)))


@endpoint(
    blueprint,
    "POST",
    "/credit/<credit_id>/decide",
    action="credit.decide",
    body=VerdictIn,
    answer=State,
    problems=("separation_of_duties",),
)
def decide_credit(call: Call, credit_id: str, body: VerdictIn) -> Reply:
    """Decide on an appeal or a repair."""
    said = body.accepted, body.decision
    return Reply(shown(credit.decide(call.tx, call.house.journal, call.principal, credit_id, *said)))
