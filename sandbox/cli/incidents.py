"""The commands of incident cases (事件处置)."""

from __future__ import annotations

from typing import Annotated

import typer

from sandbox.cli.command import Get, Json, service, tell, tell_items

app_of = typer.Typer(no_args_is_help=True, help="Incident cases (事件处置).")
Case = Annotated[str, typer.Argument(metavar="ID", help="Id of the case.")]
Said = Annotated[str, typer.Argument(metavar="TEXT", help="What was found or done; the log commits to it.")]
SENTENCE = "Case {id} is {status}"


@app_of.command("open")
def open_case(
    source: Annotated[str, typer.Argument(help="trace, alert, complaint or other.")],
    summary: Annotated[str, typer.Argument(help="What happened.")],
    cause: Annotated[str | None, typer.Option(help="Id of the trace, alert or complaint.")] = None,
    party: Annotated[str | None, typer.Option(help="Id of the party that it is about.")] = None,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Open a case."""
    with service() as client:
        tell(client.open_incident(source, summary, cause, party), SENTENCE, as_json=as_json, get=get)


@app_of.command("list")
def listed(as_json: Json = False) -> None:
    """List the cases: overseers all, others those they were notified of."""
    with service() as client:
        fields = ["id", "source", "status", "summary", "opened_at"]
        tell_items(client.incidents(), fields, as_json=as_json, empty="No cases.")


@app_of.command("show")
def show(identifier: Case, as_json: Json = False) -> None:
    """Show a case with its steps."""
    with service() as client:
        found = client.incident(identifier)
    if as_json:
        tell(found, "", as_json=True)
        return
    tell(found, SENTENCE)
    tell_items(found["steps"], ["at", "kind", "by", "text"], as_json=False, empty="No steps.")


@app_of.command("hold")
def hold(identifier: Case, scope: str, target: str, text: Said, as_json: Json = False) -> None:
    """Stop a product, party or resource while the case is open."""
    with service() as client:
        found = client.advance_incident(identifier, "hold", text, scope=scope, target=target)
        tell(found, SENTENCE, as_json=as_json)


@app_of.command("notify")
def notify(
    identifier: Case, text: Said, parties: Annotated[list[str], typer.Argument()], as_json: Json = False
) -> None:
    """Tell parties; they read it and may reply."""
    with service() as client:
        tell(client.advance_incident(identifier, "notify", text, parties=parties), SENTENCE, as_json=as_json)


@app_of.command("sanction")
def sanction(
    identifier: Case,
    measure: Annotated[str, typer.Argument(help="warning or suspend_party.")],
    text: Said,
    as_json: Json = False,
) -> None:
    """Warn or suspend the party that the case is about; not by whoever opened it."""
    with service() as client:
        tell(client.advance_incident(identifier, "sanction", text, sanction=measure), SENTENCE, as_json=as_json)


@app_of.command("close")
def close(
    identifier: Case,
    outcome: Annotated[str, typer.Argument(help="founded, unfounded or withdrawn.")],
    text: Said,
    as_json: Json = False,
) -> None:
    """End a case; not by whoever opened it."""
    with service() as client:
        tell(client.advance_incident(identifier, "close", text, outcome=outcome), SENTENCE, as_json=as_json)


@app_of.command("note")
def note(identifier: Case, text: Said, as_json: Json = False) -> None:
    """Add what was found."""
    with service() as client:
        tell(client.advance_incident(identifier, "notes", text), SENTENCE, as_json=as_json)


@app_of.command("reply")
def reply(identifier: Case, text: Said, as_json: Json = False) -> None:
    """Answer as a party that was notified."""
    with service() as client:
        tell(client.advance_incident(identifier, "reply", text), SENTENCE, as_json=as_json)


@app_of.command("remedy")
def remedy(identifier: Case, text: Said, as_json: Json = False) -> None:
    """Say what was put right."""
    with service() as client:
        tell(client.advance_incident(identifier, "remedy", text), SENTENCE, as_json=as_json)


def add_to(app: typer.Typer) -> None:
    """Add the commands of cases."""
    app.add_typer(app_of, name="incident")
