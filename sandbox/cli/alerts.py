"""The commands by which the instance itself is watched: alerts, drills, webhooks."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.command import Get, Json, check_folder, service, tell, tell_items

Note = Annotated[str | None, typer.Option(help="What came of looking; kept with it.")]
alerts_app = typer.Typer(help="Alerts (预警).", invoke_without_command=True)
report_app = typer.Typer(no_args_is_help=True, help="Reports.")
webhook_app = typer.Typer(no_args_is_help=True, help="Webhooks: be told what happens.")


@alerts_app.callback(invoke_without_command=True)
def alerts(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Acknowledged ones too.")] = False,
    as_json: Json = False,
) -> None:
    """List the alerts that nobody acknowledged."""
    if context.invoked_subcommand is not None:
        return
    with service() as client:
        found = client.alerts(None if every else "open")
    fields = ["id", "kind", "about", "facts", "status", "first_at"]
    tell_items(found, fields, as_json=as_json, empty="No alerts.")


@alerts_app.command("acknowledge")
def acknowledge(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="Id of the alert.")],
    note: Note = None,
    as_json: Json = False,
) -> None:
    """Say that one looked, and what came of it."""
    with service() as client:
        tell(client.acknowledge_alert(identifier, note), "Alert {id} is {status}", as_json=as_json)


def drill(
    reason: Annotated[str, typer.Option(help="What the drill is for; it is logged.")],
    patience: Annotated[float, typer.Option(help="Seconds to wait for every process.")] = 5.0,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Measure how fast an emergency stop is known to every process (应急演练); stops nothing."""
    with service() as client:
        found = client.order_drill(reason)
        end = time.monotonic() + patience
        while found["status"] == "running" and time.monotonic() < end:
            time.sleep(0.2)
            found = client.drill(found["id"])
    tell(found, "Drill {id} {status}: slowest {slowest} s of {goal} s; {seconds}", as_json=as_json, get=get)
    if found["status"] != "passed":
        raise typer.Exit(1)


@webhook_app.command("add")
def add(
    url: Annotated[str, typer.Argument(help="The address, https.")],
    events: Annotated[list[str], typer.Argument(help="job.ended, alert.raised, emergency.raised, …")],
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Have events told to an address; prints the secret that signs, once."""
    with service() as client:
        said = "Webhook {id}; its secret, shown this once: {secret}"
        tell(client.make_webhook(url, events), said, as_json=as_json, get=get)


@webhook_app.command("list")
def listed(as_json: Json = False) -> None:
    """List one's own webhooks."""
    with service() as client:
        tell_items(client.webhooks(), ["id", "url", "events", "status"], as_json=as_json, empty="No webhooks.")


@webhook_app.command("messages")
def messages(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="Id of the webhook.")], as_json: Json = False
) -> None:
    """List the messages to a webhook and what the receiver answered."""
    fields = ["id", "event", "status", "attempts", "answered", "due_at"]
    with service() as client:
        tell_items(client.webhook_messages(identifier), fields, as_json=as_json, empty="No messages.")


@webhook_app.command("test")
def tried(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="Id of the webhook.")], as_json: Json = False
) -> None:
    """Send a test message."""
    with service() as client:
        tell(client.try_webhook(identifier), "Message {id} is {status}", as_json=as_json)


@webhook_app.command("remove")
def remove(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="Id of the webhook.")], as_json: Json = False
) -> None:
    """Remove a webhook."""
    with service() as client:
        tell(client.remove_webhook(identifier), "Webhook {id} is {status}", as_json=as_json)


@report_app.command("upward")
def upward(
    out: Annotated[Path | None, typer.Option(help="File to write the zip to; without it JSON is printed.")] = None,
    year: Annotated[int | None, typer.Option(help="Which year; this one without it.")] = None,
) -> None:
    """Export what is reported upward: a year in one file (上报)."""
    check_folder(out)
    with service() as client:
        if out is None:
            typer.echo(json.dumps(client.report(year), ensure_ascii=False, indent=2))
            return
        out.write_bytes(client.report_bundle(year))
    typer.echo(f"Wrote {out}")


def add_to(app: typer.Typer) -> None:
    """Add the commands of alerts, drills and webhooks."""
    app.add_typer(alerts_app, name="alerts")
    app.add_typer(webhook_app, name="webhook")
    app.add_typer(report_app, name="report")
    app.command()(drill)
