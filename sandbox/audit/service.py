"""A world on a running service: registered, granted, packaged and subscribed, with users who may spend at will."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sandbox.audit.asking import OverHttp
from sandbox.audit.worlds import Rows, World, written
from sandbox.client import Client

USERS = 2
_TERMS = {"mode": "whole", "purposes": ["industry"], "starts": "2020-01-01", "ends": "2090-01-01"}


def published(
    connect: Callable[[str], Client], authority: Client, world: World, tables: Mapping[str, Rows], folder: Path
) -> OverHttp:
    """Publish `tables` under the registration of `world` on the service of `authority`, and give its users.

    `connect` gives a client for a key. The resource has a name and a population of its own."""
    name = f"audit_{secrets.token_hex(4)}"
    declared = {**world.declared, "name": name}
    resource = authority.register(declared, written(tables, folder, name))["id"]
    operator, operator_id = _party(connect, authority, f"Operator {name}", "operator")
    terms: dict[str, Any] = {**_TERMS, "conditions": "none", "security_contact": "audit@example.org"}
    grant = authority.grant(operator=operator_id, resources=[resource], **terms)["id"]
    product = operator.create_product(grant, name, [resource])["id"]
    operator.change_product(product, "submit")
    authority.change_product(product, "approve")
    operator.price(product, "call", "1.00", trial=True)
    users = []
    for number in range(USERS):
        user, _ = _party(connect, authority, f"User {number} {name}", "user")
        made = user.subscribe(product, "industry", accept=True)
        if made["status"] != "active":
            operator.approve_subscription(made["id"])
        users.append((user, made["id"]))
    return OverHttp(users, authority)


def _party(connect: Callable[[str], Client], authority: Client, name: str, role: str) -> tuple[Client, str]:
    made = authority.create_party(name, [role])
    return connect(made["api_key"]), made["id"]
