"""`sandbox keys`: what keys there are, new epochs, and what to do when one is in other hands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sandbox.bootstrap import inspector, keyring, signer_of
from sandbox.core.clock import rfc3339
from sandbox.core.keys import SECRETS, epoch_name
from sandbox.core.store import Transaction
from sandbox.jobs.presence import require_still
from sandbox.jobs.records import Base
from sandbox.jobs.trace import close
from sandbox.settings import Settings
from sandbox.transparency.durable import Batch
from sandbox.transparency.epochs import COMPROMISED, FORMER, KEYS, Key, compromise, current, epochs, rotate, statement


def listed(settings: Settings) -> dict[str, Any]:
    """Give every epoch of the keys that have some, and in words where the keys are."""
    with inspector(settings) as house, house.store.read() as tx:
        rows = [row for key in KEYS for row in epochs(tx, key)]
        where = keyring(settings).check(relied_on(tx))
    return {
        "custody": where,
        "epochs": [{"key": row.key, "epoch": row.number, "status": row.status, "at": rfc3339(row.at)} for row in rows],
    }


def relied_on(tx: Transaction) -> tuple[str, ...]:
    """Give the names of the keys that must be there: all but those in other hands, which one may switch off."""
    return (*SECRETS, *(row.id for key in KEYS for row in epochs(tx, key) if row.status != COMPROMISED))


def rotated(settings: Settings, key: Key) -> int:
    """Make a new master or log key and use it for everything new; give its epoch. Old ones are kept: what they made is
    still traced and verified. Raises `Problem(state_conflict)` while the service runs."""
    keys = keyring(settings)
    with inspector(settings) as house:
        with house.store.read() as tx:
            require_still(tx)
            old = current(tx, key)
        name = epoch_name(key, old + 1)
        keys.create((name,))  # before the database knows it: a key too many harms nobody
        if key == "master":
            with house.store.write() as tx:
                return rotate(tx, house.journal, key)
        before, after = signer_of(settings, keys, epoch_name(key, old)), signer_of(settings, keys, name)
        _publish_key(settings.home / "log.pub", after.verifier_key)  # likewise: it has signed nothing yet
        with house.store.write() as tx:
            return rotate(tx, house.journal, key, after.verifier_key, statement(before, after))


def compromised(settings: Settings, key: Key, number: int) -> int:
    """Say that a key is in other hands since now; give how many bases that concerns.

    Whoever has a master key can make every copy of its bases: they are closed, so files first seen later prove nothing.
    Whoever has a log key can sign histories: it is taken out of `log.pub`. Raises `Problem` like `compromise`, and
    `state_conflict` while the service runs."""
    with inspector(settings) as house, house.store.write() as tx:
        require_still(tx)
        row = compromise(tx, house.journal, key, number)
        bases = tx.find(Base, epoch=str(number), closed_at=None) if key == "master" else []
        for base in bases:
            close(tx, base)
    if key == "log":
        gone = signer_of(settings, keyring(settings), row.id).verifier_key
        _drop_key(settings.home / "log.pub", gone)
    return len(bases)


def _publish_key(file: Path, public: str) -> None:
    """Put the new key in front of the old ones; again after a crash, as often as needed."""
    known = [line for line in file.read_text("utf-8").split("\n") if line.strip()]
    _write(file, [public, *(line for line in known if line != public)])


def _drop_key(file: Path, public: str) -> None:
    known = [line for line in file.read_text("utf-8").split("\n") if line.strip()]
    _write(file, [FORMER + line if line == public else line for line in known])


def _write(file: Path, lines: list[str]) -> None:
    with Batch() as files:
        files.put(file, "".join(f"{line}\n" for line in lines).encode())
        files.settle()
