"""The policies that decide: read, proposed, tried against the past, put in force."""

from __future__ import annotations

from apiflask import APIBlueprint

from sandbox.grants import policy
from sandbox.grants.records import PolicyVersion
from sandbox.web.call import Call, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import page
from sandbox.wire.common import Items, Nothing, Output, Page, State
from sandbox.wire.grants import PoliciesIn

blueprint = APIBlueprint("policies", __name__)


@endpoint(blueprint, "GET", "/policies", action="policy.read", common=True, answer=Output)
def read_policies(call: Call) -> Reply:
    """Read the policies in force: their text in Cedar, their ids, and which of them are law."""
    return Reply(policy.now_deciding(call.tx))


@endpoint(blueprint, "POST", "/policies", action="policy.propose", body=PoliciesIn, answer=State, status=201)
def propose_policies(call: Call, body: PoliciesIn) -> Reply:
    """Put a new version on record, if it is valid; it decides nothing yet."""
    made = policy.propose(call.tx, call.house.journal, call.principal, body.text, body.note)
    return Reply(policy.view(made), location=f"/api/v1/policies/versions/{made.id}")


@endpoint(blueprint, "POST", "/policies/test", action="policy.propose", body=PoliciesIn, answer=Output, repeatable=True)
def test_policies(call: Call, body: PoliciesIn) -> Reply:
    """Try a text against past requests: which would have been decided otherwise. Nothing changes."""
    return Reply(policy.trial(call.tx, body.text))


@endpoint(blueprint, "GET", "/policies/versions", action="policy.read", common=True, query=Page, answer=Items)
def list_policies(call: Call, query: Page) -> Reply:
    """List all versions ever proposed."""
    return Reply(page(call.tx, PolicyVersion, query, policy.view))


@endpoint(blueprint, "GET", "/policies/versions/<policies_id>", action="policy.read", common=True, answer=State)
def read_policy_version(call: Call, policies_id: str) -> Reply:
    """Read a version with its text."""
    made = policy.found(call.tx, policies_id)
    return Reply(policy.view(made) | {"text": made.text})


@endpoint(
    blueprint,
    "POST",
    "/policies/versions/<policies_id>/activate",
    action="policy.activate",
    body=Nothing,
    answer=State,
)
def activate_policies(call: Call, policies_id: str, body: Nothing) -> Reply:
    """Put a version in force from the next decision on; an earlier one, too."""
    return Reply(policy.view(policy.activate(call.tx, call.house.journal, call.principal, policies_id)))
