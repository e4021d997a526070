"""Who looks at a page: a person who signed in, or anybody."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, request, session

from sandbox.errors import Problem
from sandbox.web.sessions import TOKEN, csrf_token, principal_of


@dataclass(frozen=True)
class Visitor:
    """Somebody signed in: their name, the party they act for, and what their forms send along."""

    name: str
    party: str
    token: str


def visitor() -> Visitor | None:
    """Give who signed in with this browser; None for everybody else, and once the session is over."""
    if TOKEN not in session or "Authorization" in request.headers:
        return None
    try:
        principal = principal_of(current_app.config["HOUSE"], guarded=False)
    except Problem:
        return None
    if principal.person is None:
        return None
    return Visitor(principal.person.name, principal.party.name, csrf_token())


def may_sign_in() -> bool:
    """Say whether people sign in here at all."""
    return current_app.config.get("OAUTH") is not None
