"""Persons: consent, who asked about me, what persons demand."""

from __future__ import annotations

from apiflask import APIBlueprint

from sandbox.core.view import shown
from sandbox.persons import consent, identified, inquiries, requests
from sandbox.web.call import Call, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import cut
from sandbox.wire.common import Items, Page, Record, State
from sandbox.wire.persons import ConsentIn, DemandAnswerIn, DemandIn, IdentityIn

blueprint = APIBlueprint("persons", __name__)


@endpoint(
    blueprint,
    "POST",
    "/subjects",
    action="subject.identify",
    body=IdentityIn,
    answer=Record,
    status=201,
    problems=("not_found", "state_conflict"),
    repeatable=True,
)
def identify_subject(call: Call, body: IdentityIn) -> Reply:
    """Let a party stand for the person whose identity was proved; the number is not stored."""
    person = call.house.pseudonyms.read(body.person.model_dump())
    made = identified.identify(call.tx, call.house.journal, call.principal, body.party, person, body.method)
    return Reply(shown(made, "subject"))


@endpoint(
    blueprint,
    "POST",
    "/consents",
    action="consent.give",
    body=ConsentIn,
    answer=State,
    status=201,
    problems=("not_found", "consent_missing"),
    repeatable=True,
)
def give_consent(call: Call, body: ConsentIn) -> Reply:
    """Record one consent (单独同意): by the person, a child's guardian, or the user that collected it."""
    pseudonyms, said = call.house.pseudonyms, body.model_dump(exclude={"person"})
    person, asked = pseudonyms.read(body.person.model_dump()), consent.Asked(**said)
    made = consent.give(call.tx, call.house.journal, pseudonyms, call.principal, person, asked)
    return Reply(consent.view(made), location="/api/v1/consents")


@endpoint(blueprint, "GET", "/consents", action="consent.give", query=Page, answer=Items)
def list_consents(call: Call, query: Page) -> Reply:
    """List one's own consents, or those given to oneself."""
    fetch = lambda limit, after: consent.mine(call.tx, call.principal, limit=limit, after=after)  # noqa: E731
    return Reply(cut(fetch, query, consent.view))


@endpoint(blueprint, "DELETE", "/consents/<consent_id>", action="consent.withdraw", answer=State)
def withdraw_consent(call: Call, consent_id: str) -> Reply:
    """Withdraw a consent, with immediate effect."""
    return Reply(consent.view(consent.withdraw(call.tx, call.house.journal, call.principal, consent_id)))


@endpoint(
    blueprint, "GET", "/subjects/me/inquiries", action="inquiry.read", query=Page, answer=Items,
    problems=("state_conflict",),
)  # fmt: skip
def list_inquiries(call: Call, query: Page) -> Reply:
    """List who asked about oneself: when, by which product, for what, on which basis."""
    fetch = lambda limit, after: inquiries.about_me(call.tx, call.principal, limit=limit, after=after)  # noqa: E731
    return Reply(cut(fetch, query, lambda inquiry: inquiries.view(call.tx, inquiry)))


@endpoint(
    blueprint,
    "POST",
    "/subjects/me/demands",
    action="person_request.file",
    body=DemandIn,
    answer=State,
    status=201,
    problems=("not_found", "state_conflict"),
)
def file_demand(call: Call, body: DemandIn) -> Reply:
    """Object, or ask for correction, a copy or erasure of what a resource holds of oneself."""
    house, sealer = call.house, call.house.release_sealer
    made = requests.demand(call.tx, house.journal, sealer, call.principal, body.kind, body.resource, body.text)
    return Reply(requests.view(sealer, made))


@endpoint(blueprint, "GET", "/subjects/demands", query=Page, answer=Items)
def list_demands(call: Call, query: Page) -> Reply:
    """List one's own demands, and those about resources that one answers for."""
    fetch = lambda limit, after: requests.filed(call.tx, call.principal, limit=limit, after=after)  # noqa: E731
    return Reply(cut(fetch, query, lambda made: requests.view(call.house.release_sealer, made)))


@endpoint(
    blueprint,
    "POST",
    "/subjects/demands/<demand_id>/answer",
    action="person_request.answer",
    body=DemandAnswerIn,
    answer=State,
)
def answer_demand(call: Call, demand_id: str, body: DemandAnswerIn) -> Reply:
    """Answer a demand about a resource that one answers for; an upheld objection holds at once."""
    house, sealer = call.house, call.house.release_sealer
    done = requests.answer(call.tx, house.journal, sealer, call.principal, demand_id, body.upheld, body.answer)
    return Reply(requests.view(sealer, done))
