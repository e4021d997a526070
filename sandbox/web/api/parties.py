"""Parties, their keys and enrolments."""

from __future__ import annotations

from datetime import timedelta

from apiflask import APIBlueprint

from policies.roles import RULES
from sandbox.identity import parties
from sandbox.identity.records import ApiKey, Party
from sandbox.web.call import Call, Public, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import cut, page
from sandbox.wire.common import Items, Nothing, Page, State
from sandbox.wire.parties import EnrolmentIn, KeyGone, KeyIn, KeyOut, PartyIn, PartyOut, RotateIn

blueprint = APIBlueprint("parties", __name__)


@endpoint(
    blueprint,
    "POST",
    "/parties",
    action="party.create",
    body=PartyIn,
    answer=PartyOut,
    status=201,
    problems=("separation_of_duties",),
)
def create_party(call: Call, body: PartyIn) -> Reply:
    """Create a party; its key, or for regulator, auditor and authoriser its one-time token, is shown this once."""
    house = call.house
    party, key, token = parties.create_party(
        call.tx, house.journal, call.principal, body.name, body.roles, body.credit_code
    )
    shown = {**parties.view(party), "api_key": key, "enrolment_token": token}
    return Reply(shown, location=f"/api/v1/parties/{party.id}", secrets=("api_key", "enrolment_token"))


@endpoint(blueprint, "GET", "/parties", action="party.list", query=Page, answer=Items)
def list_parties(call: Call, query: Page) -> Reply:
    """List the parties."""
    return Reply(page(call.tx, Party, query, parties.view))


@endpoint(blueprint, "GET", "/parties/<party_id>", answer=State)
def read_party(call: Call, party_id: str) -> Reply:
    """Read one's own party, or as overseer anybody's."""
    found = call.tx.get(Party, party_id)
    return Reply(parties.view(call.visible(found, "party", lambda party: party.id)))


@endpoint(
    blueprint,
    "POST",
    "/enrolments",
    public=True,
    body=EnrolmentIn,
    answer=KeyOut,
    status=201,
    problems=("key_invalid", "rate_limited"),
)
def enrol(call: Public, body: EnrolmentIn) -> Reply:
    """Turn a one-time token into the party's own first key."""
    key, text = parties.enrol(call.tx, call.house.journal, body.token)
    return Reply({**parties.view(key), "api_key": text}, location=f"/api/v1/parties/{key.party}", secrets=("api_key",))


@endpoint(
    blueprint,
    "POST",
    "/parties/<party_id>/keys",
    action="key.create",
    body=KeyIn,
    answer=KeyOut,
    status=201,
    problems=("separation_of_duties",),
)
def create_key(call: Call, party_id: str, body: KeyIn) -> Reply:
    """Make a further key for one's own party, or as authoriser for one that it may hold keys of."""
    key, text = parties.create_key(
        call.tx, call.house.journal, call.principal, party_id, body.scopes or RULES.whole, body.expires_at
    )
    return Reply({**parties.view(key), "api_key": text}, location=f"/api/v1/keys/{key.id}", secrets=("api_key",))


@endpoint(blueprint, "GET", "/parties/<party_id>/keys", action="key.create", query=Page, answer=Items)
def list_keys(call: Call, party_id: str, query: Page) -> Reply:
    """List the keys of one's own party: scopes, expiry, whether revoked; never the key itself."""

    def fetch(limit: int, after: str | None) -> list[ApiKey]:
        return parties.keys_of(call.tx, call.principal, party_id, limit, after)

    return Reply(cut(fetch, query, parties.view))


@endpoint(
    blueprint,
    "POST",
    "/keys/<key_id>/rotate",
    action="key.create",
    body=RotateIn,
    answer=KeyOut,
    status=201,
    problems=("separation_of_duties",),
)
def rotate_key(call: Call, key_id: str, body: RotateIn) -> Reply:
    """Make a new key that may do what this one may; this one works on for some hours, then expires."""
    overlap = timedelta(hours=body.overlap_hours)
    key, text = parties.rotate(call.tx, call.house.journal, call.principal, key_id, overlap)
    return Reply({**parties.view(key), "api_key": text}, location=f"/api/v1/keys/{key.id}", secrets=("api_key",))


@endpoint(blueprint, "DELETE", "/keys/<key_id>", action="key.revoke", answer=KeyGone)
def revoke_key(call: Call, key_id: str) -> Reply:
    """Revoke a key, for ever."""
    return Reply(parties.view(parties.revoke(call.tx, call.house.journal, call.principal, key_id)))


@endpoint(
    blueprint,
    "POST",
    "/parties/<party_id>/suspend",
    action="party.suspend",
    body=Nothing,
    answer=State,
    problems=("separation_of_duties",),
)
def suspend_party(call: Call, party_id: str, body: Nothing) -> Reply:
    """Suspend a party: its keys stop at once."""
    return Reply(parties.view(parties.suspend(call.tx, call.house.journal, call.principal, party_id)))


@endpoint(
    blueprint,
    "POST",
    "/parties/<party_id>/reinstate",
    action="party.reinstate",
    body=Nothing,
    answer=State,
    problems=("separation_of_duties",),
)
def reinstate_party(call: Call, party_id: str, body: Nothing) -> Reply:
    """Reinstate a suspended party."""
    return Reply(parties.view(parties.reinstate(call.tx, call.house.journal, call.principal, party_id)))
