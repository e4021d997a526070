"""The application: blueprints, the edge, headers, health."""

from __future__ import annotations

from apiflask import APIFlask
from flask import Response, request

from sandbox import __version__
from sandbox.jobs.house import House
from sandbox.products.verification.desk import Desk
from sandbox.web import description, health, pages, papers, problems, refusals, reviewing, sessions, signin, waiting
from sandbox.web.api import BLUEPRINTS, verifications
from sandbox.web.kept import Kept
from sandbox.web.looks import LOOKS, Looks
from sandbox.web.reading import ApiRequest

DRAIN = 64 << 20
"""A refused upload is read and dropped up to this size, so that the client sees the refusal and not a broken line."""

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}


class Service(APIFlask):
    request_class = ApiRequest
    session_interface = sessions.Cookies()


def create_app(house: House) -> Service:
    """Give the WSGI application that serves `house`."""
    app = Service(
        "sandbox.web",
        title="Data Product Sandbox",
        version=__version__,
        spec_path=f"{description.PREFIX}/openapi.json",
        docs_path=None,
        json_errors=False,
    )
    app.config.update(
        HOUSE=house,
        DISCLOSURE=Kept(60),
        **sessions.configure(house),
        **{LOOKS: Looks(), verifications.DESK: Desk(house)},
        **{waiting.SEATS: waiting.seats(house.settings.threads)},
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_AUTH_ERROR_RESPONSE=False,
        AUTO_404_RESPONSE=False,
        AUTO_SERVERS=False,
        AUTO_OPERATION_ID=True,
        PROPAGATE_EXCEPTIONS=False,
    )
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    description.install(app)
    problems.install(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint, url_prefix=description.PREFIX)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(papers.blueprint)
    app.register_blueprint(reviewing.blueprint)
    app.register_blueprint(signin.blueprint)
    signin.install(app)
    app.after_request(_finish)
    refusals.install(app)
    return app


def _finish(response: Response) -> Response:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if request.path.startswith(description.PREFIX):
        response.headers.setdefault("Cache-Control", "no-store")
    if response.status_code >= 400 and request.method in ("POST", "PUT"):
        _drain()
    return response


def _drain() -> None:
    left = DRAIN
    try:
        while left > 0 and (chunk := request.stream.read(1 << 16)):
            left -= len(chunk)
    except Exception:  # noqa: BLE001 – the client is gone or lied about its length; the refusal stands
        return
