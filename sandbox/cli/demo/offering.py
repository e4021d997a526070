"""First part: those who have data, those who authorise, those who operate."""

from __future__ import annotations

from datetime import date
from typing import Any

from sandbox.cli.demo import data
from sandbox.cli.demo.stage import Stage

PRICE = "1.20"
ROLES = {
    "health": "holder",
    "archive": "holder",
    "operator": "operator",
    "lantern": "user",
    "aurora": "user",
    "goldpan": "user",
    "institute": "user",
    "regulator": "regulator",
}
PRODUCTS = {
    "inspections": ("commercial", "inspections"),
    "homes": ("commercial", "persons"),
    "homes_research": ("welfare", "persons"),
}


def opening(stage: Stage) -> None:
    """Say what this is; the service already runs."""
    stage.console.print(stage.words("opening"), markup=False, soft_wrap=True)
    stage.act("service_title")
    stage.say("service", url=stage.instance.url)
    stage.join("authority", stage.instance.authority_key)


def parties(stage: Stage) -> None:
    """Everybody gets a key of their own; the regulator makes hers from a one-time token."""
    stage.act("parties_title")
    authority = stage.clients["authority"]
    for number, (name, role) in enumerate(ROLES.items(), 1):
        made = authority.create_party(stage.words.of("names", name), [role], f"91110000DEMO{number:06d}")
        key = made.get("api_key")
        if key is None:
            with stage.instance.client(None) as nobody:
                key = nobody.enrol(made["enrolment_token"])["api_key"]
        stage.join(name, key, made["id"])
        stage.verbatim(f"{stage.words.of('roles', role)}: {stage.words.of('names', name)}")
    stage.say("parties")
    stage.expect(len(set(stage.keys.values())) == len(ROLES) + 1, "every party has a key of its own")


def registration(stage: Stage) -> None:
    """The holders register their data."""
    stage.act("registration_title")
    for name, holder in (("inspections", "health"), ("persons", "archive")):
        file = stage.instance.folder / f"{name}.csv"
        with stage.working("registering", name=stage.words.of("resources", name)):
            rows = data.write(name, file)
            made = stage.clients[holder].register(data.entry(name), {name: file})
            file.unlink()
        stage.ids[name] = made["id"]
        stage.say(f"registered_{name}", rows=f"{rows:,}")
    stage.say("registered")


def authorisation(stage: Stage) -> None:
    """The authority authorises the operator, once for any use, once for public welfare only."""
    stage.act("grants_title")
    year = date.today().year
    terms: dict[str, Any] = {"operator": stage.ids["operator"], "mode": "whole", "conditions": "none"}
    terms |= {"starts": f"{year}-01-01", "ends": f"{year + 3}-12-31", "security_contact": "security@example.org"}
    both = [stage.ids["inspections"], stage.ids["persons"]]
    authority = stage.clients["authority"]
    commercial = authority.grant(resources=both, purposes=["industry", "public_welfare"], **terms)
    welfare = authority.grant(resources=[stage.ids["persons"]], purposes=["public_welfare"], **terms)
    stage.ids["commercial"], stage.ids["welfare"] = commercial["id"], welfare["id"]
    stage.say("grants")


def packaging(stage: Stage) -> None:
    """The operator packages products; somebody else approves them; a price is set."""
    stage.act("products_title")
    operator, authority = stage.clients["operator"], stage.clients["authority"]
    for name, (grant, resource) in PRODUCTS.items():
        title = stage.words.of("products", name)
        made = operator.create_product(stage.ids[grant], title, [stage.ids[resource]])
        operator.change_product(made["id"], "submit")
        authority.change_product(made["id"], "approve")
        operator.price(made["id"], "call", PRICE, trial=True)
        stage.ids[name] = made["id"]
        stage.verbatim(title)
    stage.say("priced", price=PRICE)
