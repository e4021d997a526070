"""Uploads of data: web spools and queues them, the vault turns them into a data version.

The version's id is chosen when the upload is queued, so a worker that takes over after a crash writes the same file
again, and the rows that make it count are written in one transaction at the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sandbox.catalogue import registry
from sandbox.catalogue.entry import Entry, TableEntry, parse_entry
from sandbox.catalogue.records import DataVersion, Resource
from sandbox.catalogue.sources import source_of
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.sealing import SealBroken
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.identity.records import ApiKey, Party
from sandbox.jobs import profile
from sandbox.jobs.house import House
from sandbox.jobs.records import Task
from sandbox.jobs.tasks import ATTEMPTS, finish, queue


@dataclass(frozen=True)
class Upload:
    """A spooled table: its name in the spool and its format (csv, parquet, xlsx)."""

    spool: str
    format: str


@dataclass(frozen=True)
class Origin:
    """A table that the vault reads itself: the name of a connected database, and schema.table in it."""

    source: str
    table: str


def submit(
    house: House,
    principal: Principal,
    entry: Mapping[str, Any],
    files: Mapping[str, Upload],
    *,
    sources: Mapping[str, Origin] | None = None,
    resource: str | None = None,
    on_queued: Callable[[Transaction, Task], None] | None = None,
) -> Task:
    """Queue the upload of all tables of a registration (or of a new version of `resource`)."""
    payload = {
        "entry": dict(entry),
        "files": {table: [upload.spool, upload.format] for table, upload in files.items()},
        "sources": {table: [origin.source, origin.table] for table, origin in (sources or {}).items()},
        "resource": resource,
        "party": principal.party.id,
        "key": principal.key.id,
    }
    with house.store.write() as tx:
        task = queue(tx, "ingest", new_id("version"), payload)
        if on_queued:
            on_queued(tx, task)
    house.doorbell.ring("vault")
    return task


def carry_out(house: House, task: Task) -> None:
    """Ingest in the vault. A refused upload leaves its problem as the task's outcome and nothing else."""
    payload, spools = task.payload, [spool for spool, _ in task.payload["files"].values()]
    target = house.settings.data_folder / f"{task.subject}.duckdb"
    try:
        if task.fence > ATTEMPTS:
            raise Problem("execution_failed", "the upload could not be read in; send it again, or as another format")
        version = _write(house, task, target)
        with house.store.write() as tx:
            party, key = tx.get(Party, payload["party"]), tx.get(ApiKey, payload["key"])
            assert party is not None and key is not None
            resource = _register(house, tx, Principal(party, key), payload, version)
            if payload["resource"] is None:
                profile.follow(tx, resource, party.id)
            finish(tx, task, {"resource": resource.id, "version": version.id, "report": version.report})
    except Problem as problem:
        target.unlink(missing_ok=True)
        with house.store.write() as tx:
            finish(tx, task, {"problem": {"code": problem.code, "detail": problem.detail}})
    for spool in spools:
        house.spool.remove(spool)
    house.doorbell.ring("scribe")


def _write(house: House, task: Task, target: Path) -> DataVersion:
    """Decrypt the spools, enforce every declaration, and write the encrypted file."""
    vault = house.vault
    assert vault is not None
    entry, key, opened = parse_entry(task.payload["entry"]), os.urandom(32), {}
    origins = task.payload.get("sources", {})
    with ExitStack() as stack:
        for table, (spool, format_) in task.payload["files"].items():
            try:
                plain = stack.enter_context(house.spool.opened(spool, vault.scratch))
            except (SealBroken, FileNotFoundError) as error:
                raise Problem("table_malformed", f"the upload of {table} was lost on its way; send it again") from error
            opened[table] = (plain.rename(plain.with_suffix(f".{format_}")), format_)  # readers of XLSX ask for it
        if origins:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="source-", dir=vault.scratch)))
            opened |= _copied(house, entry, task.payload["party"], origins, folder)
        made = vault.ingest(entry, opened, target, key, vault.row_order)
    if origins:
        made.report["sources"] = {table: {"source": name, "table": there} for table, (name, there) in origins.items()}
    return DataVersion(
        id=task.subject,
        resource=task.payload["resource"] or new_id("resource"),
        number=1,
        file=target.name,
        wrapped_key=vault.sealer.seal(key, f"version:{task.subject}"),
        report=made.report,
        facts=made.facts,
        created_at=now(),
    )


def _copied(
    house: House, entry: Entry, party: str, origins: Mapping[str, tuple[str, str]], folder: Path
) -> dict[str, tuple[Path, str]]:
    """Read tables from connected databases: of each database all as they are at one moment."""
    from sandbox.catalogue.ingest.database import copy_tables

    wanted: dict[str, dict[str, tuple[TableEntry, str, str, Path]]] = {}
    urls: dict[str, str] = {}
    for table, (name, there) in origins.items():
        declared = next((one for one in entry.tables if one.name == table), None)
        if declared is None:
            raise Problem("field_invalid", f"The part {table} is no declared table; leave it out.", field=table)
        source, schema, relation = source_of(house.settings.key_folder, name, party, there)
        urls[name] = source.url
        wanted.setdefault(name, {})[table] = declared, schema, relation, folder / f"{table}.csv"
    limits = house.settings.upload_limit, house.settings.ingest_timeout_s
    for name, tables in wanted.items():
        copy_tables(name, urls[name], tables, *limits)
    return {table: (path, "csv") for tables in wanted.values() for table, (*_, path) in tables.items()}


def _register(
    house: House, tx: Transaction, principal: Principal, payload: Mapping[str, Any], version: DataVersion
) -> Resource:
    if payload["resource"] is None:
        return registry.register(tx, house.journal, principal, parse_entry(payload["entry"]), version)
    return registry.new_version(tx, house.journal, principal, payload["resource"], version)
