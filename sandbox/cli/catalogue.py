"""The commands of holders and data administrations: resources, their data, grades and quality."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from sandbox.cli.command import Get, Json, service, tell, tell_items
from sandbox.cli.holding import app as holding
from sandbox.cli.matters import app as matters
from sandbox.errors import Problem

Tables = Annotated[
    list[str],
    typer.Argument(metavar="TABLE=FILE…", help="One Parquet, CSV or XLSX file a table; with --from TABLE=NAME."),
]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="SOURCE", help="Read the tables from this database, which the host connected."),
]
Resource = Annotated[str, typer.Argument(help="Id of the resource.")]


def register(
    entry: Annotated[Path, typer.Argument(help="The registration, a JSON file.", exists=True, dir_okay=False)],
    tables: Tables,
    source: From = None,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Register a resource with its data."""
    try:
        declared = json.loads(entry.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Problem("malformed_request", f"{entry} is not valid JSON: {error}") from error
    if not isinstance(declared, dict):
        raise Problem("malformed_request", f"{entry} is not a registration: write one JSON object")
    given = _tables(tables, source)
    with service() as client:
        tell(client.register(declared, given, source), "Registered resource {id}", as_json=as_json, get=get)


def refresh(resource: Resource, tables: Tables, source: From = None, as_json: Json = False, get: Get = None) -> None:
    """Replace the data of one's own resource by a new version; every declaration is enforced again."""
    given = _tables(tables, source)
    with service() as client:
        tell(
            client.new_version(resource, given, source=source),
            "Now at data version {version}",
            as_json=as_json,
            get=get,
        )


def catalogue(
    words: Annotated[list[str] | None, typer.Argument(help="Words to find; all resources without.")] = None,
    export: Annotated[
        str | None, typer.Option(help="dcat: print the public catalogue in DCAT and ODRL instead.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the resources one may see, or find some by words; --export dcat needs no key."""
    if export not in (None, "dcat") or (export and words):
        raise typer.BadParameter("write --export dcat, without words")
    with service(key=export is None) as client:
        if export:
            typer.echo(json.dumps(client.catalogue(), ensure_ascii=False, indent=2))
            return
        found = client.resources(" ".join(words or ()) or None)
    rows = found if as_json else [_row(one) for one in found]
    tell_items(rows, list(_row(found[0])) if found else [], as_json=as_json, empty="No resource matches.")


def _row(one: dict[str, Any]) -> dict[str, Any]:
    tables = [f"{table['name']}({', '.join(column['name'] for column in table['columns'])})" for table in one["tables"]]
    served = "exact" if one.get("protection") == "exact" else "private"
    shown = {name: one[name] for name in ("id", "name", "holder", "domain", "grade")}
    return shown | {
        "served": served,
        "title": f"{one['title']['zh']} {one['title']['en']}",
        "tables": "; ".join(tables),
    }


def _tables(pairs: list[str], source: str | None) -> dict[str, str]:
    """Read TABLE=FILE, or with a source TABLE=NAME there."""
    given = {}
    for pair in pairs:
        table, equals, where = pair.partition("=")
        if not equals or not where or (source is None and not Path(where).is_file()):
            what = "TABLE=FILE with a file that exists" if source is None else "TABLE=SCHEMA.NAME"
            raise typer.BadParameter(f"write {what}, not {pair}")
        given[table] = where
    return given


def add_to(app: typer.Typer) -> None:
    """Add the commands of the catalogue."""
    for command in (catalogue, register, refresh):
        app.command()(command)
    app.add_typer(holding, name="resource")
    app.add_typer(matters, name="matter")
