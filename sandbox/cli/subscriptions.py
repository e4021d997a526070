"""The commands about subscriptions: what one accepts, who is let in, what free use rests on, who is secure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sandbox.cli.command import Json, service, tell, waits
from sandbox.cli.standing import subscriptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.client import Client

Subscription = Annotated[str, typer.Argument(help="Id of the subscription.")]
Language = Annotated[str, typer.Option(help="en or zh.")]
Reason = Annotated[str, typer.Option(help="Why; the user is told.")]
LEVELS = "sufficient or insufficient"
DECLARED = (
    "Warning: nothing but a declaration shows that this use is free. `sandbox subscriptions demand-proof` asks for its "
    "documents; `sandbox policy strict` makes them a condition."
)
UNASSESSED = (
    "Warning: the security of this recipient is not assessed. `sandbox subscriptions assess` does it; "
    "`sandbox policy strict` makes it a condition."
)


def commitment(language: Language = "en", as_json: Json = False) -> None:
    """Print what a subscriber accepts, what it declares of free use, and what it is asked about its security."""
    with service(key=False) as client:
        found = client.commitment()
    if as_json:
        tell(found, "", as_json=True)
        return
    _known(language, found["commitment"])
    heads = {"commitment": ("Commitment:", "承诺书："), "declaration": ("For free use also:", "无偿使用另行声明：")}
    for name, head in heads.items():
        typer.echo(f"{head[language == 'zh']} {found[name][language]}\n")
    typer.echo("接收方安全评估：" if language == "zh" else "Questions about your security, for `--recipient FILE`:")
    for name, question in found["recipient"].items():
        typer.echo(f"  {name}: {question[language]}")


def approve(
    subscription: Subscription,
    security: Annotated[str | None, typer.Option(help=f"The recipient's, as you assess it: {LEVELS}.")] = None,
    note: Annotated[str, typer.Option(help="On what that rests.")] = "",
    as_json: Json = False,
) -> None:
    """Approve a subscription to one's product."""
    with service() as client:
        done = client.approve_subscription(subscription, security, note)
    tell(done, "Approved subscription " + subscription, as_json=as_json)
    if as_json or waits(done):
        return
    if done["free_by"] not in (None, "document"):
        typer.echo(DECLARED)
    if done["security"] is None:
        typer.echo(UNASSESSED)


@subscriptions.command()
def show(subscription: Subscription, language: Language = "en", as_json: Json = False) -> None:
    """Show a subscription: what its free use rests on, what was demanded, what is said of the recipient's security."""
    with service() as client:
        found = client.subscription(subscription)
        asked = client.commitment()["recipient"]
    if as_json:
        tell(found, "", as_json=True)
        return
    _known(language, ("en", "zh"))
    tell(found, "Subscription {id} of {party} to {product}, for {purpose}: {status}")
    if found["free_by"] is not None:
        typer.echo(f"Free by: {found['free_by']}{_named(found['proof'])}")
    if look := found["inspection"]:
        until = f", due {look['due']}" if look.get("due") else ""
        typer.echo(f"Looked into: {look['state']}{until} – {look['reason']}")
    for name, answer in (found["recipient"] or {}).items():
        typer.echo(f"{asked[name][language] if name in asked else name}: {answer}")
    assessed = found["security"]
    typer.echo(f"Security: {assessed['level']} – {assessed['note']}" if assessed else "Security: not assessed")


@subscriptions.command()
def prove(
    subscription: Subscription,
    file: Annotated[Path, typer.Argument(help="The document; only its SHA-256 is sent.", exists=True, dir_okay=False)],
    as_json: Json = False,
) -> None:
    """Attach the document that shows why one's use is free."""
    _step(lambda client: client.prove_free_use(subscription, file), "Free by {free_by}; subscription {id}", as_json)


@subscriptions.command("demand-proof")
def demand_proof(
    subscription: Subscription,
    reason: Reason,
    days: Annotated[int, typer.Option(help="Days to bring them, from 1 to 90.")] = 15,
    as_json: Json = False,
) -> None:
    """Demand the documents of free use; once the days are over, nothing runs or leaves without them."""
    with service() as client:
        done = client.demand_proof(subscription, reason, days)
    due = (done.get("inspection") or {}).get("due")
    tell(done, f"Documents for subscription {{id}} are due by {due}", as_json=as_json)


@subscriptions.command("find-untrue")
def find_untrue(subscription: Subscription, reason: Reason, as_json: Json = False) -> None:
    """Find that what free use rests on is untrue: the subscription ends."""
    _step(lambda client: client.find_untrue(subscription, reason), "Subscription {id} is {status}: {reason}", as_json)


@subscriptions.command()
def assess(
    subscription: Subscription,
    level: Annotated[str, typer.Argument(help=f"{LEVELS}.")],
    note: Annotated[str, typer.Option(help="On what that rests.")] = "",
    as_json: Json = False,
) -> None:
    """Assess the security of a recipient of one's product, or assess it again; insufficient lets no job run."""
    _step(lambda client: client.assess_recipient(subscription, level, note), f"Recipient of {{id}}: {level}", as_json)


def _step(do: Callable[[Client], dict[str, Any]], sentence: str, as_json: bool) -> None:
    with service() as client:
        tell(do(client), sentence, as_json=as_json)


def _known(language: str, languages: Any) -> None:
    if language not in languages:
        raise typer.BadParameter(f"write one of {', '.join(languages)}", param_hint="--language")


def _named(proof: dict[str, Any] | None) -> str:
    return f" ({proof['title']}, {proof['digest']})" if proof else ""


def add_to(app: typer.Typer) -> None:
    """Add the commands about subscriptions; their group is that of `standing.py`."""
    app.command()(commitment)
    app.command()(approve)
