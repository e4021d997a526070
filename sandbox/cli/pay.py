"""The commands of a payer: the price list, spending limits, usage added up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from sandbox.cli import invoices
from sandbox.cli.command import Get, Json, check_folder, service, tell, tell_items

limits = typer.Typer(no_args_is_help=True, help="The most one wants to spend in a calendar month.")
Limit = Annotated[str, typer.Argument(help="Id of the limit.")]


def prices(as_json: Json = False) -> None:
    """Print the public price list: what each product costs for each purpose."""
    with service(key=False) as client:
        found = client.price_list()
    if as_json:
        tell_items(found, [], as_json=True, empty="")
        return
    rows = [
        {"product": one["product"], "name": one["name"], "purpose": each["en"], "price": _said(each)}
        for one in found
        for each in one["scenarios"]
    ]
    tell_items(rows, ["product", "name", "purpose", "price"], as_json=False, empty="No product on offer yet.")


def _said(scenario: dict[str, Any]) -> str:
    price = scenario["price"]
    if scenario["free"]:
        return "free"
    if price is None:
        return "no price yet"
    parts = [f"{price['price']} per {price['unit']}", price["kind"]]
    parts += [f"first {price['allowance']} a month free"] if price["allowance"] else []
    parts += [f"{tier['price']} above {tier['above']}" for tier in price["tiers"]]
    parts += [f"ceiling {price['ceiling']}"] if price["ceiling"] is not None else []
    return ", ".join(parts)


shares = typer.Typer(no_args_is_help=True, help="How the revenue of products is shared.")


@shares.command("agree")
def agree_shares(
    product: Annotated[str, typer.Argument(help="Id of the product.")],
    part: Annotated[
        list[str],
        typer.Option(help="KIND:NAME:SHARE, like holder:Health Bureau:1/3; all sum to 1. NAME@ID is a party."),
    ],
    basis: Annotated[str, typer.Option(help="What the shares rest on.")],
    data_cost: Annotated[str, typer.Option(help="Yuan a month for obtaining the data, taken off first.")] = "0",
    since: Annotated[str, typer.Option(help="From this month on, YYYY-MM; the present one when left out.")] = "",
    as_json: Json = False,
) -> None:
    """Record how the revenue of a product is shared, as the authorising body."""
    with service() as client:
        parts = [_part(one) for one in part]
        made = client.agree_shares(product, parts, basis, data_cost=data_cost, since=since)
    tell(made, "Agreement {number} holds from {since} on", as_json=as_json)


@shares.command("list")
def list_agreements(product: Annotated[str, typer.Argument(help="Id of the product.")], as_json: Json = False) -> None:
    """List the agreements on a product's revenue, oldest first."""
    with service() as client:
        found = client.share_agreements(product)
    rows = [
        {"number": one["number"], "since": one["since"], "data_cost": one["data_cost"], "to": part["name"], **part}
        for one in found
        for part in one["parts"]
    ]
    fields = ["number", "since", "data_cost", "kind", "to", "share"]
    tell_items(found if as_json else rows, fields, as_json=as_json, empty="Nothing agreed yet.")


@shares.command("show")
def show_shares(month: Annotated[str, typer.Argument(help="YYYY-MM.")], as_json: Json = False) -> None:
    """Show what each is due of a month."""
    with service() as client:
        found = client.revenue_shares(month)
    if as_json:
        tell_items(found, [], as_json=True, empty="")
        return
    rows: list[dict[str, Any]] = []
    for one in found:
        rows += [{"product": one["name"], "to": "cost of obtaining data", "amount": one["data_cost"]}]
        rows += [{"product": one["name"], "to": part["name"], **part} for part in one["parts"] or ()]
        rows += [{"product": one["name"], "to": "not agreed", "amount": one["earned"]}] if one["parts"] is None else []
    tell_items(rows, ["product", "kind", "to", "share", "amount"], as_json=False, empty="Nothing settled.")


def _part(text: str) -> dict[str, Any]:
    kind, _, rest = text.partition(":")
    name, colon, share = rest.rpartition(":")
    if not colon:
        raise typer.BadParameter(f"--part {text}: write KIND:NAME:SHARE, like holder:Health Bureau:1/3")
    name, at, party = name.partition("@")
    return {"kind": kind, "name": name, "share": share} | ({"party": party} if at else {})


@limits.command("set")
def set_limit(
    yuan: Annotated[str, typer.Argument(help="Yuan a month.")],
    subscription: Annotated[str | None, typer.Option(help="Under this subscription only.")] = None,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Set a limit, in place of the one before."""
    with service() as client:
        made = client.set_spending_limit(yuan, subscription)
    tell(made, "Limit {id}: {yuan} yuan a month, {left} left of it now", as_json=as_json, get=get)


@limits.command("list")
def list_limits(as_json: Json = False) -> None:
    """List one's limits and what counts against them this month."""
    with service() as client:
        found = client.spending_limits()
    fields = ["id", "subscription", "yuan", "spent", "held", "left"]
    tell_items(found, fields, as_json=as_json, empty="No limit set.")


@limits.command("remove")
def remove_limit(limit: Limit, as_json: Json = False) -> None:
    """Take a limit away."""
    with service() as client:
        tell(client.remove_spending_limit(limit), "Limit {id} is gone", as_json=as_json)


def paper(
    what: Annotated[str, typer.Argument(help="A month, YYYY-MM, or the id of a settlement or note.")],
    output: Annotated[Path, typer.Option(help="The file to write: .pdf or .csv.")],
    lang: Annotated[str, typer.Option(help="zh or en.")] = "zh",
) -> None:
    """Write a month's statement (账单), or a settlement (结算单), as a PDF or CSV file."""
    check_folder(output)
    ending = output.suffix.removeprefix(".")
    if ending not in ("pdf", "csv"):
        raise typer.BadParameter(f"--output {output}: write a name that ends in .pdf or .csv")
    with service() as client:
        month = len(what) == 7 and what[4] == "-"
        content = client.statement_file(what, ending, lang) if month else client.settlement_file(what, ending, lang)
    output.write_bytes(content)
    typer.echo(f"Wrote {output}")


def usage_export(
    output: Annotated[Path, typer.Argument(help="The file to write, or to go on with: one CloudEvent a line.")],
    month: Annotated[str | None, typer.Option(help="YYYY-MM; all when left out.")] = None,
) -> None:
    """Write usage events as CloudEvents 1.0, JSON lines; run again, it adds what is new."""
    check_folder(output)
    held = output.read_text(encoding="utf-8").splitlines() if output.exists() else []
    try:
        known = {json.loads(line)["id"] for line in held}
    except (ValueError, KeyError, TypeError):
        raise typer.BadParameter(f"{output} holds something else than CloudEvents; name a new file") from None
    number = 0
    with service() as client, output.open("a", encoding="utf-8") as file:
        for event in client.usage_events(month):
            if event["id"] not in known:  # not by the last one: an event may stand before one that was there sooner
                file.write(json.dumps(event, ensure_ascii=False) + "\n")
                number += 1
    typer.echo(f"Wrote {number} events to {output}")


def usage_summary(
    month: Annotated[str, typer.Argument(help="YYYY-MM.")],
    by: Annotated[
        str, typer.Option(help="Some of party, operator, product, subscription, purpose, day, with commas between.")
    ] = "product,purpose,day",
    as_json: Json = False,
) -> None:
    """Add up a month's usage."""
    with service() as client:
        found = client.usage_summary(month, by.split(","))
    tell_items(found, [*by.split(","), "unit", "events", "quantity", "fee"], as_json=as_json, empty="Nothing used yet.")


def add_to(app: typer.Typer) -> None:
    """Add the commands of a payer."""
    app.command()(prices)
    app.command()(paper)
    app.command("usage-export")(usage_export)
    app.command("usage-summary")(usage_summary)
    app.add_typer(limits, name="limits")
    app.add_typer(shares, name="shares")
    app.add_typer(invoices.app, name="invoices")
