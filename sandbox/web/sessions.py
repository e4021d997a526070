"""Who asks: by the key of the request, or by the session of somebody who signed in.

The cookie is signed, not readable by scripts, not sent from other sites, and holds a token whose hash is in the
database. Requests that change something, or fetch what counts as delivered, also need the session's token in the header
`X-CSRF-Token`, which another site cannot know.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Flask, Request, current_app, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_wtf.csrf import generate_csrf, validate_csrf
from wtforms.validators import ValidationError

from sandbox.errors import Problem
from sandbox.identity import people
from sandbox.identity.keys import Principal, authenticate
from sandbox.jobs.house import House
from sandbox.web.known import Known

TOKEN = "signed_in"  # noqa: S105 – the name of a field
HEADER = "X-CSRF-Token"
KNOWN = "KNOWN"
BRISK = {"verifications.ask_claim"}
"""Endpoints that are asked so often that a key is not looked up each time."""


class Cookies(SecureCookieSessionInterface):
    """Most requests come with a key and no cookie: for these no signature is made ready."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)


def configure(house: House) -> dict[str, object]:
    """Give the settings of cookies. The name `__Host-` binds a cookie to this host, over TLS."""
    secure = (house.settings.public_url or "").startswith("https://")
    return {
        "SECRET_KEY": house.cookie_key,
        KNOWN: Known(),
        "SESSION_COOKIE_NAME": "__Host-sandbox" if secure else "sandbox",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": limits(house).longest,
        "SESSION_REFRESH_EACH_REQUEST": False,
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session
    }


def principal_of(house: House, *, guarded: bool, sent: str | None = None) -> Principal:
    """Give who asks; a key wins over a session. `guarded`: of a session the CSRF token is asked for, in its header or,
    of a form, as what it `sent`.

    Raises key_missing, key_invalid, party_suspended, csrf_invalid."""
    header = request.headers.get("Authorization")
    token = session.get(TOKEN) if header is None else None
    if token is None:
        if header is not None and request.endpoint in BRISK:
            known: Known = current_app.config[KNOWN]
            return known.of(header, lambda: _named(house, header))
        return _named(house, header)
    if guarded:
        check_csrf(sent)
    with house.store.read() as tx:
        principal, found = people.resume(tx, token, limits(house))
    if people.grown_old(found):
        with house.store.write(durable=False) as tx:
            people.seen(tx, found)
    return principal


def by_itself() -> bool:
    """Say whether a browser asked on its own: a person followed a link of this service, or typed the address. Scripts
    cannot write this header (Fetch Metadata), so no other site made the browser ask; old browsers send none."""
    return request.headers.get("Sec-Fetch-Site") in ("same-origin", "none")


def _named(house: House, header: str | None) -> Principal:
    with house.store.read() as tx:
        return authenticate(tx, header)


def begin(token: str) -> None:
    """Make this browser's session the one with `token`; what it held before is gone."""
    session.clear()
    session.permanent = True
    session[TOKEN] = token


def csrf_token() -> str:
    """Give the token that requests of this session send along."""
    return str(generate_csrf())


def limits(house: House) -> people.Limits:
    """How long sessions last, by the settings."""
    settings = house.settings
    return people.Limits(timedelta(hours=settings.session_hours), timedelta(minutes=settings.session_idle_minutes))


def check_csrf(sent: str | None = None) -> None:
    """Let a request of a session pass that another site cannot have sent. Raises csrf_invalid."""
    try:
        validate_csrf(sent or request.headers.get(HEADER), secret_key=current_app.secret_key)
    except ValidationError:
        raise Problem(
            "csrf_invalid", f"send the header {HEADER} with the csrf_token that GET /api/v1/session gives"
        ) from None
