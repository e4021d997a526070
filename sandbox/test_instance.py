"""What a test instance is: one whose budgets do not bind and whose users may have noise drawn anew, so that an audit
can look as often as it needs to, and whose clock the host may move forward. Its numbers protect nobody.

The mark is the first leaf of its log, signed and public before anything else happens, and there is no way to take it
back: every process reads it there, and stops when the instance's file, the database and the published log do not say
the same. Every later leaf, and so every receipt and bundle, carries it as well, and so does every answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.transparency.journal import Journal, content
from sandbox.transparency.leaves import published
from sandbox.transparency.notes import NoteInvalid
from sandbox.transparency.records import LogEntry
from sandbox.transparency.tiles import TileMissing

CREATED = "instance.created"
HEADER = ("Sandbox-Test-Instance", "yes")
"""Of every answer over HTTP: files of some formats have no room for a note."""

AHEAD = "clock.ahead"
"""The file in its home that says by how many seconds its clock runs ahead."""


@dataclass(frozen=True)
class Identity:
    """Which instance it is, and whether one for tests."""

    id: str
    test: bool


class MarkedJournal(Journal):
    """The journal of a test instance: every leaf says so."""

    def write(self, tx: Transaction, kind: str, *, public: Mapping[str, str | int | None], **more: Any) -> LogEntry:
        """Add a leaf as `Journal.write` does, with `test_instance` among what it shows."""
        return super().write(tx, kind, public={**public, "test_instance": "yes"}, **more)


def journal_of(test: bool) -> type[Journal]:
    """Give the kind of journal that an instance writes."""
    return MarkedJournal if test else Journal


def ahead_of(home: Path) -> Callable[[], timedelta]:
    """Give what tells how far the clock of the test instance in `home` runs ahead; the file is read when it changed."""
    file, known, ahead = home / AHEAD, -1, timedelta()

    def tell() -> timedelta:
        nonlocal known, ahead
        try:
            changed = file.stat().st_mtime_ns
        except FileNotFoundError:
            return timedelta()
        if changed != known:
            known, ahead = changed, timedelta(seconds=float(file.read_text()))
        return ahead

    return tell


def said_by(leaf: bytes) -> Identity | None:
    """Give what the first leaf of a log says; None for any other leaf."""
    found = content(leaf)
    public = found["public"]
    if found["kind"] != CREATED or not isinstance(public, dict):
        return None
    return Identity(str(public["instance"]), public["test_instance"] != "no")


def identity(tx: Transaction, log_folder: Path, file: Path) -> Identity:
    """Give which instance this is, by its log. Raises `Problem(integrity_stop)` when its file, the database and the
    published log do not agree on it."""
    sealed = tx.find(LogEntry, index=0, limit=1)
    first = sealed or tx.find(LogEntry, kind=CREATED, order=("at", "id"), limit=1)
    found = said_by(first[0].leaf) if first else None
    if found is None:
        raise _other("the log in the database does not begin with the making of an instance")
    shown = _published(log_folder)
    if shown is not None and shown != first[0].leaf:
        raise _other("the database begins with another leaf than the published log")
    said = json.loads(file.read_text(encoding="utf-8"))
    if found != Identity(str(said["id"]), bool(said["test_instance"])):
        raise _other(f"{file.name} names another instance than the log, or another kind; what the log says stands")
    return found


def _published(log_folder: Path) -> bytes | None:
    """The first leaf that the public sees; None where there is none yet, or the files are damaged, which others say."""
    try:
        return next(published(log_folder), None)
    except (TileMissing, NoteInvalid):
        return None


def _other(why: str) -> Problem:
    return Problem("integrity_stop", f"{why}; put back the files and the database that belong together")


Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def marked(app: Wsgi) -> Wsgi:
    """Give the application with the mark in the headers of every answer."""

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        def begin(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start(status, [*headers, HEADER], *more)

        return app(environ, begin)

    return application
