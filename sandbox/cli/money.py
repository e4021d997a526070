"""The commands of a month's end: settle, reconcile, dispute."""

from __future__ import annotations

from typing import Annotated

import typer

from sandbox.cli.command import Get, Json, service, tell, tell_items

Month = Annotated[str, typer.Argument(help="YYYY-MM.")]
Dispute = Annotated[str, typer.Argument(help="Id of the dispute.")]


def settle(month: Month, as_json: Json = False) -> None:
    """Close a month: settlements (结算单) for all users; run it again when it was interrupted."""
    with service() as client:
        run = client.settle(month)
    tell(run, "{month}: {made} settlements made, {kept} were there, {total} yuan in all", as_json=as_json)


def settlements(
    month: Annotated[str | None, typer.Argument(help="YYYY-MM; all months when left out.")] = None,
    as_json: Json = False,
) -> None:
    """List settlements and credit notes."""
    with service() as client:
        found = client.settlements(month)
    fields = ["month", "operator", "number", "kind", "party", "total", "id"]
    tell_items(found, fields, as_json=as_json, empty="No settlement yet.")


def reconcile(month: Month, as_json: Json = False) -> None:
    """Hold a month's events, lines and settlements against each other; exits with 1 when they differ."""
    with service() as client:
        found = client.reconcile(month)
    said = "agree" if found["holds"] else "DIFFER"
    sums = "events {events}, lines {lines} (rounding {rounding}), settled {settled}, not settled {unsettled}"
    tell(found, f"{{month}}: they {said}; {sums}, credited {{credited}}, wrong events {{wrong}}", as_json=as_json)
    if not found["holds"]:
        raise typer.Exit(1)


def dispute(
    reason: Annotated[str, typer.Argument(help="What is wrong.")],
    settlement: Annotated[str | None, typer.Option(help="Id of the settlement.")] = None,
    product: Annotated[str | None, typer.Option(help="Id of the product whose price is wrong.")] = None,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Object to a settlement, or to a price."""
    with service() as client:
        made = client.dispute(reason, settlement=settlement, product=product)
    tell(made, "Dispute {id} is open; an answer is due by {due}", as_json=as_json, get=get)


def disputes(as_json: Json = False) -> None:
    """List disputes: one's own, those with oneself, overseers all."""
    with service() as client:
        found = client.disputes()
    fields = ["id", "status", "due", "settlement", "product", "reason", "answer"]
    tell_items(found, fields, as_json=as_json, empty="No dispute.")


def answer_dispute(
    dispute: Dispute,
    answer: Annotated[str, typer.Option(help="What is answered.")],
    accept: Annotated[bool, typer.Option("--accept/--reject", help="Whether it is right.")],
    amount: Annotated[str | None, typer.Option(help="Yuan that go back by a credit note.")] = None,
    as_json: Json = False,
) -> None:
    """Answer a dispute, as the operator."""
    with service() as client:
        tell(client.answer_dispute(dispute, accept, answer, amount), "Dispute {id} is {status}", as_json=as_json)


def add_to(app: typer.Typer) -> None:
    """Add the commands of a month's end."""
    for command in (settle, settlements, reconcile, dispute, disputes):
        app.command()(command)
    app.command("answer-dispute")(answer_dispute)
