"""What every adapter of the store port must do."""

from __future__ import annotations

import threading
from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from sandbox.core.store import Duplicate, Stale
from sandbox.errors import Problem
from sandbox.identity.records import Party
from sandbox.privacy.records import Account
from sandbox.stores.sql import SqlStore
from sandbox.stores.tables import METADATA

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def party(key: str, code: str | None = None) -> Party:
    return Party(key, "Büro 数据", ["user"], code, "active", NOW)


def account(spent: str = "0") -> Account:
    nothing = Decimal(0)
    return Account(
        id="a",
        population="p",
        party=None,
        pure=False,
        epsilon=Decimal(1),
        delta=nothing,
        delta_conv=nothing,
        loss_total=Decimal(9),
        delta_pool=nothing,
        loss_held=nothing,
        loss_spent=Decimal(spent),
        loss_before=nothing,
        delta_held=nothing,
        delta_spent=nothing,
        delta_before=nothing,
        renew=None,
        counts_from=NOW,
        period=0,
        created_at=NOW,
    )


def test_a_record_comes_back_as_it_was(store: SqlStore) -> None:
    exact = account("123456789012345678.000000000000000001234567890123456789")
    with store.write() as tx:
        tx.add(party("a", "91"))
        tx.add(exact)
    with store.read() as tx:
        assert tx.get(Party, "a") == party("a", "91")
        assert tx.get(Account, "a") == exact
        assert tx.get(Party, "nobody") is None


def test_an_exception_rolls_back(store: SqlStore) -> None:
    with pytest.raises(ZeroDivisionError), store.write() as tx:
        tx.add(party("a"))
        raise ZeroDivisionError
    with store.read() as tx:
        assert tx.find(Party) == []


def test_a_taken_key_is_a_duplicate_and_the_transaction_goes_on(store: SqlStore) -> None:
    with store.write() as tx:
        tx.add(party("a"))
        with pytest.raises(Duplicate):
            tx.add(party("a"))
        tx.add(party("b"))
    with store.read() as tx:
        assert [p.id for p in tx.find(Party)] == ["a", "b"]


def test_change_compares_what_it_sets(store: SqlStore) -> None:
    with store.write() as tx:
        tx.add(party("a"))
    with store.write() as tx:
        seen = tx.get(Party, "a")
        assert seen is not None
        suspended = tx.change(seen, status="suspended")
        assert suspended.status == "suspended"
        with pytest.raises(Stale):
            tx.change(seen, status="gone")
        assert tx.change(suspended, roles=["operator"]).roles == ["operator"]


def test_change_each_compares_every_row(store: SqlStore) -> None:
    with store.write() as tx:
        tx.add_all([party(key) for key in "abc"])
        seen = tx.find(Party)
        tx.change_each(seen, "credit_code", ["1", "2", "3"])
    with store.read() as tx:
        assert [p.credit_code for p in tx.find(Party)] == ["1", "2", "3"]
    with store.write() as tx:
        tx.change(tx.find(Party)[1], credit_code=None)
    with pytest.raises(Stale), store.write() as tx:
        tx.change_each(
            [replace(one, credit_code=code) for one, code in zip(seen, "123", strict=True)], "credit_code", "456"
        )
    with store.read() as tx:
        assert [p.credit_code for p in tx.find(Party)] == ["1", None, "3"]


def test_find_filters_orders_and_pages(store: SqlStore) -> None:
    with store.write() as tx:
        for key, code in (("a", "2"), ("b", None), ("c", "1"), ("d", "3")):
            tx.add(party(key, code))
    with store.read() as tx:
        assert [p.id for p in tx.find(Party, credit_code=None)] == ["b"]
        assert [p.id for p in tx.find(Party, credit_code=["1", "3"], order=("-credit_code",))] == ["d", "c"]
        assert [p.id for p in tx.find(Party, after="b", limit=1)] == ["c"]
        assert tx.keys(Party) == ["a", "b", "c", "d"]
        assert tx.keys(Party, credit_code=["3", "2"]) == ["a", "d"]
        assert tx.totals(Party, by=["status"]) == [("active", 4)]
        assert tx.totals(Party, by=["credit_code"], credit_code=["1", "2"]) == [("1", 1), ("2", 1)]
        assert tx.totals(Party, by=["credit_code"])[0] == (None, 1)
        seen = tx.get(Party, "c")
        assert seen is not None
    with store.write() as tx:
        tx.remove(seen)
        assert tx.get(Party, "c") is None


def test_totals_are_exact_whole_numbers(store: SqlStore) -> None:
    with store.write() as tx:
        for number, (amount, period) in enumerate([("1.20", 2**40), ("1.20", 2**41), ("3", 7)]):
            tx.add(replace(account(amount), id=str(number), party=str(number), period=period))
    with store.read() as tx:
        found = tx.totals(Account, by=["loss_spent"], sums=["period"])
    assert found == [(Decimal("1.20"), 2, 3 * 2**40), (Decimal(3), 1, 7)]


def test_writers_do_not_lose_each_others_updates(store: SqlStore) -> None:
    with store.write() as tx:
        tx.add(account())

    def spend() -> None:
        for _ in range(10):
            with store.write() as tx:
                row = tx.get(Account, "a", lock=True)
                assert row is not None
                tx.change(row, loss_spent=row.loss_spent + 1)

    threads = [threading.Thread(target=spend) for _ in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    with store.read() as tx:
        row = tx.get(Account, "a")
        assert row is not None and row.loss_spent == 40


def test_the_migrated_schema_is_the_records_schema(store: SqlStore) -> None:
    store.ping()
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    for made in METADATA.tables.values():
        assert [c.name for c in made.columns]
    assert [f.name for f in fields(Party)] == [c.name for c in METADATA.tables["parties"].columns]


def test_another_schema_version_is_not_ready(store: SqlStore) -> None:
    with store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'older'"))
    with pytest.raises(Problem) as refusal:
        store.ping()
    assert refusal.value.code == "not_ready"


def test_a_commit_that_need_not_be_durable_is_one_all_the_same(store: SqlStore) -> None:
    """Whole, seen by all, taken back whole; and what comes after it waits for the disk again."""
    with store.write(durable=False) as tx:
        tx.add(party("quick"))
        assert waits(store, tx) is False
    with pytest.raises(KeyError), store.write(durable=False) as tx:
        tx.add(party("broken"))
        raise KeyError
    with store.read() as tx:
        assert tx.keys(Party) == ["quick"]
    for _ in range(3):
        with store.write() as tx:
            assert waits(store, tx) is True
        with store.write(durable=False) as tx:
            assert waits(store, tx) is False


def waits(store: SqlStore, tx: object) -> bool:
    """Whether the commit of this transaction waits for the disk."""
    asked = "PRAGMA synchronous" if store.sqlite else "SHOW synchronous_commit"
    said = tx._connection.exec_driver_sql(asked).scalar_one()  # type: ignore[attr-defined]
    return bool(said == 2 if store.sqlite else said == "on")
