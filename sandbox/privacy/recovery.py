"""After a restore the log may know of spending that the database has forgotten. What is in either is spent: for every
leaf that no charge stands behind, one is added. Nothing is ever lowered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Duplicate, Transaction
from sandbox.privacy import grains
from sandbox.privacy.accounts import EACH, account_for, account_id
from sandbox.privacy.records import PAST, RESTORED, Account, Charge
from sandbox.privacy.renewals import renewed

DIGITS = 40
"""Amounts are written in grains with this many digits, so that zero is as long as anything."""


@dataclass(frozen=True)
class Told:
    """What a leaf, named by its `entry`, says that `job` has spent in one account: of `party`, or without one the
    population's. `period` is the account's."""

    entry: str
    job: str
    population: str
    party: str | None
    loss: Decimal
    delta: Decimal
    period: int

    @property
    def account(self) -> str:
        return account_id(self.population, self.party)


def spending(tx: Transaction, job: str) -> dict[str, Any] | None:
    """Give what `job` has spent, as JSON of a length that does not depend on the amounts; None when it held nothing."""
    lines: dict[bool, list[str]] = {}
    accounts = []
    for charge in tx.find(Charge, job=job):
        account = tx.get(Account, charge.account)
        assert account is not None, "a charge belongs to an account"
        accounts.append(account)
        spent = charge.state == "spent"
        loss = grains.up(charge.loss, grains.RHO) if spent else 0
        delta = grains.up(charge.delta, grains.DELTA) if spent else 0
        lines[account.party is None] = [f"{loss:0{DIGITS}}", f"{delta:0{DIGITS}}", f"{charge.period:06}"]
    if not accounts:
        return None
    [party] = [account.party for account in accounts if account.party is not None]
    return {
        "job": job,
        "population": accounts[0].population,
        "party": party,
        "whole": lines[True],
        "own": lines[False],
    }


def told(entry: str, said: dict[str, Any]) -> list[Told]:
    """Read what `spending` gave, from the leaf `entry`: a line per account that spent anything."""
    found = []
    for party, name in ((None, "whole"), (str(said["party"]), "own")):
        loss, delta, period = (int(part) for part in said[name])
        if loss or delta:
            amounts = grains.decimal(loss, grains.RHO), grains.decimal(delta, grains.DELTA)
            found.append(Told(entry, said["job"], said["population"], party, *amounts, period))
    return found


def missing(tx: Transaction, lines: Iterable[Told]) -> list[Told]:
    """Give the lines behind which no charge stands. A charge stands behind one leaf: when a job ran again after a
    restore, its first answer was given, too, and is spent beside the second."""
    by_charge: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for line in lines:
        by_charge[line.account, line.job].append(line)
    found = []
    for (account, job), group in by_charge.items():
        here = {charge.job for charge in tx.find(Charge, account=account, state="spent") if charge.job != job}
        open_lines = [line for line in group if RESTORED + line.entry not in here]
        known = bool(tx.find(Charge, account=account, job=job, state="spent", limit=1))
        found += open_lines[: len(open_lines) - known]
    return found


def take_over(tx: Transaction, told: Iterable[Told], at: datetime | None = None) -> tuple[int, list[Told]]:
    """Add a spent charge for every missing line of all that is `told`, opening users' accounts that are gone; give how
    many were added, and the lines that could not be, because their population has no account here."""
    moment, lost, done = at or now(), [], 0
    for line in sorted(missing(tx, told), key=lambda line: line.account):  # locks from the root, as everywhere
        account = tx.get(Account, line.account, lock=True) or _reopened(tx, line, moment)
        if account is None:
            lost.append(line)
            continue
        account = renewed(tx, account, moment)
        period = min(line.period, account.period)
        part = "spent" if period == account.period else "before"
        name = RESTORED + line.entry
        key = name + PAST if part == "before" else name
        try:
            tx.add(Charge(new_id("charge"), account.id, name, key, line.loss, line.delta, "spent", period, moment))
        except Duplicate:  # another repair was faster
            continue
        done += 1
        loss = grains.up(getattr(account, f"loss_{part}"), grains.RHO) + grains.up(line.loss, grains.RHO)
        delta = grains.up(getattr(account, f"delta_{part}"), grains.DELTA) + grains.up(line.delta, grains.DELTA)
        amounts = grains.decimal(loss, grains.RHO), grains.decimal(delta, grains.DELTA)
        tx.change(account, **{f"loss_{part}": amounts[0], f"delta_{part}": amounts[1]})
    return done, lost


def _reopened(tx: Transaction, line: Told, moment: datetime) -> Account | None:
    if line.party is None or tx.get(Account, account_id(line.population, EACH)) is None:
        return None
    account = account_for(tx, line.population, line.party, moment)
    tx.add(account)
    return account
