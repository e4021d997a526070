"""The commands around products that their operators run: runs, and the series of an index."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.command import Json, check_folder, service, tell, tell_items

Product = Annotated[str, typer.Argument(help="Id of the product.")]
app = typer.Typer(no_args_is_help=True, help="Run one's own product, and see its runs.")


@app.command("start")
def start_run(
    product: Product,
    period: Annotated[str | None, typer.Option(help="Like 2026-01; else the last one that is over.")] = None,
    as_json: Json = False,
) -> None:
    """Run one's own product for a period, once more if it was run before."""
    with service() as client:
        tell(client.start_run(product, period), "The run is job {id} and is {status}", as_json=as_json)


@app.command("list")
def list_runs(product: Product, as_json: Json = False) -> None:
    """List the runs of a product: the periods of which users can have copies."""
    fields = ["period", "number", "reason", "status", "published_at"]
    with service() as client:
        tell_items(client.runs(product), fields, as_json=as_json, empty="Nothing was run yet.")


def series(
    product: Product,
    first: Annotated[str | None, typer.Option("--from", help="The first period, like 2026-01.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="The last period.")] = None,
    collect: Annotated[
        str | None, typer.Option(metavar="SUBSCRIPTION", help="First get copies of what is not held; each is a job.")
    ] = None,
    page: Annotated[Path | None, typer.Option(help="Write the series as a page with a chart.", dir_okay=False)] = None,
    as_json: Json = False,
) -> None:
    """Show the series of an index: value, 95 % interval and revisions of each period."""
    check_folder(page)
    with service() as client:
        if collect is not None:
            client.collect(collect, product)
        if page is not None:
            page.write_bytes(client.series_page(product, first, last))
            return
        found = client.series(product, first, last)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    from sandbox.cli.show import console, table

    rows = [
        [
            item["period"],
            ", ".join(map(str, row["key"].values())),
            row["value"] or "",
            f"{row['low']} – {row['high']}" if row["low"] else "",
            f"{item['held']}" if item["held"] > 1 else "",
        ]
        for item in found["items"]
        for row in item["rows"]
    ]
    console().print(table(["period", "", found["name"], "95 % interval", "revision"], rows, right=[2]))
    missing = [item["period"] for item in found["items"] if item["held"] != item["number"]]
    if missing:
        typer.echo(f"Published and not held: {', '.join(missing)}; get them with --collect SUBSCRIPTION.")
    typer.echo(found["intervals"])


def add_to(root: typer.Typer) -> None:
    """Add `sandbox run …` and `sandbox series`."""
    root.add_typer(app, name="run")
    root.command()(series)
