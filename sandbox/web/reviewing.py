"""Reviewers' pages: what waits for entry review (入域审查) and exit review (出域审核) of workspaces, and the forms.

A reviewer sees the code, what it gives, and what is said of own tables – never what is in them; of an answer what was
asked and what it cost – never the answer. A form does what the endpoint does, under the same rules of two persons."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any, TypeVar

from apiflask import APIBlueprint
from flask import Response, current_app, redirect, request
from pydantic import ValidationError

from sandbox.core.clock import now
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.identity import seconding
from sandbox.identity.keys import Principal
from sandbox.identity.records import Party, Person, Seconding
from sandbox.jobs.house import House
from sandbox.jobs.records import Job
from sandbox.oversight import doors
from sandbox.products.records import Product
from sandbox.products.workspace import admissions
from sandbox.products.workspace.records import Admission
from sandbox.web.looks import asked, log_look
from sandbox.web.sessions import csrf_token, principal_of
from sandbox.web.showing import language, page
from sandbox.web.two_persons import rehearse, second
from sandbox.web.words import word
from sandbox.wire.common import Input
from sandbox.wire.workspace import DecisionIn, ExitIn

blueprint = APIBlueprint("reviewing", __name__, enable_openapi=False)
ENTRY, EXIT = "admission.decide", "exit.decide"
MOST = 50
FORM_LIMIT = 1 << 16
I = TypeVar("I", bound=Input)  # noqa: E741


@blueprint.get("/reviews")
def reviews() -> Response:
    """What waits for who signed in, the oldest first."""
    principal = _reviewer(ENTRY)
    mine = None if principal.has("authoriser") else principal.party.id
    with _house().store.read() as tx:
        entering, leaving = doors.entering(tx, mine)[:MOST], doors.leaving(tx, mine, MOST)
        shown = {"entering": entering, "leaving": leaving, "names": _names(tx, [*entering, *leaving])}
    return _private(page("reviews.html", **shown, word=word))


@blueprint.get("/reviews/admissions/<admission_id>")
def entry_review(admission_id: str) -> Response:
    """What was handed in, and the form to decide on it."""
    principal = _reviewer(ENTRY)
    with _house().store.read() as tx:
        one = _mine(admissions.found(tx, principal, admission_id), principal, tx)
        shown: dict[str, Any] = {"one": one, "names": _names(tx, [one])}
        shown |= _form(tx, principal, one.party, one.status == "submitted", f"{_entry(one.id)}")
    return _private(page("review_entry.html", **shown, word=word, visible=visible))


@blueprint.post("/reviews/admissions/<admission_id>")
def decide_entry(admission_id: str) -> Response:
    """Admit or reject."""
    body, principal = _sent(DecisionIn, ENTRY)

    def decide(tx: Transaction) -> None:
        _mine(admissions.found(tx, principal, admission_id), principal, tx)
        admissions.decide(tx, _house().journal, principal, admission_id, body.verdict, body.reason)

    _by_two(principal, ENTRY, _entry(admission_id), body, decide)
    return _done(f"/reviews/admissions/{admission_id}")


@blueprint.get("/reviews/exits/<job_id>")
def exit_review(job_id: str) -> Response:
    """What was run and what it cost, and the form to decide on its answer."""
    principal = _reviewer(EXIT)
    with _house().store.read() as tx:
        job = _job(tx, principal, job_id)
        over = doors.review_of(tx, job)
        said = json.loads(_house().release_sealer.open(job.request, f"request:{job.id}"))
        named = re.search(r"admission_\w+", str(said.get("parameters", "")))
        ran = tx.get(Admission, named[0]) if named else None
        ran = ran if ran is not None and ran.subscription == job.subscription else None
        shown: dict[str, Any] = {"one": job, "over": over, "said": said, "ran": ran}
        waits = over is None and doors.reviewed(tx, job.product)
        shown |= _form(tx, principal, job.party, waits, _exit(job.id)) | {"names": _names(tx, [job])}
    return _private(page("review_exit.html", **shown, word=word, visible=visible))


@blueprint.post("/reviews/exits/<job_id>")
def decide_exit(job_id: str) -> Response:
    """Let the answer leave, or hold it back."""
    body, principal = _sent(ExitIn, EXIT)

    def decide(tx: Transaction) -> None:
        admissions.pass_out(tx, _house().journal, principal, job_id, body.verdict, body.reason)

    _by_two(principal, EXIT, _exit(job_id), body, decide)
    return _done(f"/reviews/exits/{job_id}")


def visible(text: str) -> str:
    """Give code as it is, with what a reader would not see – marks that turn the direction of writing, spaces of no
    width, control characters – written out: else it could show other code than what runs."""
    return "".join(_seen(one) for one in text)


def _seen(one: str) -> str:
    hidden = unicodedata.category(one) in ("Cc", "Cf", "Co", "Cn", "Zl", "Zp") and one not in "\n\t"
    return f"⟨U+{ord(one):04X}⟩" if hidden else one


def _by_two(principal: Principal, action: str, path: str, body: Input, decide: Callable[[Transaction], None]) -> None:
    """Decide, or note that a second person is needed."""
    rehearse(_house(), action, decide)
    with _house().store.write() as tx:
        if second(_house(), tx, principal, action, path, body) is None:
            decide(tx)


def _mine(one: Admission, principal: Principal, tx: Transaction) -> Admission:
    """Authors read their own with the API; as reviewers they see what came to their own workspaces."""
    product = tx.get(Product, one.product)
    if principal.has("authoriser") or (product is not None and product.operator == principal.party.id):
        return one
    raise Problem("not_found", "there is no such admission")


def _job(tx: Transaction, principal: Principal, job_id: str) -> Job:
    job = tx.get(Job, job_id)
    mine = job is not None and (job.operator == principal.party.id or principal.has("authoriser"))
    if job is None or job.kind != "workspace" or job.status != "done" or not mine:
        raise Problem("not_found", "there is no such answer of a workspace of yours")
    return job


def _form(tx: Transaction, principal: Principal, author: str, open_: bool, path: str) -> dict[str, Any]:
    """What the form needs: its token, whether there is one, and who asked first where two are needed."""
    waiting = [one for one in tx.find(Seconding, status="waiting") if one.path == path and one.until > now()]
    first = [(_asker(tx, principal, one), not _other(tx, principal, one), one.until) for one in waiting]
    return {"open": open_ and author != principal.party.id, "first": first, "token": csrf_token()}


def _asker(tx: Transaction, principal: Principal, one: Seconding) -> str:
    """Who asked first: a party and, to its own people only, which of them."""
    party = tx.get(Party, one.asked_by)
    name = party.name if party else one.asked_by
    person = tx.get(Person, one.asked_person) if one.asked_person and one.asked_by == principal.party.id else None
    return f"{person.name}, {name}" if person else name


def _other(tx: Transaction, principal: Principal, one: Seconding) -> bool:
    return seconding.somebody_else(tx, one.asked_person or one.asked_by, principal)


def _names(tx: Transaction, rows: list[Any]) -> dict[str, str]:
    """The names of parties and products of admissions or jobs."""
    found = {row.party: tx.get(Party, row.party) for row in rows}
    offered = {row.product: tx.get(Product, row.product) for row in rows}
    return {key: one.name if one else key for key, one in (found | offered).items()}


def _sent(kind: type[I], action: str) -> tuple[I, Principal]:
    """Give what a form sent and by whom: session with token or key, role, scope – then the body, with a reason."""
    request.max_content_length = FORM_LIMIT
    principal = principal_of(_house(), guarded=True, sent=request.form.get("csrf_token"))
    principal.may(action)
    principal.require_scope("write", action)
    reason = request.form.get("reason", "").strip()
    try:
        body = kind.model_validate({"verdict": request.form.get("verdict"), "reason": reason})
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        raise Problem("field_invalid", f"Field {field}: choose a verdict and write a reason.", field=field) from None
    if not reason or "\0" in reason:
        raise Problem("field_invalid", "Field reason: write why; the author reads it.", field="reason")
    return body, principal


def _reviewer(action: str) -> Principal:
    """Give who asks, as an endpoint would, with the look of an overseer logged."""
    principal = principal_of(_house(), guarded=False)
    principal.may(action)
    principal.require_scope("read", action)
    log_look(_house(), principal, action, asked())
    return principal


def _done(path: str) -> Response:
    _house().doorbell.ring("scribe")
    gone: Response = redirect(f"{path}?lang={language()}", 303)  # type: ignore[assignment]
    return gone


def _private(shown: Response) -> Response:
    shown.headers["Cache-Control"] = "no-store"
    return shown


def _entry(admission_id: str) -> str:
    return f"/api/v1/workspace/admissions/{admission_id}/decide"


def _exit(job_id: str) -> str:
    return f"/api/v1/jobs/{job_id}/exit"


def _house() -> House:
    house: House = current_app.config["HOUSE"]
    return house
