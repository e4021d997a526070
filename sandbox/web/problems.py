"""The edge: every exception becomes one RFC 9457 body, here and nowhere else."""

from __future__ import annotations

import traceback
from typing import Any

import structlog
from apiflask import APIFlask, HTTPError
from flask import Response, g, json, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from sandbox.core.ids import new_id
from sandbox.core.sentences import plainly
from sandbox.core.store import Duplicate, Stale, Unavailable
from sandbox.errors import STATUS, Problem
from sandbox.web.advice import ADVICE
from sandbox.web.said import in_chinese
from sandbox.web.showing import page, to_a_person

MEDIA = "application/problem+json"
RETRY = {
    "idempotency_in_progress": "2",
    "job_not_finished": "2",
    "not_ready": "5",
    "rate_limited": "60",
    "source_unavailable": "60",
}
_WERKZEUG = {404: "not_found", 405: "method_not_allowed", 413: "upload_too_large", 415: "media_type_unsupported"}
_log = structlog.get_logger()


def body_of(problem: Problem) -> dict[str, Any]:
    """Give the RFC 9457 members of `problem`; its own members win over further fields of the same name."""
    return {
        **problem.fields,
        "type": f"/docs/errors/{problem.code}",
        "title": ADVICE[problem.code].title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
    }


def respond(problem: Problem) -> Response:
    """Give the response of `problem`, to a person as a page, and leave its code for who counts refusals."""
    g.problem = problem.code
    if to_a_person():
        response = page("problem.html", problem=problem, advice=ADVICE[problem.code], said=in_chinese(problem))
        response.status_code = problem.status
    else:
        response = Response(json.dumps(body_of(problem)), problem.status, content_type=MEDIA)
    if problem.code in RETRY:
        response.headers["Retry-After"] = RETRY[problem.code]
    if problem.status == STATUS["key_missing"]:
        response.headers["WWW-Authenticate"] = "Bearer"
    response.headers["Cache-Control"] = "no-store"
    return response


def install(app: APIFlask) -> None:
    """Register the mapping of every exception; nothing else in web catches to translate."""
    app.register_error_handler(Problem, respond)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(HTTPError, _of_validation)
    app.register_error_handler(ParseException, _of_framing)
    app.register_error_handler(Stale, _of_stale)
    app.register_error_handler(Duplicate, _of_duplicate)
    app.register_error_handler(Unavailable, _of_unavailable)
    app.register_error_handler(Exception, _of_anything)


def _of_http(error: HTTPException) -> Response:
    status = error.code or 500
    if status >= 500:
        return _of_anything(error)
    code = _WERKZEUG.get(status, "malformed_request")
    response = respond(Problem(code, ADVICE[code].todo))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _of_validation(error: HTTPError) -> Response:
    """APIFlask's validation errors: `{location: {field: [sentence, …]}}`, without the offending values."""
    located: dict[str, dict[str, list[str]]] = error.detail if isinstance(error.detail, dict) else {}
    fields = {name: "; ".join(map(plainly, said)) for found in located.values() for name, said in found.items()}
    if not fields:
        return respond(Problem("malformed_request", ADVICE["malformed_request"].todo))
    code = "epsilon_invalid" if "epsilon" in fields else "field_invalid"
    first, sentence = next(iter(fields.items()))
    return respond(Problem(code, f"{_said(first)}: {sentence}; correct it and send the request again", fields=fields))


def _said(field: str) -> str:
    return "the body" if field == "_schema" else field


def _of_framing(_: ParseException) -> Response:
    """The server found wrongly framed chunks while a handler read the body."""
    return respond(Problem("malformed_request", "the body is damaged or cut off; send it again"))


def _of_stale(_: Stale) -> Response:
    code = "version_conflict" if "If-Match" in request.headers else "state_conflict"
    return respond(Problem(code, "somebody else changed this meanwhile; read it again and repeat the request"))


def _of_unavailable(_: Unavailable) -> Response:
    return respond(
        Problem("not_ready", "the control database is away, full or busy; nothing was changed, try again later")
    )


def _of_duplicate(_: Duplicate) -> Response:
    return respond(Problem("state_conflict", "this exists already; read it instead of making it again"))


def _of_anything(error: Exception) -> Response:
    """Log where it happened under a reference – never the message, which may hold values – and say only that."""
    reference = new_id("err")
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames))
    _log.error(
        "request failed",
        reference=reference,
        method=request.method,
        endpoint=request.endpoint,
        error=type(error).__name__,
        where=where,
    )
    sentence = "the service failed; report the reference to its host and try again"
    return respond(Problem("execution_failed", sentence, reference=reference))
