"""Builds what each process holds, and gives it only the keys it may have. The one module that knows the adapters."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from sandbox.catalogue.entry import Entry
from sandbox.catalogue.records import Ingested
from sandbox.core.clock import now, rfc3339, run_ahead
from sandbox.core.hsm import TokenKeys
from sandbox.core.ids import new_id
from sandbox.core.keys import FileKeys, Keyring, derive, epoch_name
from sandbox.core.kms import KmsKeys
from sandbox.core.sealing import Sealer
from sandbox.core.spool import Spool
from sandbox.engines.base import Engine
from sandbox.errors import Problem
from sandbox.identity import parties
from sandbox.jobs.doorbell import Doorbell
from sandbox.jobs.house import House, Ingest, Vault
from sandbox.jobs.product import installed
from sandbox.jobs.scratch import scratch
from sandbox.persons.pseudonym import Pseudonyms
from sandbox.plan.moments import has_moments
from sandbox.plan.plan import Plan
from sandbox.plan.reading import Reading
from sandbox.products.afresh import Afresh
from sandbox.settings import Settings, load, provider_secret
from sandbox.stores.snapshot import dump_database as dump_database
from sandbox.stores.snapshot import fill_database as fill_database
from sandbox.stores.sql import SqlStore
from sandbox.test_instance import CREATED, ahead_of, identity, journal_of
from sandbox.transparency.epochs import epochs, with_former
from sandbox.transparency.notes import Signer
from sandbox.transparency.seal import OnSealed, Scribe

INSTANCE = "instance.json"
RESTORED = "restored.json"
"""Lies in the home of an instance that was restored and not recovered yet: it is not served."""
FOLDERS = ("data", "spool", "log")


def init_instance(home: Path, test_instance: bool = False) -> dict[str, str]:
    """Make an instance in `home` (its keys beside it) and give `home` and the authority's first key, shown once.
    With `test_instance` it is one for tests, for ever: see `sandbox.test_instance`.

    Raises `Problem(state_conflict)` when there is an instance already; nothing half-made stays."""
    settings = load(home=home)
    if home.exists() and any(home.iterdir()):
        raise Problem("state_conflict", f"{home} is not empty; name a new folder")
    existed, keys_existed = home.exists(), settings.key_folder.exists()
    try:
        return _init(settings, test_instance)
    except BaseException:
        if not existed:
            shutil.rmtree(home, ignore_errors=True)
        if not keys_existed:
            shutil.rmtree(settings.key_folder, ignore_errors=True)
        raise


def _init(settings: Settings, test: bool) -> dict[str, str]:
    home = settings.home
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    for folder in FOLDERS:
        (home / folder).mkdir(mode=0o700)
    keys = keyring(settings)
    keys.create()
    (home / "log.pub").write_text(signer_of(settings, keys, epoch_name("log", 1)).verifier_key + "\n")
    spool_key = X25519PrivateKey.from_private_bytes(keys.secret("spool"))
    (home / "spool.pub").write_bytes(spool_key.public_key().public_bytes_raw())
    instance = {"id": new_id("instance"), "created_at": rfc3339(now()), "test_instance": test}
    with closing(SqlStore(settings.database)) as store:
        store.reach()
        store.create()
        journal = journal_of(test)(Sealer(keys.secret("release")))
        with store.write() as tx:
            said = {"instance": str(instance["id"]), "test_instance": "yes" if test else "no"}
            journal.write(tx, CREATED, public=said)
            _, key = parties.bootstrap(tx, journal)
    (home / INSTANCE).write_text(json.dumps(instance) + "\n")
    return {"home": str(home), "authority_key": key}


@contextmanager
def old_store(settings: Settings) -> Iterator[SqlStore]:
    """The database as it is, of whatever version. Raises `Problem(not_ready)` where there is no instance."""
    _there(settings)
    with closing(SqlStore(settings.database)) as store:
        yield store


def check_ready_to_serve(settings: Settings) -> None:
    """Raise `Problem` when there is no whole instance at the settings' places, or its parts are of two instances."""
    _there(settings)
    if (settings.home / RESTORED).exists():
        raise Problem(
            "integrity_stop",
            "this instance was restored from a backup: say what is known of the time since with `sandbox recover`",
        )
    keyring(settings).secret("release")
    check_engine(settings)
    provider_secret(settings)
    with closing(SqlStore(settings.database)) as store:
        store.ping()
        with store.read() as tx:
            identity(tx, settings.log_folder, settings.home / INSTANCE)


def _there(settings: Settings) -> None:
    if not (settings.home / INSTANCE).exists():
        said = f"there is no instance in {settings.home}; make one with `sandbox init` or say --home"
        raise Problem("not_ready", said)


def check_engine(settings: Settings) -> None:
    """Raise `Problem(not_ready)` when the engine of the settings cannot run on this machine."""
    if settings.engine == "spark":
        from sandbox.engines.spark.java import check

        check(settings.spark)


def keyring(settings: Settings) -> Keyring:
    """Give the custody of the settings' keys; raises `Problem(field_invalid)` when token or KMS is not fully named."""
    if settings.key_store == "files":
        return FileKeys(settings.key_folder)
    if settings.key_store == "kms":
        if not settings.kms_key:
            raise Problem("field_invalid", "keys in a KMS need SANDBOX_KMS_KEY, the key there that wraps the secrets")
        return KmsKeys(settings.key_folder, settings.kms_key, settings.kms_endpoint, settings.kms_region)
    if not settings.pkcs11_module or not settings.pkcs11_token:
        raise Problem("field_invalid", "keys in a token need SANDBOX_PKCS11_MODULE and SANDBOX_PKCS11_TOKEN")
    return TokenKeys(settings.key_folder, settings.pkcs11_module, settings.pkcs11_token)


def signer_of(settings: Settings, keys: Keyring, name: str) -> Signer:
    """Give the signer of checkpoints with a log key."""
    return Signer(settings.name, keys.signing_key(name))


def web_house(settings: Settings) -> House:
    """What web holds: the release key, the key that signs cookies, the secret for the provider people sign in with."""
    return replace(
        _house(settings),
        cookie_key=derive(keyring(settings).secret("release"), "cookies"),
        oidc_secret=provider_secret(settings),
    )


@contextmanager
def inspector(settings: Settings) -> Iterator[House]:
    """What one may look at from outside: no key but the release key."""
    house = _house(settings)
    try:
        yield house
    finally:
        house.store.close()


@contextmanager
def vault_house(settings: Settings) -> Iterator[House]:
    """What the vault holds: data keys, K_master, the engine; let go at the end of the block."""
    # The vault alone needs DuckDB and Arrow: half of the import time of the others.
    from sandbox.catalogue.ingest import Limits, ingest_in_child

    keys = keyring(settings)
    vault_secret = keys.secret("vault")
    spool_key = X25519PrivateKey.from_private_bytes(keys.secret("spool"))
    house = _house(settings, evidence=Sealer(derive(vault_secret, "evidence")), spool_key=spool_key)
    with house.store.read() as tx:
        masters = epochs(tx, "master")
    sealer = Sealer(derive(vault_secret, "sealing"))
    memory = f"{settings.engine_memory_mb}MiB"
    engine = _engine(settings)
    limits = Limits(file_bytes=settings.upload_limit, memory=memory)
    with scratch(settings) as folder:
        vault = Vault(
            engine=engine,
            ingest=_stored(settings, partial(ingest_in_child, limits=limits, seconds=settings.ingest_timeout_s)),
            sealer=sealer,
            masters={str(row.number): keys.mac(row.id) for row in masters},
            epoch=str(masters[-1].number),
            row_order=derive(vault_secret, "row-order"),
            scratch=folder,
        )
        try:
            yield replace(house, vault=vault)
        finally:
            engine.close()


def _engine(settings: Settings) -> Engine:
    """Give the engine of the settings; Spark's session starts meanwhile."""
    if settings.engine == "spark":
        from sandbox.engines.spark.engine import SparkEngine

        spark = SparkEngine(
            master=settings.spark,
            folder=settings.spark_folder,
            seconds=settings.job_timeout_s,
            memory_mb=settings.engine_memory_mb,
        )
        spark.warm()
        return spark
    from sandbox.engines.duckdb.pool import DuckDBEngine

    return DuckDBEngine(seconds=settings.job_timeout_s, memory=f"{settings.engine_memory_mb}MiB")


def _stored(settings: Settings, ingest: Ingest) -> Ingest:
    """Give the ingest; with Spark it writes what Spark reads, too."""
    if settings.engine != "spark":
        return ingest
    from sandbox.engines.base import OpenVersion
    from sandbox.engines.process import ChildLost
    from sandbox.engines.spark.storing import store_in_child

    def both(entry: Entry, files: Mapping[str, tuple[Path, str]], target: Path, key: bytes, prf_key: bytes) -> Ingested:
        found = ingest(entry, files, target, key, prf_key)
        try:
            store_in_child(OpenVersion(target.stem, target, key), settings.engine_memory_mb, settings.ingest_timeout_s)
        except ChildLost:
            target.unlink(missing_ok=True)
            raise Problem("execution_failed", "the upload could not be written for Spark; send it again") from None
        return found

    return both


def scribe_house(settings: Settings, on_sealed: OnSealed) -> tuple[House, Scribe]:
    """What the scribe holds: the log key."""
    house = _house(settings)
    with house.store.read() as tx:
        signer = signer_of(settings, keyring(settings), epochs(tx, "log")[-1].id)
    scribe = Scribe(
        house.store,
        house.log_folder,
        signer,
        settings.name,
        on_sealed,
        saved=settings.checkpoints,
        trusted=with_former(house.log_public_key),
    )
    return house, scribe


def _house(
    settings: Settings,
    *,
    evidence: Sealer | None = None,
    spool_key: X25519PrivateKey | None = None,
) -> House:
    home, secret = settings.home, keyring(settings).secret("release")
    release = Sealer(secret)
    store = SqlStore(settings.database)
    store.ping()
    with store.read() as tx:
        test = identity(tx, settings.log_folder, home / INSTANCE).test
    run_ahead(ahead_of(home) if test else timedelta)
    return House(
        settings=settings,
        store=store,
        journal=journal_of(test)(release, evidence),
        release_sealer=release,
        pseudonyms=Pseudonyms(derive(secret, "persons")),
        spool=Spool(
            settings.spool_folder, X25519PublicKey.from_public_bytes((home / "spool.pub").read_bytes()), spool_key
        ),
        products={name: Afresh(kind, allowed=test) for name, kind in installed().items()},
        doorbell=Doorbell(home),
        log_public_key=(home / "log.pub").read_text().strip(),
        test_instance=test,
        renders=_renders(settings),
    )


def _renders(settings: Settings) -> Callable[[Plan | Reading, Entry], bool]:
    """Give what says of plans whether DuckDB has statements for them."""
    if settings.engine != "duckdb":
        return lambda plan, _: not (has_moments(plan.rows) if isinstance(plan, Reading) else plan.on_rows or plan.own)
    from sandbox.catalogue.laying import declared_layout
    from sandbox.engines.duckdb.foreseen import renders

    return lambda plan, entry: renders(plan, declared_layout(entry))
