"""A group's transaction reads what was added as if it had been written, and writes it in one statement of each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from sandbox.core.store import Duplicate
from sandbox.persons.records import Inquiry
from sandbox.products.verification.records import Allowance
from sandbox.products.verification.together import Together
from sandbox.stores.prepared import Prepared
from sandbox.stores.sql import SqlStore

AT = datetime(2026, 11, 1, tzinfo=UTC)


def line(number: int, subject: str = "s") -> Inquiry:
    return Inquiry(f"inquiry_{number}", subject, "user", "product", "industry", "consent", AT)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    made = SqlStore(f"sqlite:///{tmp_path / 'control.db'}")
    made.create()
    yield made
    made.close()


@pytest.fixture
def statements() -> Iterator[Counter[str]]:
    """How often rows were read and written."""
    found: Counter[str] = Counter()
    rows, count = Prepared.rows, Prepared.count

    def read(self: Prepared, *given: Any) -> Any:
        found["read"] += 1
        return rows(self, *given)

    def wrote(self: Prepared, *given: Any) -> int:
        found["written"] += 1
        return count(self, *given)

    with patch.object(Prepared, "rows", read), patch.object(Prepared, "count", wrote):
        yield found


def test_what_is_asked_alike_is_read_once_until_it_changes(store: SqlStore, statements: Counter[str]) -> None:
    with store.write() as tx:
        tx.add_all([line(1), line(2, "t")])
        tx.add(Allowance("k", 1, AT))
        statements.clear()
        group = Together(tx, (Inquiry,))
        group.ahead(Inquiry, "subject", ["s", "t", "u"], recipient="user")
        group.ahead(Inquiry, "id", ["inquiry_1", "inquiry_9"])
        for subject, held in (("s", [line(1)]), ("t", [line(2, "t")]), ("u", [])):
            assert group.find(Inquiry, subject=subject, recipient="user") == held
        assert group.get(Inquiry, "inquiry_1") == line(1) and group.get(Inquiry, "inquiry_9") is None
        assert statements == {"read": 2}
        held_count = group.get(Allowance, "k")
        assert held_count is not None and group.get(Allowance, "k") == held_count and statements["read"] == 3
        group.change(held_count, number=2)
        assert group.get(Allowance, "k") == replace(held_count, number=2)


def test_what_is_added_is_seen_and_written_at_once(store: SqlStore, statements: Counter[str]) -> None:
    with store.write() as tx:
        group = Together(tx, (Inquiry,))
        group.ahead(Inquiry, "id", [f"inquiry_{number}" for number in range(6)])
        assert group.find(Inquiry, subject="s") == [] and group.keys(Inquiry, subject="s") == []
        for number in range(5):
            group.add(line(number))
        assert statements["written"] == 0
        assert group.get(Inquiry, "inquiry_5") is None and statements["written"] == 0
        assert group.get(Inquiry, "inquiry_3") == line(3)
        assert statements["written"] == 1
        assert group.find(Inquiry, subject="s") == [line(number) for number in range(5)]
        assert group.totals(Inquiry, by=["subject"]) == [("s", 5)]
        group.add(line(7))
        group.flush()
        assert statements["written"] == 2
    with store.read() as reading:
        assert len(reading.find(Inquiry)) == 6


def test_a_taken_key_is_told_by_the_flush_and_nothing_is_kept(store: SqlStore) -> None:
    with store.write() as tx:
        tx.add(line(1))
    with pytest.raises(Duplicate), store.write() as tx:
        group = Together(tx, (Inquiry,))
        group.add_all([line(1), line(2)])
        group.flush()
    with store.read() as tx:
        assert tx.find(Inquiry) == [line(1)]
