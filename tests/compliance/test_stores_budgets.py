"""Accounts made before shares renewed keep what they had, and renew as their registration declared all along."""

from __future__ import annotations

import json
from decimal import Decimal

import sqlalchemy as sa
from alembic import command

from sandbox.privacy import accountant
from sandbox.privacy.accounts import EACH, account_id
from sandbox.privacy.records import Account, Charge
from sandbox.stores.sql import SqlStore

OPENED, ASKED = "2026-03-01 09:30:00.000000", "2026-04-02 10:00:00.000000"


def test_accounts_are_brought_over(store: SqlStore) -> None:
    command.downgrade(store._alembic(), "0002")
    with store.engine.begin() as connection:
        for population, entry in (("renewing", {"privacy": {"renew": "P1Y"}}), ("for life", {"privacy": {}})):
            values = {"id": f"r {population}", "population": population, "entry": json.dumps(entry), "at": OPENED}
            connection.execute(
                sa.text(
                    "INSERT INTO resources (id, name, holder, registrar, domain, grade, population, entry, version, "
                    "status, created_at) VALUES (:id, :id, 'h', 'p', 'd', 'general', :population, :entry, 'v', "
                    "'active', :at)"
                ),
                values,
            )
            for party, at in ((None, OPENED), (EACH, OPENED), ("u", ASKED)):
                connection.execute(
                    sa.text(
                        "INSERT INTO accounts (id, population, party, epsilon, delta, delta_conv, rho_total, "
                        "delta_pool, rho_held, rho_spent, delta_held, delta_spent, created_at) VALUES (:id, "
                        ":population, :party, '4', '0.0000001', '0.00000005', '0.25', '0.00000005', '0', :spent, "
                        "'0', '0', :at)"
                    ),
                    {
                        "id": account_id(population, party),
                        "population": population,
                        "party": party,
                        "spent": "0" if party == EACH else "0.125",
                        "at": at,
                    },
                )
                if party != EACH:
                    connection.execute(
                        sa.text(
                            "INSERT INTO charges (id, account, job, base_key, rho, delta, state, at) VALUES "
                            "(:id, :id, 'j', 'k', '0.125', '0', 'spent', :at)"
                        ),
                        {"id": account_id(population, party), "at": at},
                    )
    store.create()
    store.ping()
    with store.read() as tx:
        assert accountant.check_balances(tx) == []
        for population, renew in (("renewing", "P1Y"), ("for life", None)):
            whole, each, share = (tx.get(Account, account_id(population, party)) for party in (None, EACH, "u"))
            assert whole is not None and each is not None and share is not None
            assert (whole.renew, each.renew, share.renew) == (None, renew, renew)
            assert share.counts_from == each.counts_from == each.created_at < share.created_at
            assert share.loss_spent == whole.loss_spent == Decimal("0.125") and not share.pure
            assert share.period == share.loss_before == 0
        assert {charge.loss for charge in tx.find(Charge)} == {Decimal("0.125")}
