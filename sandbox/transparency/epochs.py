"""Epochs of keys: which master key makes new copies, which log key signs, and what followed upon what.

A new log key is stated by a note that old and new sign; the notes, one behind the other, lead from any key that was
trusted once to the newest. Every change is a leaf."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sandbox.core.clock import now
from sandbox.core.keys import epoch_name
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.transparency.journal import Journal
from sandbox.transparency.notes import NoteInvalid, Signer, keys_of, open_note, parse_verifier_key
from sandbox.transparency.records import KeyEpoch

Key = Literal["master", "log"]
KEYS: tuple[Key, ...] = ("master", "log")
ACTIVE, RETIRED, COMPROMISED = "active", "retired", "compromised"
FORMER = "# compromised: "
"""In front of a key in `log.pub` that nobody is to trust any more."""
STATEMENT = "data product sandbox: log key rotation"


def epochs(tx: Transaction, key: Key) -> list[KeyEpoch]:
    """Give all epochs of a key, oldest first; the first one exists without a row."""
    rows = sorted(tx.find(KeyEpoch, key=key), key=lambda row: row.number)
    if rows and rows[0].number == 1:
        return rows
    return [KeyEpoch(epoch_name(key, 1), key, 1, RETIRED if rows else ACTIVE, None, now(), None), *rows]


def current(tx: Transaction, key: Key) -> int:
    """Give the number of the epoch that is used for what is new: the newest."""
    return epochs(tx, key)[-1].number


def rotate(tx: Transaction, journal: Journal, key: Key, public: str | None = None, statement: str | None = None) -> int:
    """Begin the next epoch, whose key exists already; give its number. For a log key with its verifier key and the
    statement that old and new sign."""
    known = epochs(tx, key)
    last = known[-1]
    if tx.get(KeyEpoch, last.id) is None:
        tx.add(last)
    if last.status == ACTIVE:
        tx.change(tx.find(KeyEpoch, id=last.id)[0], status=RETIRED)
    made = KeyEpoch(epoch_name(key, last.number + 1), key, last.number + 1, ACTIVE, statement, now(), None)
    tx.add(made)
    said: dict[str, str | int | None] = {"key": key, "epoch": made.number}
    journal.write(tx, "key.rotated", public=said | ({"public": public, "statement": statement} if public else {}))
    return made.number


def compromise(tx: Transaction, journal: Journal, key: Key, number: int) -> KeyEpoch:
    """Say that an epoch's key is in other hands since now: what it makes from here on proves nothing.

    Raises `Problem`: `not_found` for no epoch, `state_conflict` for the current one, or one said twice."""
    known = {row.number: row for row in epochs(tx, key)}
    if number not in known:
        raise Problem("not_found", f"the {key} key has epochs {', '.join(map(str, known))}")
    if number == max(known):
        raise Problem("state_conflict", f"this {key} key is in use: rotate it first with `sandbox keys rotate {key}`")
    if known[number].status == COMPROMISED:
        raise Problem("state_conflict", "this key is known to be compromised already")
    changed = tx.change(tx.find(KeyEpoch, id=known[number].id)[0], status=COMPROMISED, compromised_at=now())
    journal.write(tx, "key.compromised", public={"key": key, "epoch": number})
    return changed


def statement(old: Signer, new: Signer) -> str:
    """Give the note by which the old log key hands over to the new one: both sign it."""
    text = f"{STATEMENT}\n{old.verifier_key}\n{new.verifier_key}\n"
    return old.sign(text) + new.line(text)


def statements(tx: Transaction) -> list[str]:
    """Give the statements of all rotations of the log key, oldest first."""
    return [row.statement for row in epochs(tx, "log") if row.statement]


def with_former(log_pub: str) -> str:
    """Give the keys of `log.pub` with those that are compromised: for what this instance itself wrote before."""
    return log_pub.replace(FORMER, "")


def follow(trusted: str, statements: Sequence[str]) -> str:
    """Give the verifier keys, newest first and one a line, to which `trusted` leads by the statements of rotation.

    Raises `NoteInvalid` when one of them that begins at a trusted key is not signed by both keys."""
    keys = keys_of(trusted)
    for key in keys:
        parse_verifier_key(key)
    for note in statements:
        lines = note.split("\n")
        if lines[0] != STATEMENT or len(lines) < 4:
            raise NoteInvalid("not a statement of a rotation")
        old, new = lines[1], lines[2]
        if old in keys and new not in keys:
            if open_note(note, old) != open_note(note, new):
                raise NoteInvalid("the statement is not signed by both keys")
            keys.insert(0, new)
    return "".join(f"{key}\n" for key in keys)
