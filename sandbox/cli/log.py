"""The commands about the log: check it, follow it from a saved checkpoint, keep a witness of it."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sandbox.cli.command import Get, Json, check_folder, service, tell
from sandbox.cli.instance import Home
from sandbox.errors import Problem

if TYPE_CHECKING:
    from sandbox.transparency.witness import Witness

log = typer.Typer(no_args_is_help=True, help="The transparency log (存证日志).")
witness = typer.Typer(no_args_is_help=True, help="A witness of the log (见证方), kept by a regulator or anybody.")

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of the witness: its key and its state.")]
LogKey = Annotated[
    Path, typer.Option(help="The log's public key, from a source you trust.", exists=True, dir_okay=False)
]


@log.command("verify")
def verify_log(
    home: Home = None,
    from_checkpoint: Annotated[
        Path | None, typer.Option(help="A checkpoint saved earlier: the log must have grown from it.", exists=True)
    ] = None,
    as_json: Json = False,
) -> None:
    """Rebuild the tree from its entries and compare it with the signed checkpoint."""
    from sandbox.settings import load
    from sandbox.transparency.verify import verify_log as verify

    settings = load(home=home)
    log_key = settings.home / "log.pub"
    if not log_key.exists():
        raise Problem("not_ready", f"there is no log in {settings.home}; name the instance's folder with --home")
    saved = None if from_checkpoint is None else from_checkpoint.read_text(encoding="utf-8")
    found = verify(settings.log_folder, log_key.read_text(encoding="utf-8"), saved)
    tell(asdict(found), "The log is whole: {size} entries, root {root}", as_json=as_json)


@log.command("fsck")
def fsck(
    home: Home = None,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Write damaged tiles and checkpoint anew from the rows."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Rebuild the tree from the database's rows; hold every signed checkpoint and every published file against it."""
    from sandbox.bootstrap import inspector
    from sandbox.settings import load
    from sandbox.transparency.fsck import fsck as examine

    with inspector(load(home=home)) as house, house.store.read() as tx:
        found = examine(tx, house.log_folder, house.log_public_key, repair=repair)
    tell(
        asdict(found),
        "The rows add up: {size} entries, {checkpoints} checkpoints, {waiting} waiting; files rewritten: {rewritten}",
        as_json=as_json,
    )


@log.command("consistency")
def consistency(
    checkpoint: Annotated[Path, typer.Argument(help="A checkpoint saved earlier.", exists=True, dir_okay=False)],
    log_key: LogKey,
    save: Annotated[bool, typer.Option("--save", help="Then write the newest checkpoint into the file.")] = False,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Ask the service to prove that its log only appended to a checkpoint saved earlier."""
    from sandbox.transparency.growth import grown, parse_growth
    from sandbox.transparency.notes import NoteInvalid, open_checkpoint

    trusted = log_key.read_text(encoding="utf-8")
    try:
        before = open_checkpoint(checkpoint.read_text(encoding="utf-8"), trusted)
    except NoteInvalid as error:
        raise Problem("field_invalid", f"{checkpoint} is no checkpoint signed by this key: {error}") from error
    with service(key=False) as client:
        text = client.consistency(before.size)
    try:
        head = grown(before, text, trusted)
    except NoteInvalid as error:
        raise Problem("integrity_stop", f"the log did not only append: {error}") from error
    if save:
        checkpoint.write_text(parse_growth(text).checkpoint, encoding="utf-8")
    said = {"origin": head.origin, "from": before.size, "size": head.size, "root": head.root.hex()}
    tell(said, "The log only appended: from {from} to {size} entries, root {root}", as_json=as_json, get=get)


@log.command("keys")
def keys(log_key: LogKey) -> None:
    """Print the log's keys to which a key that you trust handed over, newest first: your new log.pub."""
    from sandbox.transparency.epochs import follow
    from sandbox.transparency.notes import NoteInvalid

    with service(key=False) as client:
        statements = client.log_keys()["statements"]
    try:
        typer.echo(follow(log_key.read_text(encoding="utf-8"), statements), nl=False)
    except NoteInvalid as error:
        raise Problem("integrity_stop", f"the log's keys: {error}") from error


@witness.command("init")
def make_witness(
    folder: Folder,
    name: Annotated[str, typer.Option(help="The witness's name, best a domain of yours, as witness.example.org.")],
    log_key: LogKey,
) -> None:
    """Make a witness: its key, and what it knows of the log; prints the verifier key to register."""
    from sandbox.transparency.witness import Witness

    typer.echo(Witness(folder).create(name, log_key.read_text(encoding="utf-8")))


@witness.command("key")
def show_key(folder: Folder) -> None:
    """Print the witness's verifier key: hand it to everybody who is to trust its cosignatures."""
    from sandbox.transparency.witness import Witness

    typer.echo(Witness(folder).verifier_key)


@witness.command("register")
def register(folder: Folder, as_json: Json = False, get: Get = None) -> None:
    """Register the witness at the service, with the key of a regulator or auditor in SANDBOX_API_KEY."""
    from sandbox.transparency.witness import Witness

    with service() as client:
        tell(client.register_witness(Witness(folder).verifier_key), "Registered {name}", as_json=as_json, get=get)


@witness.command("look")
def look(
    folder: Folder,
    every: Annotated[float | None, typer.Option(help="Look again every so many seconds, until Ctrl-C.", min=1)] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the cosigned checkpoint here instead of handing it in.", dir_okay=False)
    ] = None,
) -> None:
    """Look at the log once: cosign its checkpoint if it grew from the one seen last, and hand that in.

    A log that did not grow so is refused; the checkpoint seen last is handed in, which stops the service."""
    from sandbox.transparency.witness import Witness

    check_folder(out)
    kept = Witness(folder)
    while True:
        _look(kept, out)
        if every is None:
            return
        time.sleep(every)


def _look(kept: Witness, out: Path | None) -> None:
    seen = kept.seen()
    with service(key=False) as client:
        kept.follow(client.log_keys()["statements"])
        try:
            note = kept.cosign(client.consistency(seen.head.size if seen.head else 0))
        except Problem as problem:
            if seen.checkpoint is not None and problem.code in ("integrity_stop", "field_invalid"):
                client.hand_in(seen.checkpoint)
                said = f"{problem.detail}; the checkpoint seen last was handed in, and the service stops"
                raise Problem("integrity_stop", said) from problem
            raise
        if out is not None:
            out.write_text(note, encoding="utf-8")
            typer.echo(f"Cosigned the newest checkpoint into {out}")
            return
        found = client.hand_in(note)
    said = "kept" if seen.name in found["kept"] else "not kept: register this witness first"
    typer.echo(f"Cosigned {found['size']} entries; the service says: {said}")


def add_to(app: typer.Typer) -> None:
    """Add the commands about the log."""
    app.add_typer(log, name="log")
    app.add_typer(witness, name="witness")
