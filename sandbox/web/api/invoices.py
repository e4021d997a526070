"""Numbers of tax invoices (发票) beside settlements."""

from __future__ import annotations

from apiflask import APIBlueprint

from sandbox.billing import invoices
from sandbox.web.call import Call, Reply
from sandbox.web.endpoint import endpoint
from sandbox.wire.common import Items
from sandbox.wire.money import InvoiceIn, InvoiceOut, WithdrawIn

blueprint = APIBlueprint("invoices", __name__)
OF_SETTLEMENT = "/settlements/<settlement_id>/tax-invoices"


@endpoint(
    blueprint,
    "POST",
    OF_SETTLEMENT,
    action="settlement.run",
    body=InvoiceIn,
    answer=InvoiceOut,
    status=201,
    problems=("not_found", "state_conflict"),
)
def enter_invoice(call: Call, settlement_id: str, body: InvoiceIn) -> Reply:
    """Store the number of the tax invoice that was issued for a settlement, as its operator."""
    made = invoices.enter(call.tx, call.house.journal, call.principal, settlement_id, body.number, body.code)
    return Reply(invoices.view(made), location=f"/api/v1/settlements/{settlement_id}/tax-invoices")


@endpoint(blueprint, "GET", OF_SETTLEMENT, action="statement.read", answer=Items)
def list_invoices(call: Call, settlement_id: str) -> Reply:
    """List the tax invoices of a settlement, withdrawn ones too: its user, its operator, overseers."""
    found = invoices.of_settlement(call.tx, call.principal, settlement_id)
    return Reply({"items": [invoices.view(one) for one in found], "next": None})


@endpoint(
    blueprint,
    "POST",
    "/tax-invoices/<invoice_id>/withdraw",
    action="settlement.run",
    body=WithdrawIn,
    answer=InvoiceOut,
    problems=("not_found", "state_conflict"),
)
def withdraw_invoice(call: Call, invoice_id: str, body: WithdrawIn) -> Reply:
    """Withdraw a number: it was wrong, or the invoice was taken back. It stays on record."""
    return Reply(invoices.view(invoices.withdraw(call.tx, call.house.journal, call.principal, invoice_id, body.reason)))
