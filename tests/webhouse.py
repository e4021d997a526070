"""A light instance for tests of the HTTP service: real control database and keys, no vault and no scribe."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from sandbox.core.clock import now
from sandbox.core.sealing import Sealer
from sandbox.core.spool import Spool
from sandbox.core.store import Store
from sandbox.identity.parties import bootstrap
from sandbox.jobs.doorbell import Doorbell
from sandbox.jobs.house import House
from sandbox.persons.pseudonym import Pseudonyms
from sandbox.settings import Settings
from sandbox.transparency.journal import Journal
from sandbox.transparency.records import Lease
from sandbox.web.app import create_app

ROLES = ("holder", "administration", "price_authority", "operator", "user", "subject", "regulator", "auditor")


@dataclass
class Web:
    """The service with a client, the authority's key, and a party with key for each role."""

    house: House
    client: FlaskClient
    authority: str
    keys: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> TestResponse:
        """Send one request under /api/v1; `key` is a role's name, a key, or "" for none."""
        key = self.authority if key is None else self.keys.get(key, key)
        sent = {**({"Authorization": f"Bearer {key}"} if key else {}), **(headers or {})}
        given = {"json": body} if body is not None else {}
        return self.client.open("/api/v1" + path, method=method, headers=sent, **given, **more)

    def join(self, name: str, *roles: str) -> str:
        """Make a party called `name` with these roles (its name is its role by default) and keep its key."""
        made = self.call("POST", "/parties", {"name": name, "roles": list(roles) or [name]}).json
        key = (
            made["api_key"] or self.call("POST", "/enrolments", {"token": made["enrolment_token"]}, "").json["api_key"]
        )
        self.keys[name], self.ids[name] = key, made["id"]
        return str(made["id"])


def make_house(store: Store, home: Path, **settings: Any) -> House:
    """Give a house over `store`, without vault and scribe; both count as alive."""
    for folder in ("data", "spool", "log"):
        (home / folder).mkdir(parents=True)
    release, spool_key = Sealer(os.urandom(32)), X25519PrivateKey.generate()
    with store.write() as tx:
        for name in ("vault-alive", "scribe-alive"):
            tx.add(Lease(name, "test", 1, now() + timedelta(days=1)))
    return House(
        settings=Settings(home=home, **settings),
        store=store,
        journal=Journal(release),
        release_sealer=release,
        pseudonyms=Pseudonyms(os.urandom(32)),
        spool=Spool(home / "spool", spool_key.public_key(), spool_key),
        products={},
        doorbell=Doorbell(home),
        log_public_key="test+00000000+AAAA",
        test_instance=False,
    )


def make_web(store: Store, home: Path, **settings: Any) -> Web:
    """Make the service over `store`, with its first party."""
    house = make_house(store, home, **settings)
    with store.write() as tx:
        _, key = bootstrap(tx, house.journal)
    return Web(house, create_app(house).test_client(), key)
