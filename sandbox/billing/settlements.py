"""Settlements (结算单): a month closed for every user of an operator, numbered without gaps, corrected by credit notes.

A run can be repeated and resumed: what it has settled it leaves alone, and what it still has to settle it takes in the
same order, so a run that was killed ends in the same numbers as one that was not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from sandbox.billing.records import Numbering, Settlement
from sandbox.billing.statement import BY, Line, line_of
from sandbox.core.canonical import digest
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Duplicate, Store, Transaction
from sandbox.core.view import plain, shown
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.metering.records import UsageEvent
from sandbox.transparency.journal import Journal

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
    """Close `month` ('2026-01'): an operator for its own users, the authorising body for all.

    Each transaction settles a few dozen users; a killed run is finished by the next. Raises role_not_allowed,
    field_invalid, state_conflict (the month is not over).
    """
    principal.may("settlement.run")
    if now() < _end(month) + SETTLED:
        raise Problem("state_conflict", f"{month} is not over yet; settle it from its last day on")
    whose = {} if principal.has("authoriser") else {"operator": principal.party.id}
    with store.read() as tx:
        due = list(_due(tx, month, whose))
    made = kept = 0
    total = Decimal("0.00")
    for start in range(0, len(due), BATCH):
        with store.write() as tx:
            for operator, party, lines in due[start : start + BATCH]:
                _lock(tx, operator)  # before looking: another run may be at it
                found = tx.find(Settlement, key=f"{operator}:{party}:{month}", limit=1)
                settled = found[0] if found else _issue(tx, journal, operator, party, month, lines)
                made, kept, total = made + (not found), kept + bool(found), total + settled.total
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
    _lock(tx, settled.operator)
    left = settled.total + sum((note.total for note in tx.find(Settlement, corrects=settled.id)), Decimal("0.00"))
    if not 0 < amount <= left:
        raise Problem("field_invalid", f"amount: write more than 0 and at most the {left:f} yuan that are left of it")
    line = {"product": None, "purpose": "credit", "amount": format(-amount, "f")}
    return _add(tx, journal, settled.operator, settled.party, settled.month, [line], -amount, settled, reason)


def reconcile(tx: Transaction, month: str, operator: str | None = None) -> dict[str, Any]:
    """Hold a month's events, lines and settlements against each other, in yuan, and name every difference.

    `rounding` is by how much lines, each rounded once, are above their events; `unsettled` what no settlement has yet;
    `wrong` how many events do not cost price × quantity.
    """
    _end(month)
    whose: dict[str, Any] = {"month": month} | ({"operator": operator} if operator else {})
    events, wrong = Decimal(0), 0
    for price, free, fee, quantity, number in tx.totals(UsageEvent, by=["price", "free", "fee", "quantity"], **whose):
        events += fee * number
        wrong += number * (fee != (0 if free else price * quantity))
    lines = sum((line.amount for _, _, drawn in _due(tx, month, whose) for line in drawn), Decimal("0.00"))
    notes = tx.find(Settlement, **whose)
    settled = sum((one.total for one in notes if one.kind == "settlement"), Decimal("0.00"))
    credited = sum((one.total for one in notes if one.kind == "credit_note"), Decimal("0.00"))
    said = {"events": events, "lines": lines, "settled": settled, "credited": credited}
    said |= {"rounding": lines - events, "unsettled": lines - settled}
    holds = not wrong and lines == settled
    return {"month": month, "holds": holds, "wrong": wrong} | {name: format(sum_, "f") for name, sum_ in said.items()}


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


def _due(tx: Transaction, month: str, whose: Mapping[str, Any]) -> Iterator[tuple[str, str, list[Line]]]:
    """Give operator, user and lines of each settlement of the month, in the order of their numbers."""
    counted = tx.totals(UsageEvent, by=[*WHOSE, *BY], sums=["quantity"], **{"month": month, **whose})
    for (operator, party), rows in groupby(sorted(counted, key=_order), key=lambda row: row[:2]):
        yield operator, party, [line_of(row[2:]) for row in rows]


def _order(row: Sequence[Any]) -> tuple[Any, ...]:
    """The same order on every database; NULL comes first."""
    return tuple("" if value is None else value for value in row[: len(WHOSE) + len(BY)])


def _issue(
    tx: Transaction, journal: Journal, operator: str, party: str, month: str, lines: Sequence[Line]
) -> Settlement:
    total = sum((line.amount for line in lines), Decimal("0.00"))
    rows = [{name: plain(value) for name, value in asdict(line).items()} for line in lines]
    return _add(tx, journal, operator, party, month, rows, total, None, None)


def _add(
    tx: Transaction,
    journal: Journal,
    operator: str,
    party: str,
    month: str,
    lines: list[dict[str, Any]],
    total: Decimal,
    corrects: Settlement | None,
    reason: str | None,
) -> Settlement:
    numbering = _lock(tx, operator)
    number = tx.change(numbering, last=numbering.last + 1).last
    kind = "credit_note" if corrects else "settlement"
    public: dict[str, str | int | None] = {"operator": operator, "number": number, "month": month}
    said = {"party": party, "total": format(total, "f"), "lines": digest(lines)}
    entry = journal.write(tx, f"{kind}.issued", public=public, committed=said, party=party)
    made_id = new_id(kind)
    key = f"{operator}:{party}:{month}" if corrects is None else made_id
    made = Settlement(
        made_id, operator, number, key, kind, party, month, lines, total, corrects.id if corrects else None, reason,
        entry.id, now(),
    )  # fmt: skip
    tx.add(made)
    return made


def _lock(tx: Transaction, operator: str) -> Numbering:
    """Hold the operator's numbers until the transaction ends: no two settlements take one, and none is lost."""
    held = tx.get(Numbering, operator, lock=True)
    if held is None:
        with suppress(Duplicate):  # somebody else began the numbers at this moment
            tx.add(Numbering(operator, 0))
        held = tx.get(Numbering, operator, lock=True)
    assert held is not None, "numbers are never taken away"
    return held


def _end(month: str) -> datetime:
    match = _MONTH.fullmatch(month)
    if not match:
        raise Problem("field_invalid", "month: write year and month, like 2026-01")
    year, number = map(int, match.groups())
    return datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
