"""The commands of review: checklists, documents, and how users are treated."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.command import Get, Json, read_json, service, tell, tell_items, waits
from sandbox.cli.offer import Product, product

Answers = Annotated[list[str] | None, typer.Option("--no", help="A question whose answer is no; repeatable.")]
Note = Annotated[str, typer.Option(help="What the reviewer found.")]


@product.command()
def approve(
    product: Product,
    reviewed: Annotated[bool, typer.Option(help="Answer yes to every question of the checklist.")] = False,
    note: Note = "",
    as_json: Json = False,
) -> None:
    """Approve a submitted product; not by its operator or author."""
    with service() as client:
        answers = dict.fromkeys(client.checklist()["checklist"], True) if reviewed else {}
        done = client.approve_product(product, answers, note)
    tell(done, "Approved product " + product, as_json=as_json)
    warnings = [] if as_json or waits(done) else done["review"]["warnings"]
    for warning in warnings:
        typer.echo(f"Warning: {warning}.")
    if warnings:
        typer.echo("The disclosure says so, too. `sandbox policy strict` makes these conditions.")


@product.command("return")
def send_back(
    product: Product,
    note: Annotated[str, typer.Option(help="What is missing.")],
    no: Answers = None,
    as_json: Json = False,
) -> None:
    """Send a submitted product back to its operator."""
    with service() as client:
        done = client.return_product(product, note, dict.fromkeys(no or (), False))
    tell(done, "Returned product " + product, as_json=as_json)


@product.command()
def revise(
    product: Product,
    spec: Annotated[Path, typer.Argument(help="The specification, a JSON file.", exists=True, dir_okay=False)],
    as_json: Json = False,
) -> None:
    """Give one's product another specification, and submit it for review."""
    with service() as client:
        client.revise_product(product, read_json(spec))
        tell(client.change_product(product, "submit"), "Submitted product {id} for review", as_json=as_json)


@product.command("hand-over")
def hand_over(
    product: Product,
    grant: Annotated[str, typer.Argument(help="Id of the other operator's grant.")],
    as_json: Json = False,
) -> None:
    """Hand one's product to the operator of another grant, which submits it if it takes it over."""
    with service() as client:
        tell(client.hand_over(product, grant), "Handed product {id} over to {operator}", as_json=as_json)


@product.command()
def reviews(product: Product, as_json: Json = False) -> None:
    """List the reviews of a product."""
    with service() as client:
        found = client.reviews(product)
    fields = ["created_at", "verdict", "reviewer", "spec_digest", "warnings", "note"]
    tell_items(found, fields, as_json=as_json, empty="Not reviewed yet.")


@product.command("equal-treatment")
def equal_treatment(product: Product, as_json: Json = False) -> None:
    """Show how users of a product are treated (公平服务): prices, refusals with reasons, waits."""
    with service() as client:
        found = client.equal_treatment(product)
    if as_json:
        tell(found, "", as_json=True)
        return
    for title in ("prices", "declined"):
        tell_items(found[title], list(found[title][0]) if found[title] else [], as_json=False, empty=f"{title}: none")
    for title in ("subscriptions", "free_use", "recipients", "refused_jobs"):
        typer.echo(f"{title}: {_spelled(found[title])}")
    for what, counts in found["waits"].items():
        typer.echo(f"waits for {what}: {_spelled(counts)}")


def attach(
    subject: Annotated[str, typer.Argument(help="Id of a grant, product or subscription.")],
    kind: Annotated[
        str,
        typer.Argument(
            help="impact_assessment, risk_assessment, linkage_assessment, security_assessment, export_assessment, "
            "agreement or decision."
        ),
    ],
    file: Annotated[Path, typer.Argument(help="The document; only its SHA-256 is sent.", exists=True, dir_okay=False)],
    title: Annotated[str | None, typer.Option(help="Its title; the file's name when left out.")] = None,
    note: Note = "",
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Attach a document, by its digest, to a grant, product or subscription."""
    with service() as client:
        made = client.attach(subject, kind, title or file.name, file, note)
    tell(made, "Attached {kind} {digest}", as_json=as_json, get=get)


def documents(
    subject: Annotated[str, typer.Argument(help="Id of a grant, product or subscription.")], as_json: Json = False
) -> None:
    """List the documents of a grant, product or subscription."""
    with service() as client:
        found = client.documents(subject)
    tell_items(found, ["created_at", "kind", "title", "digest", "kept_until"], as_json=as_json, empty="No document.")


def decline(
    subscription: Annotated[str, typer.Argument(help="Id of the subscription.")],
    reason: Annotated[str, typer.Argument(help="Why; its user is told, and the equal-treatment report.")],
    as_json: Json = False,
) -> None:
    """Refuse a subscription to one's product, with the reason."""
    with service() as client:
        tell(client.decline_subscription(subscription, reason), "Declined subscription {id}", as_json=as_json)


def _spelled(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"


def add_to(app: typer.Typer) -> None:
    """Add the commands of review."""
    for command in (attach, documents, decline):
        app.command()(command)
