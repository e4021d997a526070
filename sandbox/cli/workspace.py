"""The commands of workspaces: develop on synthetic rows, bring code and tables, review, run, end."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from sandbox.cli.command import Get, Json, service, tell, tell_items
from sandbox.errors import Problem

Admission = Annotated[str, typer.Argument(help="Id of the admission.")]
Reason = Annotated[str, typer.Option(help="Why.")]
File = typer.Argument(exists=True, dir_okay=False)
BLOCK = "block.rows"
"""What the rows of a block are called among tables, whose names have no point."""
app = typer.Typer(no_args_is_help=True, help="Bring own code and tables beside the data (数据工作区).")


@app.command("sample")
def get_sample(
    product: Annotated[str, typer.Argument(help="Id of the product.")],
    folder: Annotated[Path, typer.Argument(help="Where to write a CSV file of each table.", file_okay=False)],
    rows: Annotated[int, typer.Option(min=1, max=1000)] = 100,
) -> None:
    """Write synthetic rows to develop on, of each table and of what code gets in a block: of the right schema, about
    nobody."""
    with service() as client:
        found = client.sample(product, rows)
    folder.mkdir(parents=True, exist_ok=True)
    blocks = [one | {"name": BLOCK} for one in found.get("blocks", [])]
    tables = found["tables"] + blocks
    names = Counter(table["name"] for table in tables)
    for table in tables:
        name = table["name"] if names[table["name"]] == 1 else f"{table['resource']}.{table['name']}"
        with (folder / f"{name}.synthetic.csv").open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow([column["name"] for column in table["columns"]])
            writer.writerows(table["rows"])
    said = ", ".join([one["name"] for one in tables])
    typer.echo(f"{said} in {folder}: {found['note']['en']}")
    if blocks:
        typer.echo(f"Code gets {BLOCK} as rows, and own tables by identifier with unit in its place.")


@app.command()
def bring(
    subscription: Annotated[str, typer.Argument(help="Id of the subscription to the workspace.")],
    code: Annotated[Path | None, File] = None,
    outputs: Annotated[
        Path | None, typer.Argument(help="JSON: a list of the numbers it gives.", exists=True, dir_okay=False)
    ] = None,
    table: Annotated[list[str] | None, typer.Option(help="name=file.csv, an own table; repeatable.")] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(help="name=file.json, what is declared of an own table: identifier and columns; repeatable."),
    ] = None,
    basis: Annotated[str, typer.Option(help="The legal basis of bringing the tables.")] = "",
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Hand in code and own tables for the entry review; nobody sees what is in the tables. Without code, questions in
    SQL read them as own.name."""
    if (code is None) != (outputs is None):
        raise typer.BadParameter("write both, the code and the numbers it gives, or neither", param_hint="OUTPUTS")
    wanted = [] if outputs is None else _json(outputs)
    said = {name: _declared(file) for name, file in _files(columns, "--columns")}
    tables = [
        {"name": name, "csv": file.read_text(encoding="utf-8"), "basis": basis, **said.pop(name, {})}
        for name, file in _files(table, "--table")
    ]
    if said:
        raise typer.BadParameter(f"there is no --table {sorted(said)[0]}", param_hint="--columns")
    if tables and not basis.strip():
        raise typer.BadParameter('say by which right you bring them, such as "contract 2026-7"', param_hint="--basis")
    with service() as client:
        made = client.bring(subscription, None if code is None else code.read_text(encoding="utf-8"), wanted, tables)
    tell(made, "Admission {id} is {status} and waits for its review", as_json=as_json, get=get)


def _files(given: list[str] | None, option: str) -> list[tuple[str, Path]]:
    """Read name=file, a file that is there."""
    found = []
    for one in given or []:
        name, _, file = one.partition("=")
        if not Path(file).is_file():
            raise typer.BadParameter("write name=file, a file that is there", param_hint=option)
        found.append((name, Path(file)))
    return found


def _declared(file: Path) -> dict[str, Any]:
    """Read what is declared of an own table."""
    found = _json(file)
    if not isinstance(found, dict) or not set(found) <= {"identifier", "columns"}:
        say = 'write {"identifier": "person", "columns": [{"name": "premium", "bounds": [0, 1000]}]} into the file'
        raise typer.BadParameter(say, param_hint="--columns")
    return found


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"), parse_float=str)
    except ValueError as error:
        raise Problem("malformed_request", f"{file} is not valid JSON: {error}") from error


@app.command("list")
def list_admissions(as_json: Json = False) -> None:
    """List what was brought: own admissions, and those to own workspaces."""
    with service() as client:
        found = client.admissions()
    tell_items(found, ["id", "status", "until", "reason"], as_json=as_json, empty="Nothing was brought yet.")


@app.command()
def show(admission: Admission, as_json: Json = False) -> None:
    """Show an admission: its code, what it gives, and what is said of its tables."""
    with service() as client:
        found = client.admission(admission)
    tables = "".join(
        f"\n{one['name']}: {one['rows']} rows of {', '.join(_columns(one))}{_shared(one)}; basis: {one['basis']}"
        for one in found["tables"]
    )
    code = f"\n{found['code']}" if found["code"] else ""
    gives = "".join(f"\ngives {one['name']}: {one['lower']} to {one['upper']}" for one in found["outputs"] or [])
    tell(found | {"said": code + gives + tables}, "{id} is {status}, until {until}{said}", as_json=as_json)


def _shared(table: Mapping[str, Any]) -> str:
    """How code gets an own table."""
    return "; code gets, block by block, those of its units" if table.get("by_unit") else ""


def _columns(table: Mapping[str, Any]) -> list[str]:
    """The columns of an own table, with their types where questions rely on them."""
    told = [f"{one['name']} ({one['type']})" for one in table.get("schema", [])]
    return [f"{one}, the identifier" if one.startswith(f"{table['identifier']} (") else one for one in told] or list(
        table["columns"]
    )


@app.command()
def admit(admission: Admission, reason: Reason = "", as_json: Json = False) -> None:
    """Admit what was handed in to one's workspace (入域审查)."""
    with service() as client:
        tell(client.decide_admission(admission, "admitted", reason), "{id} is {status}", as_json=as_json)


@app.command()
def reject(admission: Admission, reason: Reason, as_json: Json = False) -> None:
    """Reject what was handed in; its tables are deleted."""
    with service() as client:
        tell(client.decide_admission(admission, "rejected", reason), "{id} is {status}", as_json=as_json)


@app.command("exit")
def review_exit(
    job: Annotated[str, typer.Argument(help="Id of the job.")],
    hold: Annotated[bool, typer.Option("--hold", help="Hold the answer back.")] = False,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Let the answer of a job leave one's workspace (出域审核), or hold it back; nobody sees it for that."""
    with service() as client:
        tell(client.review_exit(job, "held" if hold else "passed", reason), "The answer is {verdict}", as_json=as_json)


@app.command()
def end(admission: Admission, as_json: Json = False) -> None:
    """End one's own admission; its tables are deleted."""
    with service() as client:
        tell(client.end_admission(admission), "{id} is {status}; its tables are deleted", as_json=as_json)


def add_to(root: typer.Typer) -> None:
    """Add `sandbox workspace …`."""
    root.add_typer(app, name="workspace")
