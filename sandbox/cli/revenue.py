"""The commands around prices: cost surveys, permitted revenue, ceilings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from sandbox.cli.command import Get, Json, service, tell
from sandbox.errors import Problem

app = typer.Typer(no_args_is_help=True, help="From costs to permitted revenue and ceilings.")
Operator = Annotated[str, typer.Argument(help="Id of the operator.")]
Survey = Annotated[str, typer.Argument(help="Id of the cost survey.")]
File = Annotated[Path, typer.Argument(help="A JSON file.", exists=True, dir_okay=False)]


@app.command("file")
def file_survey(operator: Operator, survey: File, as_json: Json = False, get: Get = None) -> None:
    """File the costs of a whole year, as the operator."""
    with service() as client:
        made = client.file_survey(operator, _object(survey))
    tell(made, f"Filed survey {{id}}: it would permit {made['permitted']['revenue']} yuan", as_json=as_json, get=get)


@app.command("apply")
def apply_for_prices(
    survey: Survey,
    basis: Annotated[str, typer.Option(help="Why the conditions for formal prices are there.")],
    as_json: Json = False,
) -> None:
    """Apply in writing for formal prices, as the authorising body."""
    with service() as client:
        tell(client.change_survey(survey, "apply", basis=basis), "Applied on survey {id}", as_json=as_json)


@app.command("verify")
def verify_survey(
    survey: Survey,
    assessment: Annotated[str, typer.Option(help="What the department found.")],
    as_json: Json = False,
) -> None:
    """Verify a survey, as price authority or data administration; it takes both."""
    with service() as client:
        tell(client.change_survey(survey, "verify", assessment=assessment), "Survey {id} is {status}", as_json=as_json)


@app.command("return")
def return_survey(survey: Survey, reason: Annotated[str, typer.Option(help="Why.")], as_json: Json = False) -> None:
    """Return a survey to its operator."""
    with service() as client:
        tell(client.change_survey(survey, "return", reason=reason), "Returned survey {id}", as_json=as_json)


@app.command("show")
def show_revenue(
    operator: Operator,
    year: Annotated[int | None, typer.Option(help="The year of the costs; the newest verified one.")] = None,
    as_json: Json = False,
) -> None:
    """Show the permitted revenue of an operator, step by step."""
    with service() as client:
        found = client.permitted_revenue(operator, year)
    said = found["permitted"]
    lines = [f"Costs of {found['year']}: operating cost net of subsidies {said['operating_cost']} yuan"]
    lines += [f"+ profit at {said['rate']}: {said['profit']}", f"+ taxes: {said['taxes']}"]
    lines += [f"− carried over from an earlier cycle: {said['carry_over']}", f"= permitted: {said['revenue']} yuan"]
    tell(found, "\n".join(lines), as_json=as_json)


@app.command("ceilings")
def set_ceilings(operator: Operator, ceilings: File, as_json: Json = False, get: Get = None) -> None:
    """Set an operator's ceilings as one set; FILE holds {"year", "ceilings": [{product, unit, ceiling, forecast}]}."""
    asked = _object(ceilings)
    try:
        year, rows = asked["year"], asked["ceilings"]
    except KeyError as error:
        raise Problem("malformed_request", f"{ceilings} has no {error.args[0]}; write year and ceilings") from error
    with service() as client:
        made = client.set_ceilings(operator, year, rows)
    fallen = "".join(f"\nThe price of {one['product']} falls to {one['price']} yuan" for one in made["lowered"])
    tell(made, "Set {number} is in force: {total} of {permitted} yuan permitted" + fallen, as_json=as_json, get=get)


def _object(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Problem("malformed_request", f"{file} is not valid JSON: {error}") from error
    if not isinstance(found, dict):
        raise Problem("malformed_request", f"{file}: write one JSON object")
    return found
