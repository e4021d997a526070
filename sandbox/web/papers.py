"""Papers to be read in a browser: the price list and published reports by everybody; statements, settlements, letters
and reports by whom they concern, signed in."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response, current_app, jsonify

from sandbox.billing import invoices, letters, published, settlements, yearly
from sandbox.billing.letter_paper import letter_paper
from sandbox.billing.papers import invoice_facts, settlement_paper, statement_paper
from sandbox.billing.records import Dispute, Letter, Settlement, YearlyReport
from sandbox.billing.statement import revenue, statement
from sandbox.billing.yearly_paper import report_paper
from sandbox.core.clock import now
from sandbox.identity.keys import Principal
from sandbox.identity.records import Party
from sandbox.jobs.house import House
from sandbox.papers.paper import Paper
from sandbox.papers.pdf import pdf
from sandbox.web.looks import asked, log_look
from sandbox.web.sessions import principal_of
from sandbox.web.showing import language, page
from sandbox.web.words import word

blueprint = APIBlueprint("papers", __name__, enable_openapi=False)
NEWEST = 50


@blueprint.get("/prices")
def prices() -> Response:
    """The public price list (收费标准公示): what each product costs for each purpose, ceilings, announced changes."""
    with _house().store.read() as tx:
        return page("prices.html", listed=published.price_list(tx), word=word)


@blueprint.get("/reports")
def reports() -> Response:
    """The yearly reports that everybody may read."""
    with _house().store.read() as tx:
        return page("reports.html", reports=yearly.public(tx))


@blueprint.get("/reports/<report_id>")
def report(report_id: str) -> Response:
    """A yearly report: a published one for everybody, others for whom they concern."""
    found = _report(report_id)
    paper, here = report_paper(found.content, found.created_at, language()), f"/reports/{found.id}"
    return _page(paper, f"{here}.pdf", data=f"{here}.json")


@blueprint.get("/reports/<report_id>.pdf")
def report_file(report_id: str) -> Response:
    """The same as a file."""
    found = _report(report_id)
    name = {"Content-Disposition": f'attachment; filename="report-{found.year}-{found.number}.pdf"'}
    content = pdf(report_paper(found.content, found.created_at, language()))
    return Response(content, headers=name, content_type="application/pdf")


@blueprint.get("/reports/<report_id>.json")
def report_data(report_id: str) -> Response:
    """The same as data."""
    return jsonify(yearly.view(_report(report_id)))


@blueprint.get("/papers")
def papers() -> Response:
    """What papers there are for who signed in, the newest first."""
    principal = _reader("statement.read")
    mine: dict[str, Any] = {}
    with _house().store.read() as tx:
        newest: dict[str, Any] = {"order": ["-created_at"], "limit": NEWEST}
        whose = newest if principal.oversees else newest | {"operator": principal.party.id}
        settled = tx.find(Settlement, **whose)
        if not principal.oversees:
            settled += tx.find(Settlement, **newest, party=principal.party.id)
        if principal.oversees or principal.has("operator"):
            mine = {"letters": tx.find(Letter, **whose), "reports": tx.find(YearlyReport, **whose)}
        objections = tx.find(Dispute, **whose)
        if not principal.oversees:
            objections += tx.find(Dispute, **newest, party=principal.party.id)
        names = {one: tx.get(Party, one) for row in settled for one in (row.operator, row.party)}
    months = sorted({one.month for one in settled} | {f"{now():%Y-%m}"}, reverse=True)
    said = {one: party.name if party else one for one, party in names.items()}
    shown: dict[str, Any] = {"months": [] if principal.oversees else months, "settled": settled, "names": said}
    return page("papers.html", **shown, disputes=objections, word=word, name=letters.name, **mine)


@blueprint.get("/letters/<letter_id>")
def letter(letter_id: str) -> Response:
    """A letter to both departments."""
    principal = _reader("survey.read")
    with _house().store.read() as tx:
        found = letters.found(tx, principal, letter_id)
    return _page(letter_paper(found, language()), f"/api/v1/letters/{found.id}?format=pdf")


@blueprint.get("/settlements/<settlement_id>")
def settlement(settlement_id: str) -> Response:
    """A settlement (结算单) or note, with the numbers of its tax invoices."""
    principal = _reader("statement.read")
    with _house().store.read() as tx:
        found = settlements.found(tx, principal, settlement_id)
        paper = settlement_paper(tx, found, language())
        paper.facts(invoice_facts(map(invoices.view, invoices.of_settlements(tx, [found])), language()))
    return _page(paper, f"/api/v1/settlements/{found.id}?format=pdf")


@blueprint.get("/statements/<month>")
def sheet(month: str) -> Response:
    """One's own statement (账单) of a month, or what one's products earned."""
    principal = _reader("statement.read")
    draw = revenue if principal.has("operator") else statement
    with _house().store.read() as tx:
        paper = statement_paper(tx, draw(tx, principal.party, month), now(), language())
    return _page(paper, f"/api/v1/statements/{month}?format=pdf")


def _report(report_id: str) -> YearlyReport:
    with _house().store.read() as tx:
        found = tx.get(YearlyReport, report_id)
    if found is not None and found.published:
        return found
    principal = _reader("survey.read")
    with _house().store.read() as tx:
        return yearly.found(tx, principal, report_id)


def _reader(action: str) -> Principal:
    """Give who asks, as an endpoint would: by session or key, role, scope, and with the look of an overseer logged."""
    principal = principal_of(_house(), guarded=False)
    principal.may(action)
    principal.require_scope("read", action)
    log_look(_house(), principal, action, asked())
    return principal


def _page(paper: Paper, file: str, data: str | None = None) -> Response:
    ending = "&" if "?" in file else "?"
    return page("paper.html", paper=paper, file=f"{file}{ending}lang={language()}", data=data)


def _house() -> House:
    house: House = current_app.config["HOUSE"]
    return house
