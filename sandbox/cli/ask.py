"""The commands of a data user: subscribe, estimate, query, see what it cost."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sandbox.cli.command import Get, Json, check_folder, read_json, service, tell, tell_items

if TYPE_CHECKING:  # a command that asks nothing does not load it
    from sandbox.client.answer import Answer

Subscription = Annotated[str, typer.Argument(help="Id of the subscription.")]
Sql = Annotated[str | None, typer.Argument(help="The question, in SQL; products of other kinds take none.")]
Parameters = Annotated[
    list[str] | None, typer.Option("--parameter", help="name=value, for products of other kinds; repeatable.")
]
Dialect = Annotated[str | None, typer.Option(help="What the text is in: duckdb, postgresql or ansi.")]
Epsilon = Annotated[str | None, typer.Option(help="Privacy to spend; more gives a smaller error.")]
Groups = Annotated[int | None, typer.Option(help="In how many groups one unit counts, at most.", min=1)]
Rows = Annotated[int | None, typer.Option("--rows-per-group", help="With how many rows in each, at most.", min=1)]
Keys = Annotated[str | None, typer.Option(help="private: find keys anew; published: as the public profile lists them.")]

Mode = Annotated[str | None, typer.Option(help="How units are bounded: rows, weights or totals; else the best.")]
Resource = Annotated[str | None, typer.Option(help="Id or name of the resource, of a product that has several.")]
LogKey = Annotated[Path | None, typer.Option(help="The log's public key, to check the receipt.", exists=True)]
Receipt = Annotated[Path | None, typer.Option(help="File to keep the receipt in.")]
FORMATS = ("csv", "parquet", "arrow", "xlsx", "json")
Consistent = Annotated[bool, typer.Option("--consistent", help="Totals of grouping sets as sums of their parts.")]


def subscribe(
    product: Annotated[str, typer.Argument(help="Id of the product.")],
    purpose: Annotated[str, typer.Argument(help="public_governance, public_welfare or industry.")],
    accept: Annotated[bool, typer.Option(help="Sign the commitment (承诺书).")] = False,
    scenario: Annotated[str | None, typer.Option(help="The scenario, where the grant is for one.")] = None,
    quota: Annotated[int | None, typer.Option(help="Most jobs of a calendar month.")] = None,
    agreement: Annotated[
        Path | None, typer.Option(help="The operator's agreement, by which you are bound.", exists=True, dir_okay=False)
    ] = None,
    proof: Annotated[
        Path | None, typer.Option(help="The document that shows why use is free.", exists=True, dir_okay=False)
    ] = None,
    place: Annotated[list[str] | None, typer.Option(help="Where you are and work from: CN, HK, …; repeatable.")] = None,
    recipient: Annotated[
        Path | None,
        typer.Option(help="Your answers about your security, a JSON file; `sandbox commitment` asks.", exists=True),
    ] = None,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Subscribe to a product for one purpose; of documents only the SHA-256 is sent."""
    from sandbox.client.authorise import digest_of

    more: dict[str, Any] = {}
    if agreement is not None:
        more["agreement"] = digest_of(agreement)
    if proof is not None:
        more["proof"] = {"title": proof.name, "digest": digest_of(proof)}
    if place:
        more["places"] = place
    if recipient is not None:
        more["recipient"] = read_json(recipient)
    with service() as client:
        made = client.subscribe(product, purpose, accept=accept, scenario=scenario, quota=quota, **more)
    tell(made, "Subscription {id} is {status}", as_json=as_json, get=get)


def _parameter(written: str) -> tuple[str, Any]:
    """Read name=value: JSON where it is that and has one spelling, else text."""
    name, equals, value = written.partition("=")
    if not equals:
        raise typer.BadParameter("write name=value", param_hint="--parameter")
    try:
        return name, json.loads(value, parse_float=str)
    except ValueError:
        return name, value


@dataclass(frozen=True)
class Question:
    """What estimate, explain and query take alike; each field is an argument or option of theirs."""

    subscription: Subscription
    sql: Sql = None
    epsilon: Epsilon = None
    dialect: Dialect = None
    groups: Groups = None
    rows: Rows = None
    keys: Keys = None
    mode: Mode = None
    consistent: Consistent = False
    parameters: Parameters = None
    resource: Resource = None

    @property
    def asked(self) -> tuple[str, str | None, str | None]:
        """Of whom, what, and for how much privacy."""
        return self.subscription, self.sql, self.epsilon

    @property
    def more(self) -> dict[str, Any]:
        """What is asked for beside."""
        bounds = {"groups": self.groups, "rows_per_group": self.rows}
        more = {
            "bounds": {name: most for name, most in bounds.items() if most is not None} or None,
            "parameters": dict(_parameter(one) for one in self.parameters or []) or None,
            "consistent": self.consistent or None,
            **{name: getattr(self, name) for name in ("dialect", "keys", "mode", "resource")},
        }
        return {name: value for name, value in more.items() if value is not None}


def asking(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command whose first parameter, a question, is taken as the arguments and options that it is made of."""
    own = [one for one in signature(command, eval_str=True).parameters.values() if one.annotation is not Question]
    parts = signature(Question, eval_str=True).parameters

    @wraps(command)
    def run(**given: Any) -> None:
        command(Question(**{name: given.pop(name) for name in parts}), **given)

    taken = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in (*parts.values(), *own)]
    run.__signature__ = Signature(taken)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in taken}
    return run


@asking
def estimate(
    question: Question,
    as_json: Json = False,
) -> None:
    """Say what a question would cost in privacy and money, and how far off its numbers would be; costs nothing."""
    with service() as client:
        found = client.estimate(*question.asked, **question.more)
    from sandbox.cli.show import at_most

    tell(found, f"It would cost ε {at_most(found['epsilon'])} (ρ {{rho}}) and {{fee}} yuan.", as_json=as_json)
    for one in [] if as_json else found["expected"]:
        if one["error_95"] is not None:
            typer.echo(f"{one['name']}: off by at most {one['error_95']} in 95 of 100 cases")


@asking
def explain(
    question: Question,
    language: Annotated[str, typer.Option(help="en or zh.")] = "en",
    as_json: Json = False,
) -> None:
    """Say in words what a question does, how far off its numbers will be and what it takes; costs nothing."""
    with service() as client:
        found = client.estimate(*question.asked, **question.more)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    if language not in found["explain"]:
        raise typer.BadParameter(f"write one of {', '.join(found['explain'])}", param_hint="--language")
    for sentence in found["explain"][language]:
        typer.echo(sentence)


@asking
def query(
    question: Question,
    log_key: LogKey = None,
    receipt: Receipt = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Noise drawn anew; on a test instance only.")] = False,
    as_json: Json = False,
) -> None:
    """Ask a question and print its answer with 95 % intervals."""
    check_folder(receipt)
    more = question.more | ({"fresh": True} if fresh else {})
    with service() as client:
        _show(client.query(*question.asked, **more), log_key, receipt, as_json=as_json)


def answer(
    job: Annotated[str, typer.Argument(help="Id of the job.")],
    file: Annotated[
        Path | None, typer.Option(help="File to write it to instead: .csv, .parquet, .arrow, .xlsx or .json.")
    ] = None,
    log_key: LogKey = None,
    receipt: Receipt = None,
    as_json: Json = False,
) -> None:
    """Collect the answer of a job that one asked before; costs nothing."""
    check_folder(receipt)
    if file is not None:
        check_folder(file)
        if file.suffix[1:] not in FORMATS:
            raise typer.BadParameter(f"its name ends in one of .{', .'.join(FORMATS)}", param_hint="--file")
    with service() as client:
        if file is not None:
            file.write_bytes(client.download(job, file.suffix[1:]))
            typer.echo(f"Wrote {file}")
        else:
            _show(client.answer(job), log_key, receipt, as_json=as_json)


def jobs(as_json: Json = False) -> None:
    """List what one asked: state and price of each job."""
    with service() as client:
        tell_items(client.jobs(), ["id", "created_at", "status", "fee"], as_json=as_json, empty="Nothing asked yet.")


def _show(answer: Answer, log_key: Path | None, receipt: Path | None, *, as_json: bool) -> None:
    """Print an answer, once its receipt was kept and checked as asked."""
    if receipt is not None:
        receipt.write_text(answer.receipt.text, encoding="utf-8")
    if log_key is not None:
        answer.receipt.verify(log_key.read_text(encoding="utf-8"))
    if as_json:
        typer.echo(json.dumps(answer.result, ensure_ascii=False, indent=2))
        return
    from sandbox.cli.show import answer_table, at_most, console

    console().print(answer_table(answer))
    for note in answer.notes:
        typer.echo(f"Note: {note}")
    typer.echo(f"Cost: ε {at_most(answer.privacy['epsilon'])} and {answer.fee} yuan; job {answer.job}.")
    if log_key is not None:
        typer.echo("The receipt is good.")


def publish(
    job: Annotated[str, typer.Argument(help="Id of the job whose answer was published.")],
    place: Annotated[str, typer.Argument(help="Where: an address, or a title.")],
    day: Annotated[str, typer.Argument(help="When: YYYY-MM-DD.")],
    as_json: Json = False,
) -> None:
    """Declare that you published your copy of an answer; it stands beside the findings of traces."""
    with service() as client:
        tell(client.publish(job, place, day), "Declared: {place}, {day}", as_json=as_json)


def budget(as_json: Json = False) -> None:
    """List the privacy accounts one may see, what is left of them and what it buys."""
    with service() as client:
        accounts = client.budgets()
    if as_json or not accounts:
        tell_items(accounts, [], as_json=as_json, empty="No privacy account yet.")
        return
    from sandbox.cli.show import at_least, at_most, console, table

    heads = ["population", "party", "ε in all", "spent", "left", "over life", "renews"]
    rows = [
        [
            account["population"],
            account["party"] or "(everybody)",
            account["total"]["epsilon"],
            at_most(account["spent"]["epsilon"]),
            at_least(account["left"]["epsilon"]),
            at_most(account["life"]["epsilon"]),
            account["renews"]["next"][:10] if account["renews"] else "never",
        ]
        for account in accounts
    ]
    console().print(table(heads, rows, right=[2, 3, 4, 5]))
    for account in accounts:
        typer.echo(f"{account['population']}, {account['party'] or 'everybody'}: {account['worth']['sentence']['en']}")


def usage(as_json: Json = False) -> None:
    """List what was metered."""
    with service() as client:
        tell_items(
            client.usage(), ["at", "job", "product", "purpose", "fee"], as_json=as_json, empty="Nothing used yet."
        )


def statement(
    month: Annotated[str | None, typer.Argument(help="YYYY-MM; all months when left out.")] = None,
    as_json: Json = False,
) -> None:
    """Print the monthly statements (账单)."""
    with service() as client:
        months = client.statements(month)
    if as_json or not months:
        tell_items(months, [], as_json=as_json, empty="No statement yet.")
        return
    for one in months:
        typer.echo(f"{one['month']}: {one['total']} yuan")
        fields = ["name", "purpose", "unit", "price", "free", "quantity", "amount"]
        tell_items(one["lines"], fields, as_json=False, empty="nothing used")
        for issued in one.get("tax_invoices", ()):
            typer.echo("Tax invoice (发票): " + " ".join(filter(None, (issued["code"], issued["number"]))))


def add_to(app: typer.Typer) -> None:
    """Add the data user's commands."""
    for command in (subscribe, estimate, explain, query, answer, jobs, publish, budget, usage, statement):
        app.command()(command)
