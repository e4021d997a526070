"""The commands around synthetic tables: take one's rows, read how good they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sandbox.cli.command import Get, Json, check_folder, service, tell

if TYPE_CHECKING:  # loaded by the commands that ask a service
    from sandbox.client import Client

Subscription = Annotated[str, typer.Argument(help="Id of the subscription.")]
Taken = Annotated[str, typer.Argument(help="Id of the job that gave the rows.")]
KINDS = {"en": ("fitted", "not fitted", "expected"), "zh": ("参与拟合", "未参与拟合", "预期")}
app = typer.Typer(no_args_is_help=True, help="Rows of a synthetic table, and how good they are.")


@app.command("take")
def take(
    subscription: Subscription,
    file: Annotated[Path, typer.Argument(help="Where to write the rows, as CSV.", dir_okay=False)],
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Take one's own rows of a synthetic table; the same rows each time."""
    check_folder(file)
    with service() as client:
        _check_kind(client, subscription)
        answer = client.query(subscription)
        file.write_bytes(client.download(answer.job, "csv"))
    told = {"id": answer.job, "rows": len(answer), "fee": str(answer.fee), "file": str(file)}
    tell(told, "Job {id}: {rows} rows for {fee} yuan, in {file}", as_json=as_json, get=get)


@app.command("utility")
def utility(
    job: Taken,
    language: Annotated[str, typer.Option(help="en or zh.")] = "en",
    page: Annotated[Path | None, typer.Option(help="Write the report as a page.", dir_okay=False)] = None,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Read how near one's own rows are to what was released."""
    check_folder(page)
    with service() as client:
        if page is not None:
            page.write_bytes(client.utility_page(job, language))
            return
        found = client.utility(job)
    if as_json or get:
        tell(found, "", as_json=as_json, get=get)
        return
    if language not in found["words"]:
        raise typer.BadParameter(f"write one of {', '.join(found['words'])}", param_hint="--language")
    for sentence in found["words"][language]:
        typer.echo(sentence)
    for one in found["marginals"]:
        kind, expected = KINDS[language][not one["fitted"]], KINDS[language][2]
        typer.echo(f"{' × '.join(one['columns'])}: {one['distance']} ({kind}; {expected} {one['expected']})")


def _check_kind(client: Client, subscription: str) -> None:
    """Refuse what would answer, and be billed, as something else."""
    own = next((one for one in client.subscriptions() if one["id"] == subscription), None)
    kind = "synthetic" if own is None else client.product(own["product"])["kind"]
    if kind != "synthetic":
        said = f"it is to a product of kind {kind}, which has no synthetic rows; nothing was asked"
        raise typer.BadParameter(said, param_hint="SUBSCRIPTION")


def add_to(root: typer.Typer) -> None:
    """Add `sandbox synthetic …`."""
    root.add_typer(app, name="synthetic")
