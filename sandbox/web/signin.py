"""Signing in with an OIDC provider: the authorisation code flow with PKCE, state and nonce, by Authlib."""

from __future__ import annotations

from typing import Any

import structlog
from apiflask import APIBlueprint, APIFlask
from flask import Response, current_app, redirect, request, session

from sandbox.errors import Problem
from sandbox.identity import people
from sandbox.identity.keys import fingerprint
from sandbox.jobs.house import House
from sandbox.web.sessions import TOKEN, begin, check_csrf, limits

blueprint = APIBlueprint("signin", __name__, enable_openapi=False)

PROVIDER = "provider"
PATIENCE = 10
INVITATION = "invitation"
_log = structlog.get_logger()


def install(app: APIFlask) -> None:
    """Register the provider of the settings, if there is one."""
    house: House = app.config["HOUSE"]
    settings = house.settings
    if settings.oidc_issuer is None:
        return
    from authlib.integrations.flask_client import OAuth  # takes long to load, and many instances have no provider

    oauth = OAuth(app)
    oauth.register(
        PROVIDER,
        client_id=settings.oidc_client,
        client_secret=house.oidc_secret,
        server_metadata_url=settings.oidc_issuer.rstrip("/") + "/.well-known/openid-configuration",
        client_kwargs={"scope": "openid", "code_challenge_method": "S256", "timeout": PATIENCE},
    )
    app.config["OAUTH"] = oauth


@blueprint.get("/sign-in")
def sign_in() -> Any:
    """Go to the provider; `invitation` is kept, as its hash, until one comes back."""
    provider, house = _provider(), _house()
    invitation = request.args.get(INVITATION)
    session.clear()
    if invitation:
        session[INVITATION] = fingerprint(invitation)
    try:
        return provider.authorize_redirect(f"{house.settings.public_url}/sign-in/callback")
    except _failures() as error:
        raise _away(error) from error


@blueprint.get("/sign-in/callback")
def come_back() -> Response:
    """Come back from the provider: the session begins, or a sentence says why not."""
    provider, house = _provider(), _house()
    invitation = session.get(INVITATION)
    try:
        claims = provider.authorize_access_token()["userinfo"]
        issuer, subject = str(claims["iss"]), str(claims["sub"])
    except _unreachable() as error:
        raise _away(error) from error
    except _refusals() as error:
        _log.warning("sign-in refused", error=type(error).__name__)
        raise Problem("key_invalid", "signing in did not work; begin again at /sign-in") from error
    with house.store.write() as tx:
        _, token = people.sign_in(tx, house.journal, issuer, subject, invitation, limits(house))
    begin(token)
    house.doorbell.ring("scribe")
    gone: Response = redirect("/")  # type: ignore[assignment]
    return gone


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End the session of this browser; from a form of a page, so that another site cannot."""
    house = _house()
    token = session.get(TOKEN)
    if token is not None:
        check_csrf(request.form.get("csrf_token"))
        with house.store.write() as tx:
            people.sign_out(tx, token)
        session.clear()
    gone: Response = redirect("/")  # type: ignore[assignment]
    return gone


def _provider() -> Any:
    oauth = current_app.config.get("OAUTH")
    if oauth is None:
        raise Problem("not_found", "people do not sign in here; the host sets SANDBOX_OIDC_ISSUER for that")
    return oauth.create_client(PROVIDER)


def _unreachable() -> type[Exception]:
    from requests import RequestException

    return RequestException


def _refusals() -> tuple[type[Exception], ...]:
    """What Authlib raises, and what reading an answer raises that is none."""
    from authlib.integrations.base_client.errors import OAuthError
    from joserfc.errors import JoseError

    return OAuthError, JoseError, KeyError, ValueError, TypeError


def _failures() -> tuple[type[Exception], ...]:
    return _unreachable(), *_refusals()


def _away(error: Exception) -> Problem:
    """The provider cannot be reached, or says nothing sensible. Which of both is for the host's log."""
    _log.error("provider failed", error=type(error).__name__)
    return Problem("not_ready", "the provider that people sign in with does not answer; try again later")


def _house() -> House:
    house: House = current_app.config["HOUSE"]
    return house
