"""The commands of who acts for a party: keys, people, second persons."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from sandbox.cli.command import Get, Json, service, tell, tell_items

key_app = typer.Typer(no_args_is_help=True, help="Keys of a party.")
person_app = typer.Typer(no_args_is_help=True, help="People who sign in and act for a party.")
Party = Annotated[str, typer.Argument(help="Id of the party, or me.")]
Scopes = Annotated[
    list[str] | None,
    typer.Option("--scope", help="read, write – both without it –, or data, jobs, offer, review, money, watch, admin."),
]
SHOWN_ONCE = "Key {id}, shown this once: {api_key}"


@key_app.command("make")
def make(
    party: Party,
    scope: Scopes = None,
    expires: Annotated[str | None, typer.Option(help="When it expires, 2027-01-01T00:00:00Z.")] = None,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Make a further key."""
    options = {"scopes": scope, "expires_at": expires}
    with service() as client:
        made = client.create_key(party, **{name: said for name, said in options.items() if said})
        tell(made, SHOWN_ONCE, as_json=as_json, get=get)


@key_app.command("list")
def listed(party: Party, as_json: Json = False) -> None:
    """List the keys of a party."""
    with service() as client:
        fields = ["id", "scopes", "created_at", "expires_at", "revoked_at"]
        tell_items(client.keys(party), fields, as_json=as_json, empty="No keys.")


@key_app.command("rotate")
def rotate(
    key: Annotated[str, typer.Argument(help="Id of the old key.")],
    overlap: Annotated[int, typer.Option(help="Hours that the old key works on.", min=0, max=720)] = 24,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Make a new key for an old one, which works on for a day."""
    with service() as client:
        tell(client.rotate_key(key, overlap), SHOWN_ONCE, as_json=as_json, get=get)


@key_app.command("revoke")
def revoke(key: Annotated[str, typer.Argument(help="Id of the key.")], as_json: Json = False) -> None:
    """Revoke a key, for ever."""
    with service() as client:
        tell(client.revoke_key(key), "Key {id} is revoked", as_json=as_json)


@person_app.command("invite")
def invite(
    party: Party,
    name: Annotated[str, typer.Argument(help="Whose invitation it is.")],
    scope: Scopes = None,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Let somebody act for a party; prints the one-time invitation."""
    with service() as client:
        made = client.invite(party, name, scope or ("read", "write"))
        tell(made, "{id}: open /sign-in?invitation={invitation} within seven days", as_json=as_json, get=get)


@person_app.command("list")
def people(party: Party, as_json: Json = False) -> None:
    """List the people of a party."""
    with service() as client:
        tell_items(client.people(party), ["id", "name", "status", "scopes"], as_json=as_json, empty="Nobody.")


@person_app.command("end")
def end(person: Annotated[str, typer.Argument(help="Id of the person.")], as_json: Json = False) -> None:
    """Let somebody act for the party no more."""
    with service() as client:
        tell(client.end_person(person), "{id} is {status}", as_json=as_json)


def two_persons(
    actions: Annotated[list[str] | None, typer.Argument(help="Exactly these need two persons from now on.")] = None,
    show: Annotated[bool, typer.Option(help="Only show what holds.")] = False,
    as_json: Json = False,
) -> None:
    """Ask for two persons for some actions (双人复核), or with --show say for which."""
    with service() as client:
        found = client.two_persons(None if show else actions or [])
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    elif "actions" in found:
        typer.echo(f"Two persons: {', '.join(found['actions']) or 'none'} (offered: {', '.join(found['offered'])})")
    else:
        tell(found, "{id} waits for a second person")


def secondings(as_json: Json = False) -> None:
    """List requests that wait for a second person."""
    with service() as client:
        fields = ["id", "action", "path", "asked_by", "until"]
        tell_items(client.secondings(), fields, as_json=as_json, empty="Nothing waits.")


def add_to(app: typer.Typer) -> None:
    """Add the commands of who acts for a party."""
    app.add_typer(key_app, name="key")
    app.add_typer(person_app, name="person")
    app.command("two-persons")(two_persons)
    app.command()(secondings)
