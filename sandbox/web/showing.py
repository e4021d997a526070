"""How a page for people is shown: its language, and whether whoever asks is a person with a browser."""

from __future__ import annotations

from flask import Response, render_template, request

from sandbox.web.visitor import may_sign_in, visitor

LANGUAGES = ("en", "zh")


def page(template: str, **values: object) -> Response:
    """Give a page in the language that was asked for, else the browser's."""
    chosen = language()
    shown = {"visitor": visitor(), "may_sign_in": may_sign_in(), **values}
    response = Response(render_template(template, lang=chosen, zh=chosen == "zh", **shown))
    response.headers["Content-Language"] = chosen
    response.headers["Vary"] = "Accept, Accept-Language"
    return response


def language() -> str:
    """Give the language that was asked for, else the browser's: zh or en."""
    asked = request.args.get("lang")
    return asked if asked in LANGUAGES else request.accept_languages.best_match(LANGUAGES, "en") or "en"


def to_a_person() -> bool:
    """Whether a browser asks for a page; the API speaks to programs only."""
    best = request.accept_mimetypes.best_match(["application/json", "text/html"])
    return best == "text/html" and not request.path.startswith("/api/")
