"""The commands of authorised operation: the life of grants, policies, credit records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sandbox.cli.command import Get, Json, service, tell, tell_items
from sandbox.errors import Problem

grants = typer.Typer(no_args_is_help=True, help="The life of grants (授权): amend, suspend, renew, exit, succeed.")
policy = typer.Typer(no_args_is_help=True, help="The policies that decide: read, check, test, propose, activate.")
credit = typer.Typer(no_args_is_help=True, help="Credit records (信用记录): enter, show, appeal, repair, decide.")

Grant = Annotated[str, typer.Argument(help="Id of the grant.")]
Reason = Annotated[str, typer.Option(help="Why; it stays on record.")]
PolicyFile = Annotated[Path, typer.Argument(help="A file of Cedar policies.", exists=True, dir_okay=False)]
Strict = Annotated[bool, typer.Option("--strict", help="The shipped policies and the stricter ones beside them.")]
Entry = Annotated[str, typer.Argument(help="Id of the entry.")]


@grants.command("list")
def list_grants(as_json: Json = False) -> None:
    """List the grants one may see."""
    with service() as client:
        found = client.grants()
    fields = ["id", "operator", "mode", "status", "starts", "ends", "waiting_for"]
    tell_items(found, fields, as_json=as_json, empty="No grant yet.")


@grants.command("history")
def grant_history(grant: Grant, as_json: Json = False) -> None:
    """Show the steps of a grant."""
    with service() as client:
        steps = client.grant_history(grant)
    tell_items(
        steps, ["created_at", "kind", "by", "reason"], as_json=as_json, empty="Nothing changed since it was given."
    )


@grants.command()
def amend(
    grant: Grant,
    reason: Reason,
    resource: Annotated[list[str] | None, typer.Option(help="All resources from now on; repeatable.")] = None,
    purpose: Annotated[list[str] | None, typer.Option(help="All purposes from now on; repeatable.")] = None,
    right: Annotated[list[str] | None, typer.Option(help="processing_use, product_operation; repeatable.")] = None,
    volume: Annotated[int | None, typer.Option(help="Most jobs of the whole term.")] = None,
    conditions: Annotated[str | None, typer.Option(help="Conditions, in words.")] = None,
    contact: Annotated[str | None, typer.Option(help="Who answers for security.")] = None,
    as_json: Json = False,
) -> None:
    """Change terms of a grant; what is left out stays as it is."""
    asked: dict[str, Any] = {
        "resources": resource or None,
        "purposes": purpose or None,
        "rights": right or None,
        "volume": volume,
    }
    asked |= {"conditions": conditions, "security_contact": contact}
    terms = {name: value for name, value in asked.items() if value is not None}
    _step(grant, "amend", "Amended grant {id}", as_json, reason=reason, **terms)


@grants.command()
def suspend(grant: Grant, reason: Reason = "", as_json: Json = False) -> None:
    """Stop everything under a grant."""
    _step(grant, "suspend", "Suspended grant {id}", as_json, reason=reason)


@grants.command()
def resume(grant: Grant, reason: Reason = "", as_json: Json = False) -> None:
    """Let a suspended grant work again."""
    _step(grant, "resume", "Grant {id} works again", as_json, reason=reason)


@grants.command()
def renew(
    grant: Grant, ends: Annotated[str, typer.Argument(help="The new last day, YYYY-MM-DD.")], as_json: Json = False
) -> None:
    """Move the last day of a grant further into the future."""
    _step(grant, "renew", "Grant {id} now ends on {ends}", as_json, ends=ends)


@grants.command("exit")
def leave(
    grant: Grant,
    cause: Annotated[
        str | None, typer.Option(help="end_of_term, withdrawal, breach, merger, bankruptcy, own_wish.")
    ] = None,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """End a grant for good (退出)."""
    more = {} if cause is None else {"cause": cause}
    _step(grant, "exit", "Grant {id} is over", as_json, reason=reason, **more)


@grants.command()
def succeed(
    grant: Grant,
    operator: Annotated[str, typer.Argument(help="Id of the operator that takes over.")],
    reason: Reason,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Let another operator succeed to a grant, with its products and their subscriptions."""
    with service() as client:
        made = client.change_grant(grant, "succeed", operator=operator, reason=reason)
    tell(made, "Grant {id} succeeds to " + grant, as_json=as_json, get=get)


@policy.command()
def show(
    version: Annotated[str | None, typer.Argument(help="Id of a version; the one in force when left out.")] = None,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Print the policies in force, or another version of them."""
    with service() as client:
        found = client.policies() if version is None else client.policy_version(version)
    tell(found, "{text}", as_json=as_json, get=get)


@policy.command("list")
def list_versions(as_json: Json = False) -> None:
    """List the versions of the policies."""
    with service() as client:
        found = client.policy_versions()
    fields = ["number", "id", "status", "note", "created_at", "activated_at"]
    tell_items(found, fields, as_json=as_json, empty="The shipped policies are in force; no other was proposed.")


@policy.command()
def check(file: PolicyFile) -> None:
    """Say whether a file of policies could be put in force; asks nobody."""
    from sandbox.grants.policy import checked

    try:
        rules = checked(file.read_text(encoding="utf-8"), str(file))
    except UnicodeDecodeError:
        raise Problem("malformed_request", f"{file} is not a text in UTF-8") from None
    typer.echo(f"{len(rules.ids)} policies, {len(rules.laws)} of them law; they fit the facts.")


@policy.command()
def test(
    file: Annotated[Path | None, typer.Argument(help="A file of Cedar policies.", exists=True, dir_okay=False)] = None,
    strict: Strict = False,
    as_json: Json = False,
) -> None:
    """Try policies against past requests: which would have been decided otherwise. Nothing changes."""
    with service() as client:
        found = client.test_policies(_text(file, strict))
    if as_json:
        tell(found, "", as_json=True)
        return
    tell(found, "{changed} of {tried} past requests would be decided otherwise; {unclear} cannot be told.")
    tell_items(found["changes"], ["request", "at", "was", "would_be"], as_json=False, empty="None changes.")


@policy.command()
def propose(
    file: Annotated[Path | None, typer.Argument(help="A file of Cedar policies.", exists=True, dir_okay=False)] = None,
    strict: Strict = False,
    note: Annotated[str, typer.Option(help="What it changes, and why.")] = "",
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Put a new version of the policies on record; it decides nothing yet."""
    with service() as client:
        tell(
            client.propose_policies(_text(file, strict), note),
            "Proposed version {number}, {id}",
            as_json=as_json,
            get=get,
        )


@policy.command()
def activate(version: Annotated[str, typer.Argument(help="Id of the version.")], as_json: Json = False) -> None:
    """Put a version in force from the next decision on; an earlier one, too."""
    with service() as client:
        tell(client.activate_policies(version), "Version {number} decides from now on", as_json=as_json)


@policy.command()
def strict(
    note: Annotated[str, typer.Option(help="Why.")] = "documents are conditions", as_json: Json = False, get: Get = None
) -> None:
    """Make what is only warned of a condition: assessments, every question of the checklist, the document of free use,
    the security of recipients."""
    with service() as client:
        tell(
            client.make_strict(note),
            "Version {number} decides: what was warned of is demanded",
            as_json=as_json,
            get=get,
        )


@credit.command()
def enter(
    party: Annotated[str, typer.Argument(help="Id of the party.")],
    kind: Annotated[str, typer.Argument(help="breach, suspension or incentive.")],
    reason: Reason,
    about: Annotated[str | None, typer.Option(help="Id of what it comes from, as a trace or incident.")] = None,
    until: Annotated[str | None, typer.Option(help="Last day of a suspension, YYYY-MM-DD.")] = None,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Enter a line into a party's credit record."""
    more = {name: value for name, value in (("about", about), ("until", until)) if value is not None}
    with service() as client:
        tell(client.enter_credit(party, kind, reason, **more), "Entered {kind} {id}", as_json=as_json, get=get)


@credit.command("show")
def show_credit(party: Annotated[str, typer.Argument(help="Id of the party.")], as_json: Json = False) -> None:
    """Show a credit record."""
    with service() as client:
        found = client.credit(party)
    if as_json:
        tell(found, "", as_json=True)
        return
    tell(found, "Standing: {standing}")
    tell_items(found["entries"], ["id", "kind", "status", "reason", "until"], as_json=False, empty="No entry.")


@credit.command()
def appeal(entry: Entry, plea: Annotated[str, typer.Argument(help="Why it is wrong.")], as_json: Json = False) -> None:
    """Appeal against an entry of one's own record."""
    with service() as client:
        tell(
            client.appeal(entry, plea),
            "Appealed against {id}; another party than the one that entered it decides",
            as_json=as_json,
        )


@credit.command()
def repair(
    entry: Entry,
    plea: Annotated[str, typer.Argument(help="What was mended.")],
    evidence: Annotated[Path, typer.Argument(help="The document that shows it.", exists=True, dir_okay=False)],
    as_json: Json = False,
) -> None:
    """Ask for repair of an entry of one's own record."""
    with service() as client:
        tell(client.ask_repair(entry, plea, evidence), "Asked for repair of {id}", as_json=as_json)


@credit.command()
def decide(
    entry: Entry,
    decision: Annotated[str, typer.Argument(help="The decision, in words.")],
    accept: Annotated[bool, typer.Option("--accept/--reject", help="Accept or reject it.")] = False,
    as_json: Json = False,
) -> None:
    """Decide on an appeal or a repair; without --accept it is rejected."""
    with service() as client:
        tell(client.decide_credit(entry, accept, decision), "{id} is now {status}", as_json=as_json)


def _step(grant: str, action: str, sentence: str, as_json: bool, **said: Any) -> None:
    with service() as client:
        tell(client.change_grant(grant, action, **said), sentence, as_json=as_json)


def _text(file: Path | None, strict: bool) -> str:
    from policies.authorise import SHIPPED, STRICT

    if (file is None) != strict:
        raise typer.BadParameter("name a file of policies, or say --strict")
    return SHIPPED + STRICT if file is None else file.read_text(encoding="utf-8")


def add_to(app: typer.Typer) -> None:
    """Add the commands of authorised operation."""
    app.add_typer(grants, name="grants")
    app.add_typer(policy, name="policy")
    app.add_typer(credit, name="credit")
