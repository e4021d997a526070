"""The commands around prices: cost surveys, permitted revenue, ceilings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from sandbox.cli.command import Get, Json, check_folder, service, tell, tell_items
from sandbox.errors import Problem

app = typer.Typer(no_args_is_help=True, help="From costs to permitted revenue and ceilings.")
Operator = Annotated[str, typer.Argument(help="Id of the operator.")]
Review = Annotated[str, typer.Argument(help="Id of the review.")]
Survey = Annotated[str, typer.Argument(help="Id of the cost survey.")]
File = Annotated[Path, typer.Argument(help="A JSON file.", exists=True, dir_okay=False)]


@app.command("file")
def file_survey(operator: Operator, survey: File, as_json: Json = False, get: Get = None) -> None:
    """File the costs of a whole year, as the operator."""
    with service() as client:
        made = client.file_survey(operator, _object(survey))
    tell(made, f"Filed survey {{id}}: it would permit {made['permitted']['revenue']} yuan", as_json=as_json, get=get)


@app.command("surveys")
def list_surveys(operator: Operator, as_json: Json = False) -> None:
    """List the cost surveys of an operator: what both departments have to look at."""
    with service() as client:
        found = client.surveys(operator)
    fields = ["id", "year", "status", "permitted.operating_cost", "permitted.revenue", "reason"]
    tell_items(found, fields, as_json=as_json, empty="No survey filed yet.")


@app.command("survey")
def show_survey(survey: Survey, as_json: Json = False) -> None:
    """Show a cost survey: its costs by kind, and what they would permit."""
    with service() as client:
        found = client.survey(survey)
    costs = [
        f"{one['category']}: {one['amount']} yuan, charged products carry {one['charged']}"
        + (f" by {one['key']}" if one.get("key") else "")
        for one in found["data"]["costs"]
    ]
    if as_json:
        tell(found, "", as_json=True)
    else:
        typer.echo("\n".join([f"Costs of {found['year']}, {found['status']}", *costs, *_permitted(found)]))


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
    tell(found, "\n".join([f"Costs of {found['year']}", *_permitted(found)]), as_json=as_json)


@app.command("ceilings")
def set_ceilings(
    operator: Operator,
    ceilings: Annotated[Path | None, typer.Argument(help="A JSON file.", exists=True, dir_okay=False)] = None,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Set an operator's ceilings as one set; FILE holds {"year", "ceilings": [{product, unit, ceiling, forecast}]}.
    Without FILE: list the sets, the newest in force."""
    if ceilings is None:
        with service() as client:
            sets = client.ceilings(operator)
        rows = [each | {"set": one["number"], "year": one["year"]} for one in sets for each in one["ceilings"]]
        fields = ["set", "year", "product", "unit", "ceiling", "forecast"]
        tell_items(sets if as_json else rows, fields, as_json=as_json, empty="No ceilings yet.")
        return
    asked = _object(ceilings)
    try:
        year, rows = asked["year"], asked["ceilings"]
    except KeyError as error:
        raise Problem("malformed_request", f"{ceilings} has no {error.args[0]}; write year and ceilings") from error
    with service() as client:
        made = client.set_ceilings(operator, year, rows)
    fallen = "".join(f"\nThe price of {one['product']} falls to {one['price']} yuan" for one in made["lowered"])
    said = "Set {number} is in force: {total} of {permitted} yuan permitted; letter {letter} tells both departments"
    tell(made, said + fallen, as_json=as_json, get=get)


@app.command("review")
def review_year(
    operator: Operator,
    year: Annotated[int, typer.Argument(help="A year that is over.")],
    outside: Annotated[str, typer.Option(help="Yuan earned beside the platform.")] = "0",
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Hold a year against what was permitted, as the authorising body."""
    with service() as client:
        made = client.review_year(operator, year, outside)
    said = "{id}: {actual} of {permitted} yuan, {deviation}; {who} has to act ({todo})"
    tell(made, said if made["todo"] else "{id}: {actual} of {permitted} yuan, {deviation}", as_json=as_json, get=get)


@app.command("reviews")
def list_reviews(operator: Operator, as_json: Json = False) -> None:
    """List an operator's yearly reviews."""
    with service() as client:
        found = client.year_reviews(operator)
    fields = ["id", "year", "actual", "permitted", "deviation", "who", "status", "todo"]
    tell_items(found, fields, as_json=as_json, empty="No year reviewed yet.")


@app.command("guide")
def guide(review: Review, guidance: Annotated[str, typer.Argument(help="By what.")], as_json: Json = False) -> None:
    """Record the guidance by which the operator adjusts its prices."""
    with service() as client:
        tell(client.guide(review, guidance), "Recorded; next: {todo}", as_json=as_json)


@app.command("close-review")
def close_review(
    review: Review, outcome: Annotated[str, typer.Argument(help="What came of it.")], as_json: Json = False
) -> None:
    """Close a review whose task is done."""
    with service() as client:
        tell(client.close_review(review, outcome), "Review {id} is {status}", as_json=as_json)


@app.command("cycle")
def begin_cycle(
    operator: Operator,
    first: Annotated[int, typer.Argument(help="Its first year.")],
    last: Annotated[int, typer.Argument(help="Its last year.")],
    reason: Annotated[str | None, typer.Option(help="Why it is longer than three years.")] = None,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Begin a cycle of years."""
    with service() as client:
        tell(client.begin_cycle(operator, first, last, reason), "Cycle {number}: {id}", as_json=as_json, get=get)


@app.command("cycles")
def list_cycles(operator: Operator, as_json: Json = False) -> None:
    """List an operator's cycles and what they carried over."""
    with service() as client:
        found = client.cycles(operator)
    fields = ["id", "number", "first", "last", "carry_over", "closed_at"]
    tell_items(found, fields, as_json=as_json, empty="No cycle yet.")


@app.command("close-cycle")
def close_cycle(
    cycle: Annotated[str, typer.Argument(help="Id of the cycle.")],
    over: Annotated[int, typer.Option(help="Over how many following cycles it is deducted.", min=1, max=10)] = 1,
    as_json: Json = False,
) -> None:
    """Close a cycle whose years are reviewed."""
    with service() as client:
        closed = client.close_cycle(cycle, over)
    parts = " + ".join(part["amount"] for part in closed["parts"])
    tell(closed, f"Cycle {{number}} carries {{carry_over}} yuan over: {parts}", as_json=as_json)


@app.command("report")
def file_report(
    operator: Operator,
    year: Annotated[int, typer.Argument(help="A year that is over.")],
    by_hand: Annotated[
        Path | None, typer.Option("--by-hand", help="JSON: operation, sales beside the platform, remarks.", exists=True)
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="Everybody may read it, at /reports.")] = False,
    output: Annotated[Path | None, typer.Option(help="Write the paper here, too: a .pdf.")] = None,
    lang: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    as_json: Json = False,
) -> None:
    """File the yearly report on an operator, as the authorising body."""
    check_folder(output)
    given = {} if by_hand is None else _object(by_hand)
    if unknown := given.keys() - {"operation", "sales", "remarks"}:
        raise Problem("field_invalid", f"{by_hand}: {min(unknown)} is unknown; write operation, sales, remarks")
    with service() as client:
        made = client.file_report(operator, year, public=public, **given)
        if output is not None:
            output.write_bytes(client.report_file(made["id"], lang))
    tell(made, "Report {number} on {year} is filed: {id}", as_json=as_json)


@app.command("reports")
def list_reports(
    operator: Annotated[str | None, typer.Argument(help="Id of the operator; all when left out.")] = None,
    as_json: Json = False,
) -> None:
    """List filed yearly reports."""
    with service() as client:
        found = client.yearly_reports(operator)
    fields = ["id", "operator", "year", "number", "published", "created_at"]
    tell_items(found, fields, as_json=as_json, empty="No report filed yet.")


@app.command("letters")
def list_letters(
    operator: Annotated[str | None, typer.Argument(help="Id of the operator; all when left out.")] = None,
    as_json: Json = False,
) -> None:
    """List the letters (函) to both departments: on ceilings and on yearly reviews."""
    with service() as client:
        found = client.letters(operator)
    fields = ["id", "name", "kind", "operator", "about", "created_at"]
    tell_items(found, fields, as_json=as_json, empty="No letter yet.")


@app.command("letter")
def write_letter(
    letter: Annotated[str, typer.Argument(help="Id of the letter.")],
    output: Annotated[Path, typer.Option(help="The file to write: a .pdf.")],
    lang: Annotated[str, typer.Option(help="zh or en.")] = "zh",
) -> None:
    """Write a letter to both departments as a PDF file."""
    check_folder(output)
    with service() as client:
        output.write_bytes(client.letter_file(letter, lang))
    typer.echo(f"Wrote {output}")


@app.command("calendar")
def show_calendar(
    operator: Annotated[str | None, typer.Argument(help="Id of the operator; all when left out.")] = None,
    as_json: Json = False,
) -> None:
    """Show what is due around prices, soonest first."""
    with service() as client:
        found = client.price_calendar(operator)
    tell_items(found, ["due", "state", "what", "who", "operator", "about"], as_json=as_json, empty="Nothing is due.")


def _permitted(found: dict[str, Any]) -> list[str]:
    """What a survey permits, step by step."""
    said = found["permitted"]
    lines = [f"operating cost net of subsidies: {said['operating_cost']} yuan"]
    lines += [f"+ profit at {said['rate']}: {said['profit']}", f"+ taxes: {said['taxes']}"]
    return [
        *lines,
        f"− carried over from an earlier cycle: {said['carry_over']}",
        f"= permitted: {said['revenue']} yuan",
    ]


def _object(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Problem("malformed_request", f"{file} is not valid JSON: {error}") from error
    if not isinstance(found, dict):
        raise Problem("malformed_request", f"{file}: write one JSON object")
    return found
