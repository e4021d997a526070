"""The commands about numbers of tax invoices (发票)."""

from __future__ import annotations

from typing import Annotated

import typer

from sandbox.cli.command import Get, Json, service, tell, tell_items

app = typer.Typer(no_args_is_help=True, help="Numbers of tax invoices (发票) beside settlements.")
Settlement = Annotated[str, typer.Argument(help="Id of the settlement.")]


@app.command("enter")
def enter_invoice(
    settlement: Settlement,
    number: Annotated[str, typer.Argument(help="20 digits; 8 with --code.")],
    code: Annotated[str | None, typer.Option(help="The 10 or 12 digits of an older invoice.")] = None,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Store the number of the tax invoice that was issued for a settlement, as its operator."""
    with service() as client:
        tell(client.enter_invoice(settlement, number, code), "Entered {number}: {id}", as_json=as_json, get=get)


@app.command("list")
def list_invoices(settlement: Settlement, as_json: Json = False) -> None:
    """List the tax invoices of a settlement."""
    with service() as client:
        found = client.invoices(settlement)
    fields = ["id", "code", "number", "created_at", "withdrawn_at", "reason"]
    tell_items(found, fields, as_json=as_json, empty="No invoice entered.")


@app.command("withdraw")
def withdraw_invoice(
    invoice: Annotated[str, typer.Argument(help="Id that entering it gave.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    as_json: Json = False,
) -> None:
    """Withdraw a number that was wrong, or whose invoice was taken back."""
    with service() as client:
        tell(client.withdraw_invoice(invoice, reason), "Withdrew {number}", as_json=as_json)
