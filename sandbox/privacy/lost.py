"""What was spent and cannot be told any more counts as everything: accounts whose past is unknown are exhausted."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from decimal import Decimal

from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Duplicate, Transaction
from sandbox.errors import Problem
from sandbox.privacy import grains
from sandbox.privacy.accounts import EACH, account_for, account_id, delta_left, loss_left, promised
from sandbox.privacy.records import RESTORED, Account, Charge
from sandbox.privacy.recovery import Told
from sandbox.privacy.renewals import renewed

LEAST = Decimal("0.000001"), Decimal("1e-12")
"""The promise of a population that only the log knows: less than anything costs."""


def exhaust(tx: Transaction, parties: Iterable[str], at: datetime | None = None) -> int:
    """Spend what is left of every account, and of what each of these `parties` would get in each population; give how
    many accounts that were."""
    moment, named = at or now(), sorted(set(parties))
    for population in sorted({account.population for account in tx.find(Account)}):
        for party in named:
            with suppress(Problem, Duplicate):
                if tx.get(Account, account_id(population, party)) is None:
                    tx.add(account_for(tx, population, party, moment))
    done = 0
    for found in tx.find(Account):  # in the order of ids: from the root, as everywhere
        account = tx.get(Account, found.id, lock=True)
        if account is None or account.party == EACH:
            continue
        account = renewed(tx, account, moment)
        loss, delta = max(loss_left(account), 0), max(delta_left(account), 0)
        if loss == 0 and delta == 0:
            continue
        amounts = grains.decimal(loss, grains.RHO), grains.decimal(delta, grains.DELTA)
        name = f"{RESTORED}{new_id('exhausted')}"
        tx.add(Charge(new_id("charge"), account.id, name, name, *amounts, "spent", account.period, moment))
        spent = (
            grains.decimal(grains.up(account.loss_spent, grains.RHO) + loss, grains.RHO),
            grains.decimal(grains.up(account.delta_spent, grains.DELTA) + delta, grains.DELTA),
        )
        tx.change(account, loss_spent=spent[0], delta_spent=spent[1])
        done += 1
    return done


def open_unknown(tx: Transaction, lines: Iterable[Told], at: datetime | None = None) -> list[str]:
    """Open accounts for populations that only the log knows, promising less than was spent already: whoever registers
    under such a name again gets no fresh budget. Gives their names."""
    names = sorted({line.population for line in lines})
    for name in names:
        for party in (None, EACH):
            with suppress(Duplicate):
                tx.add(promised(name, party, *LEAST, False, None, at or now()))
    return names
