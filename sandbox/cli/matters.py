"""`sandbox matter`: feedback on quality, objections (数据异议) and demands (需求受理)."""

from __future__ import annotations

from typing import Annotated

import typer

from sandbox.cli.command import Get, Json, service, tell, tell_items

app = typer.Typer(no_args_is_help=True, help="Feedback on quality, objections and demands, and their answers.")
Resource = Annotated[str, typer.Argument(help="Id of the resource.")]
Subject = Annotated[str, typer.Argument(help="What it is about, in a line.")]
Said = Annotated[str, typer.Argument(help="The whole of it.")]
Matter = Annotated[str, typer.Argument(help="Id of the matter.")]
FILED = "Filed {id}; an answer is due by {due}"


@app.command("object")
def object_to(resource: Resource, subject: Subject, text: Said, as_json: Json = False, get: Get = None) -> None:
    """Object to data or their description."""
    with service() as client:
        tell(client.object_to(resource, subject, text), FILED, as_json=as_json, get=get)


@app.command()
def feedback(resource: Resource, subject: Subject, text: Said, as_json: Json = False, get: Get = None) -> None:
    """Say something about the quality of data."""
    with service() as client:
        tell(client.feedback(resource, subject, text), FILED, as_json=as_json, get=get)


@app.command()
def demand(
    subject: Subject,
    text: Said,
    resource: Annotated[str | None, typer.Option(help="Id of a resource it is about.")] = None,
    domain: Annotated[str | None, typer.Option(help="The domain it is about.")] = None,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Ask for data or services that are missed."""
    with service() as client:
        tell(client.demand(subject, text, resource, domain), FILED, as_json=as_json, get=get)


@app.command("list")
def list_matters(as_json: Json = False) -> None:
    """List one's own and those addressed to one."""
    with service() as client:
        found = client.matters()
    tell_items(found, ["id", "kind", "subject", "status", "due", "answer"], as_json=as_json, empty="Nothing is filed.")


@app.command()
def show(matter: Matter, as_json: Json = False) -> None:
    """Show one of them."""
    with service() as client:
        found = client.matter(matter)
    said = "\n{answer}" if found["answer"] is not None else ""
    tell(found, "{kind} {id}: {subject}\n{text}\n{status}, due {due}" + said, as_json=as_json)


@app.command()
def answer(
    matter: Matter,
    said: Annotated[str, typer.Argument(help="What one does about it, or why not.")],
    accept: Annotated[bool, typer.Option("--accept/--reject", help="Whether one agrees.")],
    as_json: Json = False,
) -> None:
    """Answer what is addressed to one."""
    with service() as client:
        tell(client.answer_matter(matter, accept, said), "{id} is {status}", as_json=as_json)


@app.command()
def withdraw(matter: Matter, as_json: Json = False) -> None:
    """Withdraw one's own."""
    with service() as client:
        tell(client.withdraw_matter(matter), "{id} is {status}", as_json=as_json)
