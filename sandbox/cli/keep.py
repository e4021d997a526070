"""The host's commands for bad days: backup, restore, recover, and forgetting what a leaf committed to."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.command import Get, Json, tell
from sandbox.cli.instance import Home
from sandbox.cli.log import log


def backup(
    target: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder to make; it must not exist or be empty.")],
    home: Home = None,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Back the instance up, without its keys, while it runs or not."""
    from sandbox.service.backup import backup as make
    from sandbox.settings import load

    sentence = "Backed up {files} files, made {made_at}. The keys are not in it: back them up apart from it."
    tell(make(load(home=home), target), sentence, as_json=as_json, get=get)


def restore(
    source: Annotated[Path, typer.Argument(metavar="FOLDER", help="The backup.", exists=True, file_okay=False)],
    home: Home = None,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Make an instance from a backup, in a new home and an empty database; then run `sandbox recover`."""
    from sandbox.service.backup import restore as make
    from sandbox.settings import load

    sentence = (
        "Restored {files} files of the backup made {made_at}.\n"
        "Answers may have been given since. Before it can be served, say what is known of that time:\n"
        "  sandbox recover --from-log FOLDER    the log that survived, newer than the backup\n"
        "  sandbox recover --checkpoint FILE    a witness's newest checkpoint, which the backup's log reaches\n"
        "  sandbox recover --exhaust            nothing is known: every privacy account counts as spent"
    )
    tell(make(source, load(home=home)), sentence, as_json=as_json, get=get)


def recover(
    home: Home = None,
    from_log: Annotated[
        Path | None,
        typer.Option(help="Folder of the newest log (default: the instance's own).", exists=True, file_okay=False),
    ] = None,
    checkpoint: Annotated[
        list[Path] | None, typer.Option(help="A checkpoint that a witness or the regulator holds.", exists=True)
    ] = None,
    also: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of a log that was served beside it: its spending counts.", exists=True),
    ] = None,
    exhaust: Annotated[bool, typer.Option("--exhaust", help="Count everything as spent that nobody can tell.")] = False,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Make a database that was set back whole again from the log; the service must be stopped."""
    from sandbox.service.recover import recover as run
    from sandbox.settings import load

    found = run(load(home=home), from_log, checkpoint or [], forks=also or [], exhaust=exhaust)
    sentence = (
        "Taken over from the log: {entries} entries, {charges} charges; exhausted accounts: {exhausted}; "
        "populations that only the log knows: {unknown}"
    )
    tell(asdict(found), sentence, as_json=as_json, get=get)


def erase(
    entry: Annotated[str, typer.Argument(metavar="ENTRY", help="Id of the entry, from receipt or search.")],
    name: Annotated[
        list[str] | None, typer.Option(help="Only this commitment (default: all of the entry); may be repeated.")
    ] = None,
    home: Home = None,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Erase salt and value of an entry's commitments for ever; the leaf stays provable and tells nothing more."""
    from sandbox.service.erase import erase as forget
    from sandbox.settings import load

    erased = forget(load(home=home), entry, name)
    tell({"entry": entry, "erased": erased}, "Erased from {entry}: {erased}", as_json=as_json, get=get)


def add_to(app: typer.Typer) -> None:
    """Add the host's commands for bad days."""
    for command in (backup, restore, recover):
        app.command()(command)
    log.command("erase")(erase)
