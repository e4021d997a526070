"""People who sign in, their session, two persons for one action."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import session

from policies.alerts import TWO_PERSONS
from sandbox.errors import Problem
from sandbox.identity import people, seconding
from sandbox.identity.records import Person, Seconding
from sandbox.web.call import Call, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import cut, page
from sandbox.web.sessions import TOKEN, csrf_token
from sandbox.wire.common import Items, Output, Page, State
from sandbox.wire.watching import PersonIn, PersonOut, SessionOut, TwoPersonsIn

blueprint = APIBlueprint("people", __name__)


@endpoint(
    blueprint,
    "POST",
    "/parties/<party_id>/people",
    action="person.invite",
    body=PersonIn,
    answer=PersonOut,
    status=201,
    problems=("separation_of_duties",),
)
def invite_person(call: Call, party_id: str, body: PersonIn) -> Reply:
    """Let somebody act for a party after signing in; the invitation is shown this once."""
    scopes = body.scopes or ["read", "write"]
    made, token = people.invite(call.tx, call.house.journal, call.principal, party_id, body.name, scopes)
    return Reply({**people.view(made), "invitation": token}, secrets=("invitation",))


@endpoint(blueprint, "GET", "/parties/<party_id>/people", action="person.invite", query=Page, answer=Items)
def list_people(call: Call, party_id: str, query: Page) -> Reply:
    """List the people of one's own party."""

    def fetch(limit: int, after: str | None) -> list[Person]:
        return people.listed(call.tx, call.principal, party_id, limit, after)

    return Reply(cut(fetch, query, people.view))


@endpoint(blueprint, "DELETE", "/people/<person_id>", action="person.invite", answer=State)
def end_person(call: Call, person_id: str) -> Reply:
    """Let somebody act for the party no more: every session ends at once."""
    return Reply(people.view(people.end(call.tx, call.house.journal, call.principal, person_id)))


@endpoint(blueprint, "GET", "/session", answer=SessionOut, common=True, problems=("not_found",))
def read_session(call: Call) -> Reply:
    """Say who is signed in, and the token that further requests send as `X-CSRF-Token`."""
    principal = call.principal
    if principal.person is None:
        raise Problem("not_found", "this request uses a key; people sign in at /sign-in")
    said = {"id": principal.person.id, "name": principal.person.name, "party": principal.party.id}
    more = {"roles": principal.party.roles, "scopes": principal.key.scopes, "csrf_token": csrf_token()}
    return Reply(said | more)


@endpoint(blueprint, "DELETE", "/session", answer=Output, problems=("not_found",))
def end_session(call: Call) -> Reply:
    """Sign out."""
    if call.principal.person is None:
        raise Problem("not_found", "this request uses a key; there is no session to end")
    people.sign_out(call.tx, session[TOKEN])
    session.clear()
    return Reply({"status": "ended"})


@endpoint(blueprint, "GET", "/two-persons", action="seconding.read", answer=Output)
def read_two_persons(call: Call) -> Reply:
    """Say which actions need two persons, and which may be made to."""
    return Reply({"actions": seconding.in_force(call.tx), "offered": list(TWO_PERSONS)})


@endpoint(blueprint, "POST", "/two-persons", action="two_person.set", body=TwoPersonsIn, answer=Output)
def set_two_persons(call: Call, body: TwoPersonsIn) -> Reply:
    """Ask for two persons for exactly these actions; needs two itself as soon as anything does."""
    actions = seconding.change(call.tx, call.house.journal, call.principal, body.actions)
    return Reply({"actions": actions, "offered": list(TWO_PERSONS)})


@endpoint(blueprint, "GET", "/secondings", action="seconding.read", query=Page, answer=Items)
def list_secondings(call: Call, query: Page) -> Reply:
    """List requests that wait for a second person; others than overseers see their own party's."""
    principal = call.principal
    seen = lambda one: principal.oversees or one.asked_by == principal.party.id  # noqa: E731
    return Reply(page(call.tx, Seconding, query, seconding.view, seen, status="waiting"))
