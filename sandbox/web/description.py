"""The OpenAPI description: APIFlask writes it from the declarations; here stands what it cannot know by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from apiflask import APIBlueprint, APIFlask

from policies.alerts import TWO_PERSONS
from sandbox.errors import STATUS
from sandbox.identity.seconding import SETTING
from sandbox.web.problems import MEDIA
from sandbox.wire.common import ProblemBody, State

if TYPE_CHECKING:
    from sandbox.web.endpoint import Endpoint

PREFIX = "/api/v1"
SECURITY = "key"
SESSION = "session"


def describe(blueprint: APIBlueprint, declared: Endpoint) -> Callable[[Any], Any]:
    """Give the decorator that documents a view: its answer, its problems by status, its security."""

    def decorate(view: Any) -> Any:
        responses: dict[int, Any] = {}
        for code in sorted(problems_of(declared)):
            responses.setdefault(STATUS[code], []).append(code)
        shaped = {status: _problem_response(codes) for status, codes in responses.items()}
        answer = {"application/json": {"schema": {"$ref": f"#/components/schemas/{declared.answer.__name__}"}}}
        if declared.media:
            binary = {media: {"schema": {"type": "string", "format": "binary"}} for media in declared.media}
            content = {media: answer["application/json"] if "json" in media else binary[media] for media in binary}
            shaped[declared.status] = {"content": content, "description": "the file"}
        shaped.update({status: {"content": answer, "description": "accepted"} for status in declared.also})
        if may_wait(declared):
            waits = {"application/json": {"schema": {"$ref": f"#/components/schemas/{State.__name__}"}}}
            shaped.setdefault(202, {"content": waits, "description": "waits for a second person"})
        view = blueprint.output(declared.answer, declared.status)(view)
        return blueprint.doc(responses=cast(Any, shaped), security=None if declared.public else SECURITY)(view)

    return decorate


def may_wait(declared: Endpoint) -> bool:
    """Say whether two persons may be asked for, and so the answer be that the request waits for the second."""
    return declared.changes and declared.action in (*TWO_PERSONS, SETTING)


def problems_of(declared: Endpoint) -> set[str]:
    """Give every code the endpoint may answer with: its own and those that follow from its shape."""
    codes = {*declared.problems, "execution_failed"}
    if not declared.public:
        codes |= {"key_missing", "key_invalid", "party_suspended", "role_not_allowed", "scope_not_allowed"}
        codes |= {"rate_limited", "csrf_invalid"} if declared.changes or declared.errand else {"rate_limited"}
    if may_wait(declared):
        codes.add("two_person_required")
    if "<" in declared.path:
        codes.add("not_found")
    if declared.method != "GET":
        codes |= {"malformed_request", "state_conflict", "idempotency_conflict"}
    if declared.body or declared.query:
        codes |= {"field_invalid", "malformed_request"}
    if declared.body or declared.parts:
        codes |= {"media_type_unsupported", "upload_too_large"}
    if declared.conditional:
        codes.add("version_conflict")
    return codes


def _problem_response(codes: list[str]) -> dict[str, Any]:
    schema = {
        "allOf": [
            {"$ref": f"#/components/schemas/{ProblemBody.__name__}"},
            {"type": "object", "properties": {"code": {"enum": codes}}},
        ]
    }
    return {"description": ", ".join(codes), "content": {MEDIA: {"schema": schema}}}


def install(app: APIFlask) -> None:
    """Complete the generated description with problem bodies, header parameters, multipart bodies and headers."""
    app.security_schemes = {SECURITY: {"type": "http", "scheme": "bearer", "description": "an API key `sbx_…`"}}
    app.security_schemes[SESSION] = {
        "type": "apiKey",
        "in": "cookie",
        "name": "sandbox",
        "description": "after sign-in",
    }

    def complete(spec: Any) -> Any:
        from sandbox.web.endpoint import DECLARED

        spec["components"]["schemas"][ProblemBody.__name__] = ProblemBody.model_json_schema()
        for declared in DECLARED:
            path = PREFIX + declared.path.replace("<path:", "{").replace("<", "{").replace(">", "}")
            _complete(spec["paths"][path][declared.method.lower()], declared)
        return spec

    app.spec_processor(complete)


def _complete(operation: dict[str, Any], declared: Endpoint) -> None:
    parameters = operation.setdefault("parameters", [])
    if declared.method == "POST":
        text = "makes a repeated request harmless; new for each new request"
        parameters.append(_header("Idempotency-Key", text, declared.keyed))
    if declared.waits:
        parameters.append(_header("Prefer", "`wait=30` holds the answer up to so many seconds, at most 60"))
    if declared.conditional:
        parameters.append(_header("If-Match", "the ETag that was read; another one is refused"))
    if declared.parts:
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": declared.parts}}}
    elif declared.body:
        operation["requestBody"]["required"] = bool(declared.body.model_json_schema().get("required"))
    if declared.roles:
        operation["x-roles"] = list(declared.roles)
    for status in {declared.status, *declared.also} & {201, 202}:
        location = {"Location": {"schema": {"type": "string"}, "description": "where it is"}}
        operation["responses"][str(status)]["headers"] = location


def _header(name: str, text: str, required: bool = False) -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"}
    return {"in": "header", "name": name, "description": text, "required": required, "schema": schema}
