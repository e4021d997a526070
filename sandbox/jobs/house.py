"""What a process of the service holds: its stores, keys and products. `bootstrap` builds one per process and gives each
only the keys it may have."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sandbox.catalogue.entry import Entry
from sandbox.catalogue.records import Ingested
from sandbox.core.sealing import Sealer
from sandbox.core.spool import Spool
from sandbox.core.store import Store
from sandbox.engines.base import Engine
from sandbox.jobs.compiled import Recent
from sandbox.jobs.doorbell import Doorbell
from sandbox.jobs.product import ProductKind
from sandbox.persons.pseudonym import Pseudonyms
from sandbox.plan.plan import Plan
from sandbox.plan.reading import Reading
from sandbox.settings import Settings
from sandbox.transparency.journal import Journal
from watermarking.keys import Master


class Ingest(Protocol):
    """Enforces a registration's declarations on its files, given as table → (path, format), and writes one encrypted
    data version; gives the holder's report and the public facts. Raises `Problem` for files that cannot be read."""

    def __call__(
        self, entry: Entry, files: Mapping[str, tuple[Path, str]], target: Path, key: bytes, prf_key: bytes
    ) -> Ingested: ...


@dataclass(frozen=True)
class Vault:
    """What only the vault holds: engine, ingest, sealer of bases and evidence, K_master by epoch; `epoch` makes what is
    new."""

    engine: Engine
    ingest: Ingest
    sealer: Sealer
    masters: Mapping[str, Master]
    epoch: str
    row_order: bytes
    scratch: Path


@dataclass(frozen=True)
class House:
    """What every process holds. `vault` is None but in the vault. `renders` says from declarations alone whether the
    engine has statements for a plan. Only web has `cookie_key`, which signs cookies, and `oidc_secret`."""

    settings: Settings
    store: Store
    journal: Journal
    release_sealer: Sealer
    pseudonyms: Pseudonyms
    spool: Spool
    products: Mapping[str, ProductKind]
    doorbell: Doorbell
    log_public_key: str
    test_instance: bool
    vault: Vault | None = None
    renders: Callable[[Plan | Reading, Entry], bool] = lambda plan, entry: True
    cookie_key: bytes = field(default_factory=lambda: os.urandom(32), repr=False)
    oidc_secret: str | None = field(default=None, repr=False)
    recent: Recent = field(default_factory=Recent)

    @property
    def log_folder(self) -> Path:
        return self.settings.log_folder
