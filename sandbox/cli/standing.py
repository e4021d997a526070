"""The commands about what stands: products off and on offer, parties suspended and reinstated, subscriptions ended, and
what the log says of any of them."""

from __future__ import annotations

from typing import Annotated

import typer

from sandbox.cli.command import Json, service, tell, tell_items
from sandbox.cli.log import log
from sandbox.cli.offer import Product, product
from sandbox.errors import Problem

parties = typer.Typer(no_args_is_help=True, help="Who takes part; suspend and reinstate.")
subscriptions = typer.Typer(no_args_is_help=True, help="Subscriptions (订购): list, show, assess, look into, end.")
Party = Annotated[str, typer.Argument(help="Id of the party.")]


@product.command()
def pause(product: Product, as_json: Json = False) -> None:
    """Take a product off offer for a while."""
    _change(product, "pause", as_json)


@product.command()
def resume(product: Product, as_json: Json = False) -> None:
    """Put a paused product on offer again."""
    _change(product, "resume", as_json)


@product.command()
def retire(product: Product, as_json: Json = False) -> None:
    """Take a product off offer for good."""
    _change(product, "retire", as_json)


def _change(product: str, action: str, as_json: bool) -> None:
    with service() as client:
        tell(client.change_product(product, action), "Product {id} is {status}", as_json=as_json)


@parties.command("list")
def list_parties(as_json: Json = False) -> None:
    """List who takes part."""
    with service() as client:
        tell_items(client.parties(), ["id", "name", "roles", "status"], as_json=as_json, empty="No party yet.")


@parties.command()
def suspend(party: Party, as_json: Json = False) -> None:
    """Suspend a party; its keys stop at once."""
    with service() as client:
        tell(client.suspend_party(party), "Party {id} is {status}", as_json=as_json)


@parties.command()
def reinstate(party: Party, as_json: Json = False) -> None:
    """Reinstate a suspended party."""
    with service() as client:
        tell(client.reinstate_party(party), "Party {id} is {status}", as_json=as_json)


@subscriptions.command("list")
def list_subscriptions(as_json: Json = False) -> None:
    """List one's own subscriptions, or those to one's own products."""
    fields = ["id", "product", "party", "purpose", "status", "free_by", "inspection.state", "security.level"]
    with service() as client:
        tell_items(client.subscriptions(), fields, as_json=as_json, empty="No subscription yet.")


@subscriptions.command()
def cancel(subscription: Annotated[str, typer.Argument(help="Id of the subscription.")], as_json: Json = False) -> None:
    """End a subscription."""
    with service() as client:
        tell(client.cancel_subscription(subscription), "Subscription {id} is {status}", as_json=as_json)


@log.command()
def search(
    party: Annotated[str | None, typer.Option(help="Id of a party.")] = None,
    resource: Annotated[str | None, typer.Option(help="Id of a resource.")] = None,
    product: Annotated[str | None, typer.Option(help="Id of a product.")] = None,
    as_json: Json = False,
) -> None:
    """List the entries of the log about a party, a resource or a product."""
    asked = {"party": party, "resource": resource, "product": product}
    named = {name: value for name, value in asked.items() if value is not None}
    if not named:
        raise Problem("malformed_request", "name a --party, --resource or --product to search for")
    with service() as client:
        found = client.search_log(**named)
    tell_items(found, ["index", "kind", "id"], as_json=as_json, empty="Nothing in the log.")


def add_to(app: typer.Typer) -> None:
    """Add the commands about what stands."""
    app.add_typer(parties, name="parties")
    app.add_typer(subscriptions, name="subscriptions")
