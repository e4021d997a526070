"""`sandbox recover`: makes a database that was set back whole again from the published log.

Everything happens in one transaction, so it is done or not begun; running it again does nothing more. What was spent is
the larger of what database and log say. What nobody can tell any more counts as spent to the last grain."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.bootstrap import RESTORED, inspector
from sandbox.core.sealing import SealBroken
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.identity.records import Party
from sandbox.jobs import ledger
from sandbox.jobs.house import House
from sandbox.jobs.presence import clear_stop, require_still
from sandbox.privacy import lost, recovery
from sandbox.settings import Settings
from sandbox.transparency.adopt import adopt
from sandbox.transparency.epochs import with_former
from sandbox.transparency.leaves import published
from sandbox.transparency.notes import Head, NoteInvalid, open_checkpoint, unverified_head
from sandbox.transparency.proofs import Tree
from sandbox.transparency.publish import last_checkpoint, rebuild
from sandbox.transparency.records import Contradiction, LogEntry
from sandbox.transparency.serve import read_checkpoint
from sandbox.transparency.verify import verify_log
from sandbox.transparency.witnessing import check, settle


@dataclass(frozen=True)
class Recovered:
    """What was done: entries taken over from the log, charges added, populations that only the log knows, accounts that
    count as exhausted."""

    entries: int
    charges: int
    unknown: list[str]
    exhausted: int


def recover(
    settings: Settings,
    log: Path | None = None,
    checkpoints: Sequence[Path] = (),
    *,
    forks: Sequence[Path] = (),
    exhaust: bool = False,
) -> Recovered:
    """Take over from the log in the folder `log` (the instance's own without it) what the database has forgotten.

    `checkpoints` are the newest that witnesses or the regulator hold; with one that the log reaches nothing newer is
    taken to exist. `forks` are logs of histories that were served beside this one: what they say was spent, was. With
    `exhaust` everything that may have happened since counts as spent. Raises `Problem`: `state_conflict` while the
    service runs; `integrity_stop` when a log is not whole, of another history, or not shown to be the newest.
    """
    with inspector(settings) as opened:
        house = replace(opened, log_public_key=with_former(opened.log_public_key))
        source = log or house.log_folder
        note = read_checkpoint(source)
        if note is None and not exhaust:
            raise _stop(f"there is no log in {source}; name the folder of the newest log with --from-log")
        with house.store.write() as tx:
            require_still(tx)
            added = adopt(tx, source, house.log_public_key) if note is not None else 0
            shown = _is_newest(house, source, checkpoints, exhaust)
            if not exhaust:
                _require_newest(settings, tx, shown)
            for fork in forks:
                verify_log(fork, house.log_public_key)
            logs = [source, *forks] if note is not None else list(forks)
            done, unknown, exhausted = _accounts(house, tx, logs, exhaust)
            _settle(settings, house, tx, source, exhaust)
            public = {"entries": added, "charges": done, "exhausted": exhausted, "unknown": len(unknown)}
            house.journal.write(tx, "log.recovered", public=public)
            clear_stop(tx)
        with house.store.read() as tx:
            _publish(tx, house, source)
    (settings.home / RESTORED).unlink(missing_ok=True)
    return Recovered(added, done, unknown, exhausted)


def _is_newest(house: House, source: Path, checkpoints: Sequence[Path], exhaust: bool) -> bool:
    """Hold the log against checkpoints that others hold; say whether it reaches one exactly."""
    reached = False
    note = read_checkpoint(source)
    head = open_checkpoint(note, house.log_public_key) if note else Head("", 0, b"")
    own = read_checkpoint(house.log_folder)
    if own is not None and unverified_head(own).size > head.size:
        raise _stop(f"the instance's own log is longer than the one in {source}: recover from that, without --from-log")
    for file in checkpoints:
        try:
            known = open_checkpoint(file.read_text("utf-8"), house.log_public_key)
        except (NoteInvalid, UnicodeDecodeError) as error:
            raise Problem("field_invalid", f"{file} is no checkpoint of this log: {error}") from error
        if exhaust:
            continue
        if known.size > head.size:
            raise _stop(
                f"{file} covers {known.size} entries and the log in {source} only {head.size}: name the folder of a "
                "newer log with --from-log, or let everything count as spent with --exhaust"
            )
        if known.size and Tree(source, known.size).root() != known.root:
            raise _stop(f"the log in {source} did not grow through {file}: it is of another history")
        reached = reached or known.size == head.size
    return reached


def _require_newest(settings: Settings, tx: Transaction, shown: bool) -> None:
    """A log that came out of the backup itself cannot show what happened afterwards."""
    marker = settings.home / RESTORED
    if not marker.exists() or shown:
        return
    last = last_checkpoint(tx)
    if last is None or last.size <= int(json.loads(marker.read_text("utf-8"))["size"]):
        raise _stop(
            "this log is the backup's own and cannot show what happened after it: name the folder of the log that "
            "survived (--from-log), or a witness's newest checkpoint that this log reaches (--checkpoint), or let "
            "everything count as spent (--exhaust)"
        )


def _accounts(house: House, tx: Transaction, logs: Sequence[Path], exhaust: bool) -> tuple[int, list[str], int]:
    done, unknown = 0, list[str]()
    try:
        leaves = [leaf for log in logs for leaf in published(log)]
        told = ledger.told(house, leaves + [row.leaf for row in tx.find(LogEntry, index=None)])
        done, left_over = recovery.take_over(tx, told)
        if left_over:
            unknown = lost.open_unknown(tx, left_over)
            done += recovery.take_over(tx, told)[0]
    except SealBroken as error:
        if not exhaust:
            said = "the release key does not open what the log says of accounts: restore the right keys, or --exhaust"
            raise _stop(said) from error
    parties = [party.id for party in tx.find(Party)] if exhaust else []
    return done, unknown, lost.exhaust(tx, parties) if exhaust else 0


def _settle(settings: Settings, house: House, tx: Transaction, source: Path, exhaust: bool) -> None:
    """Contradictions end when the log reaches what was seen; or the host says in the log that its end is lost."""
    if not exhaust:
        settle(tx, check(tx, source, house.log_public_key, settings.checkpoints))
        return
    for one in tx.find(Contradiction, settled_at=None):
        head = open_checkpoint(one.note, house.log_public_key)
        house.journal.write(tx, "log.lost", public={"size": head.size, "root": head.root.hex()})
        settle(tx, [one])


def _publish(tx: Transaction, house: House, source: Path) -> None:
    """Bring the instance's own files up to the rows, where another log was recovered from or none was there."""
    if source != house.log_folder or read_checkpoint(house.log_folder) is None:
        rebuild(tx, house.log_folder)


def _stop(detail: str) -> Problem:
    return Problem("integrity_stop", detail)
