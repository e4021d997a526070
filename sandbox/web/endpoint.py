"""One declaration per endpoint: who may call it, what it takes and gives, which problems it answers with.

The order of every request: key, role, scope, body, then the handler inside its transaction. A role is refused before
any id is looked up or body is read. The same declaration makes the OpenAPI description.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

from apiflask import APIBlueprint
from flask import Response, current_app, g, json, request
from pydantic import BaseModel
from werkzeug.exceptions import MethodNotAllowed

from policies.roles import RULES
from sandbox.core.store import Duplicate, Transaction
from sandbox.errors import Problem
from sandbox.identity import seconding
from sandbox.identity.keys import Principal
from sandbox.jobs.house import House
from sandbox.web import description
from sandbox.web.call import Call, Errand, Public, Reply
from sandbox.web.idempotency import Ticket
from sandbox.web.looks import asked, log_look
from sandbox.web.paging import Cursors
from sandbox.web.sessions import by_itself, principal_of
from sandbox.web.two_persons import rehearse, second
from sandbox.wire.common import Output, Page, State

DECLARED: list[Endpoint] = []
_ID = re.compile(r"[A-Za-z0-9_.\-]{1,100}")
ME = "me"
"""Stands for one's own party in `/parties/me/…`."""
Handler = Callable[..., Reply]


@dataclass(frozen=True)
class Endpoint:
    """`action` names the policy's rule of who may call; None lets every party, `public` everybody.

    `errand`: the handler opens its own transactions. `waits`: takes Prefer. `conditional`: takes If-Match. `keyed`:
    the Idempotency-Key is required. `also`: further statuses with the same answer. `media`: gives bytes of these types.
    `repeatable`: doing it twice does nothing more, so no Idempotency-Key is kept. `common`: every party reads the same
    here, or only its own, so that an overseer's look need not be logged.
    """

    method: str
    path: str
    action: str | None = None
    public: bool = False
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    parts: dict[str, Any] | None = None
    answer: type[BaseModel] = Output
    status: int = 200
    also: tuple[int, ...] = ()
    media: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    errand: bool = False
    waits: bool = False
    conditional: bool = False
    keyed: bool = False
    repeatable: bool = False
    common: bool = False

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that may call; empty when every party may."""
        return RULES.allowed(self.action) if self.action else ()

    @property
    def changes(self) -> bool:
        return self.method != "GET"


def endpoint(blueprint: APIBlueprint, method: str, path: str, **options: Any) -> Callable[[Handler], Handler]:
    """Declare the decorated handler as an endpoint; `options` are the fields of `Endpoint`."""
    declared = Endpoint(method, path, **options)
    DECLARED.append(declared)

    def register(handler: Handler) -> Handler:
        view = _runner(declared, handler)
        if declared.body:
            view = blueprint.input(declared.body, arg_name="body")(view)
        if declared.query:
            view = blueprint.input(declared.query, location="query", arg_name="query")(view)
        view = description.describe(blueprint, declared)(view)
        blueprint.add_url_rule(path, handler.__name__, _guard(declared, view), methods=[method])
        return handler

    return register


def _guard(declared: Endpoint, view: Callable[..., Response]) -> Callable[..., Response]:
    """Key, role, scope, shape of ids – in this order, before anything else is read."""

    @wraps(view)
    def guarded(**path: str) -> Response:
        if declared.errand and request.method == "HEAD":  # nobody gets a file by it, so it must not count as a delivery
            raise MethodNotAllowed(valid_methods=[declared.method])
        if not declared.public:
            house = _house()
            principal = principal_of(house, guarded=declared.changes or (declared.errand and not by_itself()))
            if declared.action:
                principal.may(declared.action)
            principal.require_scope("write" if declared.changes else "read", declared.action)
            g.principal = principal
            if path.get("party_id") == ME:
                path["party_id"] = principal.party.id
            if not declared.changes and not declared.common:
                log_look(house, principal, declared.action, asked())
        if "<path:" not in declared.path and any(not _ID.fullmatch(value) for value in path.values()):
            raise Problem("not_found", "there is no such thing; check the id")
        return view(**path)

    return guarded


def _runner(declared: Endpoint, handler: Handler) -> Callable[..., Response]:
    @wraps(handler)
    def run(**given: Any) -> Response:
        house = _house()
        if declared.query and issubclass(declared.query, Page):
            given["query"] = _cursors(house).read(given["query"])
        if declared.errand:
            return _response(declared, handler(Errand(house, g.principal), **given))
        if not declared.changes:
            with house.store.read() as tx:
                return _response(declared, handler(_call(house, tx), **given))
        return _in_transaction(declared, house, handler, given)

    return run


def _in_transaction(declared: Endpoint, house: House, handler: Handler, given: dict[str, Any]) -> Response:
    """Run the handler once per Idempotency-Key; the answer is kept by the transaction that made it."""
    ticket = _ticket(declared, house, given.get("body"))
    _rehearsed(declared, house, handler, ticket, given)
    for last in (False, True):
        try:
            with house.store.write() as tx:
                if ticket and (earlier := ticket.earlier(tx)):
                    return _json(earlier.value, earlier.status or declared.status, earlier.headers)
                reply = _seconded(declared, house, tx, given) or handler(_call(house, tx), **given)
                response = _response(declared, reply)
                if ticket:
                    shown = {**(response.get_json() or {}), **dict.fromkeys(reply.secrets)}
                    ticket.keep(tx, response.status_code, shown, _kept_headers(response))
            return response
        except Duplicate:  # the same request at the same moment was faster: show its answer
            if ticket is None or last or not _known(house, ticket):
                raise
    raise AssertionError("the second round returns or raises")


def _seconded(declared: Endpoint, house: House, tx: Transaction, given: dict[str, Any]) -> Reply | None:
    """Give None when one person suffices, or a second asks for the same now; else what says that it waits."""
    if declared.action is None:
        return None
    waiting = second(house, tx, g.principal, declared.action, _path(declared, given), given.get("body"))
    return None if waiting is None else Reply(seconding.view(waiting), status=202)


def _rehearsed(
    declared: Endpoint, house: House, handler: Handler, ticket: Ticket | None, given: dict[str, Any]
) -> None:
    """Refuse who asks first for what it may not do, unless this request was answered before."""

    def act(tx: Transaction) -> None:
        if ticket is None or not ticket.earlier(tx):
            handler(_call(house, tx), **given)

    if declared.action in seconding.ASKABLE:
        rehearse(house, declared.action, act)


def _path(declared: Endpoint, given: dict[str, Any]) -> str:
    """The path that was asked for, with the id of whoever wrote `me`: of two parties that is not the same."""
    return "/api/v1" + re.sub(r"<(\w+)>", lambda found: str(given[found[1]]), declared.path)


def _known(house: House, ticket: Ticket) -> bool:
    with house.store.read() as tx:
        return ticket.earlier(tx) is not None


def _ticket(declared: Endpoint, house: House, body: BaseModel | None) -> Ticket | None:
    if declared.method != "POST" or declared.repeatable:
        return None
    content = body.model_dump(mode="json") if body else {}
    principal: Principal | None = g.get("principal")
    # without a key nobody's requests may collide with another's: the content is part of the scope
    scope = principal.party.id if principal else json.dumps(content, sort_keys=True)
    return Ticket.read(house, scope, content)


def _call(house: House, tx: Any) -> Public:
    principal: Principal | None = g.get("principal")
    return Call(house, tx, principal) if principal else Public(house, tx)


def _cursors(house: House) -> Cursors:
    principal: Principal | None = g.get("principal")
    return Cursors(house.cookie_key, request.path, principal.party.id if principal else "")


def _house() -> House:
    house: House = current_app.config["HOUSE"]
    return house


def _response(declared: Endpoint, reply: Reply) -> Response:
    headers = {"Location": reply.location} if reply.location else {}
    headers.update(reply.headers)
    status = reply.status or declared.status
    if reply.media:
        return Response(reply.value, status, headers, content_type=reply.media)
    if declared.query and issubclass(declared.query, Page):
        reply = replace(reply, value=_cursors(_house()).put(reply.value))
    answer = declared.answer if status != 202 or declared.status == 202 or 202 in declared.also else State
    value = answer.model_validate(reply.value).model_dump(mode="json", by_alias=True)
    return _json(value, status, headers)


def _json(value: Any, status: int, headers: dict[str, str]) -> Response:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, headers, content_type="application/json")


def _kept_headers(response: Response) -> dict[str, str]:
    return {name: response.headers[name] for name in ("Location", "ETag") if name in response.headers}
