"""Settlements (结算单): a month closed for every user of an operator, numbered without gaps, corrected by notes.

A run can be repeated and resumed: what it has settled it leaves alone, and what it still has to settle it takes in the
same order, so a run that was killed ends in the same numbers as one that was not. Usage that came after its month was
settled – a restored backup, a clock set back – becomes a debit note of that month with the next run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from sandbox.billing.lines import BY, ZERO, Line, Prices, drawn, merged
from sandbox.billing.numbering import hold, take
from sandbox.billing.records import Settlement
from sandbox.core.canonical import digest
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Store, Transaction
from sandbox.core.view import plain, shown
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.metering.records import UsageEvent
from sandbox.transparency.journal import Journal
from sandbox.webhooks.tell import tell

SETTLED = timedelta(minutes=10)  # after the end of a month, when no job of it can still be written
BATCH = 50  # settlements of one transaction
WHOSE = ("operator", "party")
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Run:
    """What a run did: how many settlements it made, how many were there, and their sum in yuan."""

    month: str
    made: int
    kept: int
    total: Decimal


def settle(store: Store, journal: Journal, principal: Principal, month: str) -> Run:
    """Close `month` ('2026-01'): an operator for its own users, the authorising body for all. Raises role_not_allowed
    and like `close`."""
    principal.may("settlement.run")
    return close(store, journal, month, None if principal.has("authoriser") else principal.party.id)


def close(store: Store, journal: Journal, month: str, operator: str | None = None) -> Run:
    """Close `month` for the users of one operator, or of all.

    Each transaction settles a few dozen users; a killed run is finished by the next. Raises field_invalid,
    state_conflict (the month is not over).
    """
    if now() < end(month) + SETTLED:
        raise Problem("state_conflict", f"{month} is not over yet; settle it from its last day on")
    with store.read() as tx:
        due = list(due_in(tx, month, operator))
    made = kept = 0
    total = ZERO
    for start in range(0, len(due), BATCH):
        with store.write() as tx:
            for whose, party, lines in due[start : start + BATCH]:
                hold(tx, whose)  # before looking: another run may be at it
                held = tx.find(Settlement, operator=whose, party=party, month=month, kind=["settlement", "debit_note"])
                fresh = _missing(tx, month, whose, party, lines, held)
                if fresh or not held:
                    held.append(_issue(tx, journal, whose, party, month, fresh, held))
                    made += 1
                else:
                    kept += 1
                total += sum((one.total for one in held), ZERO)
    return Run(month, made, kept, total)


def credit(
    tx: Transaction, journal: Journal, principal: Principal, settlement_id: str, amount: Decimal, reason: str
) -> Settlement:
    """Correct one's own settlement by a credit note: nothing is ever deleted or changed.

    All credit notes of a settlement together give back at most what it charged. Raises role_not_allowed, not_found,
    field_invalid.
    """
    principal.may("settlement.run")
    settled = tx.get(Settlement, settlement_id)
    if settled is None or settled.operator != principal.party.id or settled.kind != "settlement":
        raise Problem("not_found", "there is no such settlement of yours")
    hold(tx, settled.operator)
    left = settled.total + sum((note.total for note in tx.find(Settlement, corrects=settled.id)), ZERO)
    if not 0 < amount <= left:
        raise Problem("field_invalid", f"amount: write more than 0 and at most the {left:f} yuan that are left of it")
    line = {"product": None, "purpose": "credit", "amount": format(-amount, "f")}
    whose = settled.operator, settled.party, settled.month
    return _add(tx, journal, "credit_note", None, whose, [line], settled, reason)


def found(tx: Transaction, principal: Principal, settlement_id: str) -> Settlement:
    """Give a settlement to its user, its operator and overseers; to others it does not exist."""
    settled = tx.get(Settlement, settlement_id)
    mine = settled is not None and principal.party.id in (settled.operator, settled.party)
    if settled is None or not (mine or principal.oversees):
        raise Problem("not_found", "there is no such settlement")
    return settled


def view(settled: Settlement) -> dict[str, Any]:
    """Give a settlement as the outside sees it."""
    return shown(settled, "key", "entry")


def due_in(tx: Transaction, month: str, operator: str | None = None) -> Iterator[tuple[str, str, list[Line]]]:
    """Give operator, user and lines of each settlement of the month, in the order of their numbers."""
    whose: dict[str, Any] = {} if operator is None else {"operator": operator}
    counted = tx.totals(UsageEvent, by=[*WHOSE, *BY], sums=["quantity"], month=month, **whose)
    prices = Prices(tx)
    for (by, party), rows in groupby(sorted(counted, key=_order), key=lambda row: row[:2]):
        if party != by:  # an operator that runs its own products owes nobody
            yield by, party, drawn([row[2:] for row in rows], prices)


def _order(row: Sequence[Any]) -> tuple[str, str]:
    """The same order on every database."""
    return row[0], row[1]


def _missing(
    tx: Transaction, month: str, operator: str, party: str, lines: list[Line], held: Sequence[Settlement]
) -> list[Line]:
    """Give the lines that no settlement or debit note has yet, as differences to what they have. `lines` may be older
    than `held`, so they are drawn again before anything is said to be missing."""
    if not held:
        return lines
    settled = {line.key: line for line in merged(_line(row) for one in held for row in one.lines)}
    if {line.key: line for line in lines} == settled:
        return []
    counted = tx.totals(UsageEvent, by=BY, sums=["quantity"], month=month, operator=operator, party=party)
    fresh = drawn(counted, Prices(tx))
    none = [replace(line, jobs=0, quantity=0, amount=ZERO) for line in fresh]
    less = [settled.get(line.key, empty) for line, empty in zip(fresh, none, strict=True)]
    return [
        replace(line, jobs=line.jobs - was.jobs, quantity=line.quantity - was.quantity, amount=line.amount - was.amount)
        for line, was in zip(fresh, less, strict=True)
        if line != was
    ]


def _line(row: Mapping[str, Any]) -> Line:
    return Line(**{**row, "price": Decimal(row["price"]), "amount": Decimal(row["amount"])})


def _issue(
    tx: Transaction,
    journal: Journal,
    operator: str,
    party: str,
    month: str,
    lines: Sequence[Line],
    held: Sequence[Settlement],
) -> Settlement:
    rows = [{name: plain(value) for name, value in asdict(line).items()} for line in lines]
    first, reason = (held[0], "usage that came after the month was settled") if held else (None, None)
    key = ":".join([operator, party, month, *([str(len(held))] if held else [])])
    return _add(tx, journal, "debit_note" if held else "settlement", key, (operator, party, month), rows, first, reason)


def _add(
    tx: Transaction,
    journal: Journal,
    kind: str,
    key: str | None,
    whose: tuple[str, str, str],
    lines: list[dict[str, Any]],
    corrects: Settlement | None,
    reason: str | None,
) -> Settlement:
    operator, party, month = whose
    number = take(tx, operator)
    total = sum((Decimal(line["amount"]) for line in lines), ZERO)
    public: dict[str, str | int | None] = {"operator": operator, "number": number, "month": month}
    said = {"party": party, "total": format(total, "f"), "lines": digest(lines)}
    entry = journal.write(tx, f"{kind}.issued", public=public, committed=said, party=party)
    made_id = new_id(kind)
    made = Settlement(
        made_id, operator, number, key or made_id, kind, party, month, lines, total, corrects.id if corrects else None,
        reason, entry.id, now(),
    )  # fmt: skip
    tx.add(made)
    tell(tx, [operator, party], "settlement.made", {"id": made_id, "kind": kind, "month": month, "number": number})
    return made


def end(month: str) -> datetime:
    """Give the first moment after a month; raises field_invalid when it is not written like 2026-01."""
    match = _MONTH.fullmatch(month)
    if not match:
        raise Problem("field_invalid", "month: write year and month, like 2026-01")
    year, number = map(int, match.groups())
    return datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
