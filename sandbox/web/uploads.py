"""Uploads of tables: parts into spools, spools to the vault, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

from sandbox.core.spool import SpoolRef
from sandbox.errors import STATUS, Problem
from sandbox.jobs import ingest
from sandbox.jobs.house import House
from sandbox.jobs.records import Task
from sandbox.web.call import Errand, Keep
from sandbox.web.multipart import Part, parts
from sandbox.web.waiting import until

METADATA = "metadata"


class Spools:
    """What one request spooled. Whatever the vault was not given (`sent`) is removed at the end of the block."""

    def __init__(self, house: House) -> None:
        self.house, self.sent = house, False
        self.written: list[SpoolRef] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self.sent:
            for ref in self.written:
                self.house.spool.remove(ref.name)

    def write(self, part: Part, limit: int, what: str) -> SpoolRef:
        """Stream a part into an encrypted spool. Raises upload_too_large."""
        ref = self.house.spool.write(part.stream, limit, what)
        self.written.append(ref)
        return ref


class Upload(Spools):
    """The parts of one registration or new data version: its metadata and its tables."""

    def __init__(self, house: House) -> None:
        super().__init__(house)
        self.metadata: object = None
        self.files: dict[str, ingest.Upload] = {}
        self.sources: dict[str, ingest.Origin] = {}
        self.digests: list[list[str]] = []

    def read(self, check: Callable[[object], object] | None) -> None:
        """Read every part; `check` looks at the metadata as soon as it is there, None means that none is expected.

        Raises field_invalid, media_type_unsupported, malformed_request, upload_too_large, and what `check` raises."""
        limits = self.house.settings
        for part in parts(most=limits.table_limit + 1):
            if check and part.name == METADATA:
                self.metadata = part.json()
                check(self.metadata)
            else:
                self._table(part, limits.upload_limit)
        if check and self.metadata is None:
            raise Problem("field_invalid", "send the registration as JSON in a part named metadata")
        if not self.files and not self.sources:
            raise Problem("field_invalid", "send one file part for each table, named like the table")

    def submit(self, errand: Errand, entry: Mapping[str, Any], resource: str | None = None) -> Task:
        """Hand the tables to the vault, once per Idempotency-Key, and wait for what comes of it.

        Raises what the vault refused, idempotency_in_progress when it takes longer than its time limit."""

        def start(keep: Keep) -> str:
            task = ingest.submit(
                errand.house, errand.principal, entry, self.files,
                sources=self.sources, resource=resource, on_queued=lambda tx, task: keep(tx, task.id),
            )  # fmt: skip
            self.sent = True
            return task.id

        task_id = errand.once([self.metadata, sorted(self.digests)], start)
        return _finished(errand.house, task_id)

    def _table(self, part: Part, limit: int) -> None:
        """A file, or in JSON the database and table that it is read from."""
        if part.media == "application/json":
            origin = _origin(part)
            self.sources[part.name] = origin
            self.digests.append([part.name, origin.source, origin.table])
            return
        format_ = part.format
        ref = self.write(part, limit, f"file of table {part.name}")
        self.files[part.name] = ingest.Upload(ref.name, format_)
        self.digests.append([part.name, format_, ref.digest])


def _origin(part: Part) -> ingest.Origin:
    said = part.json()
    texts = isinstance(said, dict) and said.keys() == {"source", "table"} and all(map(_short, said.values()))
    if not texts or not isinstance(said, dict):
        raise Problem("field_invalid", f'part {part.name}: write {{"source": "…", "table": "schema.table"}}')
    return ingest.Origin(said["source"], said["table"])


def _short(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 200 and value.isprintable()


def _finished(house: House, task_id: str) -> Task:
    def read() -> Task:
        with house.store.read() as tx:
            task = tx.get(Task, task_id)
        assert task is not None, "a task is never deleted"
        return task

    if not until(lambda: read().status == "done", house.settings.ingest_timeout_s):
        raise Problem("idempotency_in_progress", "the upload is still checked; repeat it with the same Idempotency-Key")
    task = read()
    problem = (task.outcome or {}).get("problem")
    if problem:
        raise Problem(problem["code"] if problem["code"] in STATUS else "table_malformed", problem["detail"])
    return task
