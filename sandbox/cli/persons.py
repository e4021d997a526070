"""The commands about persons: consent, who asked about me, what persons demand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sandbox.cli.command import Get, Json, read_json, service, tell, tell_items
from sandbox.cli.instance import Home

app = typer.Typer(no_args_is_help=True, help="Persons: consent (个人同意), who asked about me, objections, correction.")
PersonFile = Annotated[
    Path,
    typer.Argument(
        metavar="PERSON",
        help='A JSON file {"kind": "cn_id", "number": "…"}: a number on the command line would stay in its history.',
        exists=True,
        dir_okay=False,
    ),
]


@app.command()
def identify(
    party: Annotated[str, typer.Argument(help="Id of the party with the role subject.")],
    person: PersonFile,
    method: Annotated[str, typer.Option(help="How the identity was proved.")],
    as_json: Json = False,
) -> None:
    """Let a party stand for the person whose identity was proved."""
    with service() as client:
        done = client.identify(party, read_json(person), method)
    tell(done, "Party {party} stands for this person", as_json=as_json)


@app.command()
def consent(
    person: PersonFile,
    purpose: Annotated[str, typer.Argument(help="public_governance, public_welfare or industry.")],
    expires: Annotated[str, typer.Option(help="When it ends, RFC 3339.")],
    recipient: Annotated[
        str | None, typer.Option(help="Id of the party that may ask; a user's own if left out.")
    ] = None,
    product: Annotated[str | None, typer.Option(help="Only by this product.")] = None,
    sensitive: Annotated[bool, typer.Option(help="The person was asked separately about sensitive data.")] = False,
    form: Annotated[Path | None, typer.Option(help="The signed form.", exists=True, dir_okay=False)] = None,
    identity_proof: Annotated[str | None, typer.Option(help="How you knew who signed.")] = None,
    guardian: Annotated[
        Path | None, typer.Option(help="Of a child under 14: the guardian, a file like PERSON.", exists=True)
    ] = None,
    relation: Annotated[str, typer.Option(help="What the guardian is to the child.")] = "parent",
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Record one consent: one person, one recipient, one purpose; of forms only the SHA-256 is sent."""
    from sandbox.client.authorise import digest_of

    digest = None if form is None else digest_of(form)
    more: dict[str, Any] = {"recipient": recipient, "product": product, "identity_proof": identity_proof}
    more |= {"form": digest, "sensitive": sensitive or None}
    if guardian is not None:
        if digest is None:
            raise typer.BadParameter("name the --form that the guardian signed")
        more["guardian"] = {"person": read_json(guardian), "relation": relation, "form": digest}
    given = {name: value for name, value in more.items() if value is not None}
    with service() as client:
        made = client.give_consent(read_json(person), purpose, expires, **given)
    tell(made, "Consent {id} until {expires_at}", as_json=as_json, get=get)


@app.command()
def consents(as_json: Json = False) -> None:
    """List one's own consents, or those given to oneself."""
    with service() as client:
        found = client.consents()
    tell_items(found, ["id", "recipient", "purpose", "status", "expires_at"], as_json=as_json, empty="No consent.")


@app.command()
def withdraw(consent: Annotated[str, typer.Argument(help="Id of the consent.")], as_json: Json = False) -> None:
    """Withdraw a consent, with immediate effect."""
    with service() as client:
        tell(client.withdraw_consent(consent), "Withdrawn: {id}", as_json=as_json)


@app.command()
def inquiries(as_json: Json = False) -> None:
    """List who asked about oneself."""
    with service() as client:
        found = client.inquiries()
    fields = ["at", "recipient_name", "product", "purpose", "basis"]
    tell_items(found, fields, as_json=as_json, empty="Nobody asked about you.")


@app.command()
def demand(
    kind: Annotated[str, typer.Argument(help="objection, correction, portability or erasure.")],
    resource: Annotated[str, typer.Argument(help="Id of the resource.")],
    text: Annotated[str, typer.Argument(help="What you demand.")],
    as_json: Json = False,
    get: Get = None,
) -> None:
    """Demand something of whoever answers for a resource."""
    with service() as client:
        made = client.demand_of_holder(kind, resource, text)
    tell(made, "Filed {id}; it is answered by {due}", as_json=as_json, get=get)


@app.command()
def demands(as_json: Json = False) -> None:
    """List one's own demands, and those about resources that one answers for."""
    with service() as client:
        found = client.person_demands()
    tell_items(
        found, ["id", "kind", "resource", "status", "due", "text", "answer"], as_json=as_json, empty="No demand."
    )


@app.command()
def answer(
    demand: Annotated[str, typer.Argument(help="Id of the demand.")],
    text: Annotated[str, typer.Argument(help="The answer.")],
    uphold: Annotated[bool, typer.Option("--uphold/--reject", help="Uphold or reject it.")] = False,
    as_json: Json = False,
) -> None:
    """Answer a person's demand; without --uphold it is rejected."""
    with service() as client:
        tell(client.answer_person_demand(demand, uphold, text), "{id} is now {status}", as_json=as_json)


@app.command()
def sweep(home: Home = None, as_json: Json = False) -> None:
    """Forget what was kept of persons for three years behind its end, and the salts behind its leaves; the host's."""
    from sandbox.bootstrap import inspector
    from sandbox.core.clock import now
    from sandbox.persons.retention import sweep as forget
    from sandbox.settings import load

    with inspector(load(home=home)) as house, house.store.write() as tx:
        forgotten = forget(tx, house.journal, now())
    tell(
        forgotten,
        "Forgot {consents} consents, {inquiries} inquiries, {demands} demands, {claims} claims",
        as_json=as_json,
    )


def add_to(main: typer.Typer) -> None:
    """Add the commands about persons."""
    main.add_typer(app, name="persons")
