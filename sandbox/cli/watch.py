"""The commands of those who watch: trace, emergency, and the offline check of evidence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.command import Get, Json, check_folder, service, tell

evidence = typer.Typer(no_args_is_help=True, help="Evidence bundles (证据包).")


def trace(
    leak: Annotated[Path, typer.Argument(help="The leaked file.", exists=True, dir_okay=False)],
    resource: Annotated[str | None, typer.Option(help="Hint: id of the resource it seems to come from.")] = None,
    product: Annotated[str | None, typer.Option(help="Hint: id of the product.")] = None,
    bundle: Annotated[Path | None, typer.Option(help="File to write the evidence bundle to (zip).")] = None,
    as_json: Json = False,
) -> None:
    """Trace a leaked file to the copy it came from; the regulator's alone."""
    hint = {name: value for name, value in (("resource", resource), ("product", product)) if value}
    check_folder(bundle)
    with service() as client:
        found = client.trace(leak, hint or None)
        if bundle is not None:
            bundle.write_bytes(client.evidence(found["id"]))
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    typer.echo(f"Trace {found['id']}: {len(found['findings'])} finding(s), {found['below_bar']} not named")
    typer.echo(found["statement"]["en"])
    for one in found["findings"]:
        typer.echo(f"  {one['verdict']}: {one['party']}, release {one['release']}, log10 p ≤ {one['log10_p']}")
        if one["beside"]:
            typer.echo(f"    averaged with its own release {', '.join(one['beside'])}")


def emergency(
    scope: Annotated[str, typer.Argument(help="product, party, resource or everything.")],
    target: Annotated[str, typer.Argument(help="Its id, or * for everything.")],
    reason: Annotated[str, typer.Option(help="Why; it is logged.")],
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Stop a product, party, resource or everything at once (紧急停用)."""
    with service() as client:
        tell(client.emergency(scope, target, reason), "Stopped; emergency {id}", as_json=as_json, get=get)


def lift(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="Id of the emergency.")], as_json: Json = False
) -> None:
    """Ask for the end of a stop, or decide it as the second person."""
    with service() as client:
        tell(client.lift(identifier), "Emergency {id} is {status}", as_json=as_json)


@evidence.command("verify")
def verify_evidence(
    bundle: Annotated[Path, typer.Argument(help="The evidence bundle (zip).", exists=True, dir_okay=False)],
    log_key: Annotated[Path, typer.Option(help="The log's public key, from a source you trust.", exists=True)],
    witness: Annotated[
        list[Path] | None,
        typer.Option(help="A witness's public key, from a source you trust; may be repeated.", exists=True),
    ] = None,
    timestamp_roots: Annotated[
        Path | None, typer.Option(help="Root certificates (PEM) of the timestamping authority.", exists=True)
    ] = None,
    as_json: Json = False,
) -> None:
    """Check an evidence bundle offline: log, announcement, commitments, the copy, the score and its error bound."""
    from sandbox.jobs.product import installed
    from sandbox.jobs.result import result_of
    from sandbox.oversight.evidence import verify_bundle

    found = verify_bundle(
        bundle.read_bytes(),
        log_key.read_text(encoding="utf-8").strip(),
        result_of(installed()),
        [one.read_text(encoding="utf-8").strip() for one in witness or []],
        timestamp_roots.read_bytes() if timestamp_roots else None,
    )
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    typer.echo(f"The evidence holds: {found['sentence']}")
    for check in found["checks"]:
        about = "" if check["finding"] is None else f" (finding {check['finding']})"
        typer.echo(f"  shown: {check['en']}{about}")
    for name, at in found["witnesses"].items():
        typer.echo(f"  witness {name}: " + (f"cosigned at {at}" if at else "did not cosign this"))
    for line in found["not_proved"]["en"]:
        typer.echo(f"  not shown: {line}")


def add_to(app: typer.Typer) -> None:
    """Add the commands of those who watch."""
    for command in (trace, emergency, lift):
        app.command()(command)
    app.add_typer(evidence, name="evidence")
