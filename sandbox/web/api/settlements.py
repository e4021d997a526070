"""Settlements of months, and disputes about them (P5, P9)."""

from __future__ import annotations

from decimal import Decimal

from apiflask import APIBlueprint

from sandbox.billing import disputes, invoices, papers, settlements
from sandbox.billing import reconcile as books
from sandbox.billing.records import Dispute, Settlement
from sandbox.billing.statement import revenue, statement
from sandbox.core.clock import now
from sandbox.identity.records import Party
from sandbox.papers.pdf import pdf
from sandbox.web.call import Call, Errand, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import page
from sandbox.wire.common import Items, Page
from sandbox.wire.money import (
    DisputeAnswerIn,
    DisputeIn,
    DisputeOut,
    FormatQuery,
    ReconcileOut,
    ReconcileQuery,
    SettleIn,
    SettlementOut,
    SettlementQuery,
    SettleOut,
    SheetOut,
    SheetQuery,
)

blueprint = APIBlueprint("settlements", __name__)
PDF = "application/pdf"


@endpoint(
    blueprint,
    "POST",
    "/settlements",
    action="settlement.run",
    body=SettleIn,
    answer=SettleOut,
    problems=("state_conflict",),
    errand=True,
)
def settle_month(errand: Errand, body: SettleIn) -> Reply:
    """Close a month: an operator for its own users, the authorising body for all. A repeated or interrupted run goes on
    where the last one stopped."""
    run = settlements.settle(errand.house.store, errand.house.journal, errand.principal, body.month)
    errand.house.doorbell.ring("scribe")
    return Reply({**vars(run), "total": format(run.total, "f")})


@endpoint(blueprint, "GET", "/settlements", action="statement.read", query=SettlementQuery, answer=Items)
def list_settlements(call: Call, query: SettlementQuery) -> Reply:
    """List settlements and credit notes: a user's own, an operator's, overseers all."""
    mine = call.principal.party.id
    seen = lambda one: call.principal.oversees or mine in (one.operator, one.party)  # noqa: E731
    month = {} if query.month is None else {"month": query.month}
    return Reply(page(call.tx, Settlement, query, settlements.view, seen, **month))


@endpoint(
    blueprint,
    "GET",
    "/settlements/<settlement_id>",
    action="statement.read",
    query=FormatQuery,
    answer=SettlementOut,
    media=("text/csv", PDF),
)
def read_settlement(call: Call, settlement_id: str, query: FormatQuery) -> Reply:
    """Read a settlement: data, a CSV file of its lines, or the paper as PDF in Chinese or English."""
    settled = settlements.found(call.tx, call.principal, settlement_id)
    if query.format == "json":
        issued = [invoices.view(one) for one in invoices.of_settlements(call.tx, [settled])]
        return Reply(settlements.view(settled) | {"tax_invoices": issued})
    name = f"{settled.month}-{settled.number}"
    if query.format == "pdf":
        return _file(pdf(papers.settlement_paper(call.tx, settled, query.lang)), name, PDF)
    return _file(papers.lines_csv(settled.lines, format(settled.total, "f")), name, "text/csv")


@endpoint(
    blueprint,
    "GET",
    "/statements/<month>",
    action="statement.read",
    query=SheetQuery,
    answer=SheetOut,
    media=("text/csv", PDF),
    problems=("not_found",),
)
def read_statement(call: Call, month: str, query: SheetQuery) -> Reply:
    """Read the statement (账单) of a month: data, CSV or PDF. An operator gets what its products earned, unless it asks
    for `kind=statement`."""
    found = call.tx.get(Party, query.party or call.principal.party.id)
    party = call.visible(found, "party", lambda one: one.id)
    kind = query.kind or ("revenue" if "operator" in party.roles else "statement")
    sheet = revenue(call.tx, party, month) if kind == "revenue" else statement(call.tx, party, month)
    if query.format == "json":
        return Reply(sheet)
    if query.format == "pdf":
        return _file(pdf(papers.statement_paper(call.tx, sheet, now(), query.lang)), f"{kind}-{month}", PDF)
    return _file(papers.lines_csv(sheet["lines"], sheet["total"]), f"{kind}-{month}", "text/csv")


def _file(content: bytes, name: str, media: str) -> Reply:
    ending = "pdf" if media == PDF else "csv"
    return Reply(content, media=media, headers={"Content-Disposition": f'attachment; filename="{name}.{ending}"'})


@endpoint(blueprint, "GET", "/reconciliation", action="settlement.run", query=ReconcileQuery, answer=ReconcileOut)
def reconcile(call: Call, query: ReconcileQuery) -> Reply:
    """Hold a month's usage events, lines and settlements against each other, and name every difference."""
    whose = None if call.principal.has("authoriser") else call.principal.party.id
    return Reply(books.reconcile(call.tx, query.month, whose))


@endpoint(
    blueprint,
    "POST",
    "/disputes",
    action="dispute.raise",
    body=DisputeIn,
    answer=DisputeOut,
    status=201,
    problems=("not_found", "state_conflict"),
)
def raise_dispute(call: Call, body: DisputeIn) -> Reply:
    """Object to a settlement of one's own, or to the price of a product one is subscribed to."""
    made = disputes.raise_dispute(
        call.tx, call.house.journal, call.principal, body.reason, body.settlement, body.product
    )
    return Reply(disputes.view(made), location=f"/api/v1/disputes/{made.id}")


@endpoint(blueprint, "GET", "/disputes", action="dispute.read", query=Page, answer=Items)
def list_disputes(call: Call, query: Page) -> Reply:
    """List disputes: one's own, those with oneself, overseers all."""
    mine = call.principal.party.id
    seen = lambda one: call.principal.oversees or mine in (one.operator, one.party)  # noqa: E731
    return Reply(page(call.tx, Dispute, query, disputes.view, seen))


@endpoint(blueprint, "GET", "/disputes/<dispute_id>", action="dispute.read", answer=DisputeOut)
def read_dispute(call: Call, dispute_id: str) -> Reply:
    """Read a dispute."""
    found = call.tx.get(Dispute, dispute_id)
    mine = call.principal.party.id
    if found is not None and not (call.principal.oversees or mine in (found.operator, found.party)):
        found = None
    return Reply(disputes.view(call.existing(found, "dispute")))


@endpoint(
    blueprint,
    "POST",
    "/disputes/<dispute_id>/answer",
    action="dispute.answer",
    body=DisputeAnswerIn,
    answer=DisputeOut,
)
def answer_dispute(call: Call, dispute_id: str, body: DisputeAnswerIn) -> Reply:
    """Answer a dispute; an accepted one about a settlement may give an amount back by a credit note."""
    amount = None if body.amount is None else Decimal(body.amount)
    found = disputes.answer(call.tx, call.house.journal, call.principal, dispute_id, body.accepted, body.answer, amount)
    return Reply(disputes.view(found))
