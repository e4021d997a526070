"""The commands of those who offer data: authority, holder, operator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sandbox.cli.command import Get, Json, read_json, service, tell
from sandbox.cli.revenue import app as revenue
from sandbox.errors import Problem

PURPOSES = ["public_governance", "public_welfare", "industry"]
product = typer.Typer(no_args_is_help=True, help="Package, submit, approve and price products.")
Product = Annotated[str, typer.Argument(help="Id of the product.")]


def party(
    name: Annotated[str, typer.Argument(help="Its legal name.")],
    roles: Annotated[list[str], typer.Argument(help="holder, administration, operator, user, regulator, auditor, …")],
    credit_code: Annotated[str | None, typer.Option(help="Unified social credit code (统一社会信用代码).")] = None,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Create a party. Authorisers, regulators and auditors get a one-time token instead of a key."""
    with service() as client:
        made = client.create_party(name, roles, credit_code)
    shown = "its key, shown this once: {api_key}" if made.get("api_key") else "its one-time token: {enrolment_token}"
    tell(made, "Created party {id}\n" + shown, as_json=as_json, get=get)


def enrol(
    token: Annotated[str, typer.Argument(help="The one-time token.")], as_json: Json = False, get: Get = None
) -> None:
    """Turn a one-time token into one's own key."""
    with service(key=False) as client:
        tell(client.enrol(token), "Your key, shown this once: {api_key}", as_json=as_json, get=get)


def profile(
    resource: Annotated[str, typer.Argument(help="Id of the resource.")],
    reason: Annotated[str | None, typer.Option(help="Buy it anew, and why; it is paid from the budget.")] = None,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Show the public profile of a resource, or with --reason buy it anew."""
    with service() as client:
        if reason is not None:
            bought = client.buy_profile(resource, reason)
            tell(bought, "Buying profile {id} for ρ {rho}", as_json=as_json, get=get)
            return
        found = client.resource(resource).get("profile")
    if found is None:
        raise Problem("not_found", "there is no profile yet; buy one with --reason, or wait until it is done")
    sizes = [f"{name}: about {one['rows']:,} rows of {one['units']:,} units" for name, one in found["tables"].items()]
    tell(
        found,
        "\n".join([*sizes, f"of data version {found['version']}, for ρ {found['rho']}"]),
        as_json=as_json,
        get=get,
    )


def grant(
    operator: Annotated[str, typer.Argument(help="Id of the operator.")],
    resources: Annotated[list[str] | None, typer.Argument(help="Ids of the resources; none: all of the mode.")] = None,
    *,
    starts: Annotated[str, typer.Option(help="First day, YYYY-MM-DD.")],
    ends: Annotated[str, typer.Option(help="Last day, YYYY-MM-DD.")],
    contact: Annotated[str, typer.Option(help="Who answers for security.")],
    purpose: Annotated[list[str], typer.Option(help=f"{', '.join(PURPOSES)}; repeatable.")],
    mode: Annotated[str, typer.Option(help="whole, domain or scenario (整体/分领域/依场景).")] = "whole",
    conditions: Annotated[str, typer.Option(help="Conditions, in words.")] = "none",
    domain: Annotated[str | None, typer.Option(help="The domain, for the mode domain.")] = None,
    scenario: Annotated[str | None, typer.Option(help="The scenario, for the mode scenario.")] = None,
    volume: Annotated[int | None, typer.Option(help="Most jobs of the whole term.")] = None,
    right: Annotated[list[str] | None, typer.Option(help="processing_use, product_operation; else both.")] = None,
    decision: Annotated[str | None, typer.Option(help="The instrument it was decided by.")] = None,
    decision_day: Annotated[str | None, typer.Option(help="Day of the decision, YYYY-MM-DD.")] = None,
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Authorise an operator (授权运营)."""
    terms: dict[str, Any] = {"operator": operator, "mode": mode, "resources": resources or [], "purposes": purpose}
    terms |= {"starts": starts, "ends": ends, "conditions": conditions, "security_contact": contact}
    if (decision is None) != (decision_day is None):
        raise typer.BadParameter("say both --decision and --decision-day, or neither")
    record = None if decision is None else {"instrument": decision, "day": decision_day}
    more = {"domain": domain, "scenario": scenario, "volume": volume, "rights": right or None, "decision": record}
    terms |= {name: value for name, value in more.items() if value is not None}
    with service() as client:
        tell(client.grant(**terms), "Gave grant {id}", as_json=as_json, get=get)


def raise_budget(
    account: Annotated[str, typer.Argument(help="Id of a population's account; `sandbox budget --json` lists them.")],
    epsilon: Annotated[str, typer.Argument(help="The new ε for its lifetime; more than before.")],
    reason: Annotated[str, typer.Option(help="Why; it is logged and disclosed.")],
    delta: Annotated[str | None, typer.Option(help="The new δ; as it is when left out.")] = None,
    as_json: Json = False,
) -> None:
    """Raise the lifetime cap of a population: a change of promise that everybody can see."""
    with service() as client:
        raised = client.raise_budget(account, epsilon, reason, delta)
    total = raised["total"]
    tell(
        raised,
        f"The promise is now ε {total['epsilon']}, δ {total['delta']}; log and disclosure say so",
        as_json=as_json,
    )


@product.command("create")
def create_product(
    grant: Annotated[str, typer.Argument(help="Id of the grant.")],
    name: Annotated[str, typer.Argument(help="Its name in the public list.")],
    resources: Annotated[list[str], typer.Argument(help="Ids of the resources.")],
    spec: Annotated[
        Path | None, typer.Option(help="Its specification, a JSON file.", exists=True, dir_okay=False)
    ] = None,
    kind: Annotated[
        str, typer.Option(help="query, index, verification, model, program, workspace or synthetic.")
    ] = "query",
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Package a product and submit it for review."""
    with service() as client:
        made = client.create_product(grant, name, resources, kind, None if spec is None else read_json(spec))
        client.change_product(made["id"], "submit")
    tell(made, "Submitted product {id} for review", as_json=as_json, get=get)


@product.command()
def price(
    product: Product,
    amount: Annotated[str, typer.Argument(help="Yuan, at most 6 decimals.")],
    unit: Annotated[str, typer.Option(help="call, cell (released value), month or product (once).")] = "call",
    trial: Annotated[bool, typer.Option(help="A trial price (试行).")] = False,
    allowance: Annotated[int, typer.Option(help="Calls or cells a month that are free to each user.", min=0)] = 0,
    tier: Annotated[list[str] | None, typer.Option(help="ABOVE:YUAN, what units of a month beyond it cost.")] = None,
    starts: Annotated[str | None, typer.Option(help="A time to come, RFC 3339; now when left out.")] = None,
    as_json: Json = False,
) -> None:
    """Set the price of one's product."""
    with service() as client:
        more = {} if starts is None else {"starts": starts}
        steps = [_tier(one) for one in tier or ()]
        set_to = client.price(product, unit, amount, trial=trial, allowance=allowance, tiers=steps, **more)
    tell(set_to, f"From {{starts}} on {amount} yuan per {unit}", as_json=as_json)


def _tier(text: str) -> dict[str, object]:
    above, colon, yuan = text.partition(":")
    if not colon or not above.isdigit():
        raise typer.BadParameter(f"--tier {text}: write units and yuan, like 1000:0.80")
    return {"above": int(above), "price": yuan}


@product.command("list")
def list_products(as_json: Json = False) -> None:
    """List the products one may see."""
    from sandbox.cli.command import tell_items

    with service() as client:
        tell_items(client.products(), ["id", "name", "kind", "status"], as_json=as_json, empty="No product yet.")


def add_to(app: typer.Typer) -> None:
    """Add the commands of those who offer data."""
    for command in (party, enrol, profile, grant):
        app.command()(command)
    app.add_typer(product, name="product")
    app.add_typer(revenue, name="revenue")
    app.command("raise-budget")(raise_budget)
