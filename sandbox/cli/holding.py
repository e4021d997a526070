"""`sandbox resource`: what holders do with what they registered."""

from __future__ import annotations

from typing import Annotated

import typer

from sandbox.cli.command import Json, service, tell, tell_items

app = typer.Typer(no_args_is_help=True, help="Grades, quality, conditions, consents and use of registered resources.")
Resource = Annotated[str, typer.Argument(help="Id of the resource.")]
Level = Annotated[str | None, typer.Option(help="high, medium or low.")]


@app.command("list")
def list_resources(as_json: Json = False) -> None:
    """List the resources one may see."""
    with service() as client:
        found = client.resources()
    tell_items(found, ["id", "name", "holder", "domain", "grade"], as_json=as_json, empty="No resource yet.")


@app.command()
def regrade(
    resource: Resource,
    grade: Annotated[str, typer.Argument(help="general or important.")],
    reason: Annotated[str, typer.Option(help="Why; it stays on record.")],
    column: Annotated[
        list[str] | None, typer.Option(metavar="TABLE.COLUMN=ROLE", help="Another role of a column; repeatable.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Give one's own resource another grade, or columns other roles."""
    roles = {}
    for pair in column or []:
        name, equals, role = pair.partition("=")
        if not equals:
            raise typer.BadParameter(f"write TABLE.COLUMN=ROLE, not {pair}")
        roles[name] = role
    with service() as client:
        tell(client.regrade(resource, grade, reason, roles), "The grade is now {grade}", as_json=as_json)


@app.command()
def grades(resource: Resource, as_json: Json = False) -> None:
    """Show how grade and roles of columns changed."""
    with service() as client:
        steps = client.grades(resource)
    fields = ["created_at", "before.grade", "after.grade", "after.columns", "reason"]
    tell_items(steps, fields, as_json=as_json, empty="The grade never changed.")


@app.command()
def quality(
    resource: Resource,
    completeness: Level = None,
    accuracy: Level = None,
    timeliness: Level = None,
    uniqueness: Level = None,
    readability: Level = None,
    as_json: Json = False,
) -> None:
    """Show the quality of a resource; with levels, say in public of what quality one's own data are."""
    levels = {
        "completeness": completeness,
        "accuracy": accuracy,
        "timeliness": timeliness,
        "uniqueness": uniqueness,
        "readability": readability,
    }
    said = {name: level for name, level in levels.items() if level is not None}
    with service() as client:
        found = client.state_quality(resource, **said) if said else client.quality(resource)
    dates = found["timeliness"]
    lines = []
    if dates is not None:
        state = "overdue since" if dates["overdue"] else "due again"
        lines.append(f"updated {dates['updated_at'][:10]}, {state} {dates['due'][:10]}")
    stated = {name: level for name, level in (found["stated"] or {}).items() if name in levels}
    lines += [f"the holder says: {name} {level}" for name, level in stated.items()]
    for report in found["reports"] or []:
        for name, table in report["report"]["tables"].items():
            shares = {one: table["quality"][one] for one in ("completeness", "accuracy", "uniqueness")}
            shown = ", ".join(f"{one} {share}" for one, share in shares.items())
            broken = sum(not rule["met"] for rule in table["quality"]["rules"])
            rules = f", {broken} of {len(table['quality']['rules'])} rules missed" if table["quality"]["rules"] else ""
            lines.append(f"version {report['number']}, {name}: {shown}{rules}")
    tell(found, "\n".join(lines) or "Nothing is known yet.", as_json=as_json)


@app.command()
def conditions(
    resource: Resource,
    purpose: Annotated[list[str] | None, typer.Option(help="A purpose that grants may have; repeatable.")] = None,
    consent: Annotated[bool | None, typer.Option("--consent/--no-consent", help="Whether each grant waits.")] = None,
    text: Annotated[str, typer.Option(help="Further conditions, in words.")] = "",
    as_json: Json = False,
) -> None:
    """Show the holder's conditions; with options, set those of one's own resource."""
    with service() as client:
        if purpose is None and consent is None and not text:
            found = client.conditions(resource)
        else:
            found = client.set_conditions(resource, purpose or [], text, consent=bool(consent))
    allowed = ", ".join(found["purposes"]) or "every purpose"
    asked = "each grant waits for its consent" if found["consent"] else "no grant waits for its consent"
    tell(found, f"The holder allows {allowed}; {asked}", as_json=as_json)


@app.command()
def consent(
    resource: Resource,
    grant: Annotated[str, typer.Argument(help="Id of the grant.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    refuse: Annotated[bool, typer.Option("--refuse", help="Refuse it.")] = False,
    as_json: Json = False,
) -> None:
    """Consent to a grant over one's own resource, or refuse it."""
    with service() as client:
        tell(client.decide_grant(resource, grant, not refuse, reason), "Consent is {status}", as_json=as_json)


@app.command()
def use(resource: Resource, as_json: Json = False) -> None:
    """Show who may use one's own resource for what, and how often it was."""
    with service() as client:
        found = client.use(resource)
    if as_json:
        tell(found, "", as_json=True)
        return
    tell_items(found["grants"], ["grant", "operator", "purposes", "ends", "status"], as_json=False, empty="No grant.")
    fields = ["month", "product", "operator", "purpose", "jobs", "users"]
    tell_items(found["months"], fields, as_json=False, empty="No use yet.")


@app.command()
def links(product: Annotated[str, typer.Argument(help="Id of the product.")], as_json: Json = False) -> None:
    """Show which resources a product lets its operator put together."""
    with service() as client:
        found = client.links(product)
    if as_json:
        tell(found, "", as_json=True)
        return
    tell_items(found["links"], ["resource", "other", "columns"], as_json=False, empty="Nothing is linked.")
    if found["links"]:
        typer.echo("An assessment is attached." if found["assessed"] else "A linkage_assessment has to be attached.")
