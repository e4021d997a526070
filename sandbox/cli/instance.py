"""The host's commands: make an instance, run it, look after it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.command import Get, Json, tell

Home = Annotated[
    Path | None,
    typer.Option(
        "--home", help="Folder of the instance (default: SANDBOX_HOME).", envvar="SANDBOX_HOME", file_okay=False
    ),
]


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make; it must not exist or be empty.")],
    test_instance: Annotated[
        bool,
        typer.Option(
            "--test-instance", help="One for audits, for ever: budgets do not bind, and all it says is marked."
        ),
    ] = False,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Make an instance: database, keys (in DIR.keys) and log; prints the authority's first key, once."""
    from sandbox import bootstrap

    made = bootstrap.init_instance(directory.absolute(), test_instance)
    answer = {name: str(value) for name, value in made.items()}
    sentence = (
        "Made the instance {home}\n"
        "The authority's key, shown this once:\n  {authority_key}\n"
        "Start it with:\n  SANDBOX_HOME='{home}' sandbox serve"
    )
    if test_instance:
        sentence += "\nIt is a test instance for ever: its budgets do not bind and its numbers protect nobody."
    tell(answer, sentence, as_json=as_json, get=get)


def serve(
    home: Home = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (default 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (default 8000).")] = None,
    workers: Annotated[int | None, typer.Option(help="Web processes (default 1).")] = None,
) -> None:
    """Run the service: web, vault and scribe, until Ctrl-C."""
    from sandbox.service.supervisor import serve as run
    from sandbox.settings import load

    settings = load(home=home, host=host, port=port, workers=workers)
    run(
        settings,
        lambda: typer.echo(f"Serving {settings.home} at http://{settings.host}:{settings.port} – Ctrl-C stops it."),
    )


def doctor(
    home: Home = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="First charge the accounts what the log says was spent.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check keys, database, log and balances against each other; say which isolation is in force."""
    from sandbox.service.doctor import examine
    from sandbox.service.doctor import repair as take_over
    from sandbox.settings import load

    settings = load(home=home)
    if repair:
        said = take_over(settings)
        typer.echo(said, err=as_json)
    found = examine(settings)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for check in found["checks"]:
            typer.echo(f"{'ok    ' if check['ok'] else 'WRONG '} {check['name']}: {check['detail']}")
    raise typer.Exit(0 if found["ok"] else 1)


def upgrade(home: Home = None, as_json: Json = False) -> None:
    """Bring the database of an instance that an older version made up to this one; stop it and back it up before."""
    from sandbox.service.upgrade import upgrade as bring_up
    from sandbox.settings import load

    done = bring_up(load(home=home))
    sentence = "The instance was of version {before}; it is of this one now." if done["before"] else "Nothing to do."
    tell(done, sentence, as_json=as_json)


def clock(
    days: Annotated[int, typer.Argument(metavar="DAYS", help="How many days to go forward.")],
    home: Home = None,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Move the clock of a test instance forward, for every process, to rehearse what time brings."""
    from sandbox.service.ahead import move
    from sandbox.settings import load

    tell(move(load(home=home), days), "It is {now} now, {ahead} days ahead.", as_json=as_json, get=get)


def add_to(app: typer.Typer) -> None:
    """Add the host's commands."""
    for command in (init, serve, doctor, upgrade, clock):
        app.command()(command)
