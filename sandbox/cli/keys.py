"""The host's commands about keys: which there are, new epochs, keys in other hands."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer

from sandbox.cli.command import Get, Json, tell
from sandbox.cli.instance import Home

keys = typer.Typer(no_args_is_help=True, help="The instance's keys (密钥): where they are, epochs, rotation.")

Which = Annotated[Literal["master", "log"], typer.Argument(help="master (fingerprints) or log (checkpoints).")]


@keys.command("list")
def list_keys(home: Home = None, as_json: Json = False) -> None:
    """Say where the keys are, and which epochs master and log key have."""
    from sandbox.service.custody import listed
    from sandbox.settings import load

    found = listed(load(home=home))
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    typer.echo(found["custody"])
    for one in found["epochs"]:
        typer.echo(f"  {one['key']} {one['epoch']}: {one['status']}")


@keys.command("rotate")
def rotate(key: Which, home: Home = None, as_json: Json = False, get: Get = None) -> None:
    """Make a new master or log key; old ones are kept, to trace and verify. Stop the service first."""
    from sandbox.service.custody import rotated
    from sandbox.settings import load

    said = {"key": key, "epoch": rotated(load(home=home), key)}
    more = "" if key == "master" else "\nlog.pub names it first: give it to everybody who checks receipts."
    tell(said, "The {key} key is in epoch {epoch}; start the service again." + more, as_json=as_json, get=get)


@keys.command("compromised")
def compromised(
    key: Which,
    epoch: Annotated[int, typer.Argument(help="The epoch whose key is in other hands.", min=1)],
    home: Home = None,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Say in the log that an old key is in other hands: what it makes from now on proves nothing."""
    from sandbox.service.custody import compromised as close
    from sandbox.settings import load

    said = {"key": key, "epoch": epoch, "bases": close(load(home=home), key, epoch)}
    tell(said, "Logged; bases closed to findings in files first seen later: {bases}", as_json=as_json, get=get)


def add_to(app: typer.Typer) -> None:
    """Add the commands about keys."""
    app.add_typer(keys, name="keys")
