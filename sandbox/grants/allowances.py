"""Limits by which nobody asks his way through a register: to one user and by one product a day, about one subject in a
month, and what quota and volume count. Counted when asked, for known and unknown subjects alike, and not given back."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from sandbox.core.store import Duplicate, Transaction
from sandbox.products.verification.records import Allowance

KEPT = timedelta(days=3)
MONTH = timedelta(days=32)
AT_ONCE = 200


def by_user(party: str, product: str, at: datetime) -> str:
    return f"user:{party}:{product}:{_day(at)}"


def by_product(product: str, at: datetime) -> str:
    return f"product:{product}:{_day(at)}"


def by_subscription(subscription: str, at: datetime) -> str:
    return f"subscription:{subscription}:{at.astimezone(UTC):%Y-%m}"


def by_grant(grant: str) -> str:
    return f"grant:{grant}"


def about(population: str, subject: str, at: datetime) -> str:
    """A subject's own account: one for all users and products over its population."""
    return f"subject:{subject}:{at.astimezone(UTC):%Y-%m}:{population}"


class Counts:
    """The counts that a group of requests moves, locked in one order until the transaction ends."""

    def __init__(self, tx: Transaction, keys: Iterable[str], at: datetime) -> None:
        self._tx, self._held, self._more = tx, dict[str, Allowance](), dict[str, int]()
        for key in sorted(set(keys)):
            found = tx.get(Allowance, key, lock=True)
            if found is None:
                with suppress(Duplicate):  # somebody else began the count at this moment
                    tx.add(Allowance(key, 0, _until(key, at)))
                found = tx.get(Allowance, key, lock=True)
            assert found is not None, "counts are taken away only when they are over"
            self._held[key] = found

    def taken(self, key: str) -> int:
        """Give how much was taken so far, by this group too."""
        return self._held[key].number + self._more.get(key, 0)

    def more(self, key: str) -> int:
        """Give how much of it this group took."""
        return self._more.get(key, 0)

    def take(self, *keys: str) -> None:
        """Take one of each."""
        for key in keys:
            self._more[key] = self._more.get(key, 0) + 1

    def write(self) -> None:
        """Write what was taken."""
        if moved := [self._held[key] for key in sorted(self._more)]:
            self._tx.change_each(moved, "number", [self.taken(one.key) for one in moved])


class Accounts:
    """The counts of many subjects, which two groups hardly ever move at once: nothing is locked, and whoever is second
    gets `Stale` or `Duplicate` from `write` and begins again. Each is read and written, whether it moves or not."""

    def __init__(self, tx: Transaction, keys: Iterable[str], at: datetime) -> None:
        self._tx, self._at, self._more = tx, at, dict.fromkeys(sorted(set(keys)), 0)
        wanted = list(self._more)
        self._held = {one.key: one for one in tx.find(Allowance, key=wanted)} if wanted else {}

    def taken(self, key: str) -> int:
        """Give how much was taken so far, by this group too."""
        return (self._held[key].number if key in self._held else 0) + self._more[key]

    def take(self, key: str) -> None:
        """Take one."""
        self._more[key] += 1

    def write(self) -> None:
        """Write what was taken. Raises `Stale`, `Duplicate`."""
        held, new = list(self._held.values()), [key for key in self._more if key not in self._held]
        if held:
            self._tx.change_each(held, "number", [self.taken(one.key) for one in held])
        if new:
            self._tx.add_all([Allowance(key, self.taken(key), _until(key, self._at)) for key in new])


def taken(tx: Transaction, key: str) -> int:
    """Give what stands in a count, 0 before the first."""
    found = tx.get(Allowance, key)
    return found.number if found else 0


def forget(tx: Transaction, at: datetime) -> int:
    """Remove counts that are over; give how many."""
    over = [one for one in tx.find(Allowance, order=("until",), limit=AT_ONCE) if one.until < at]
    for one in over:
        tx.remove(one)
    return len(over)


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d}"


def _until(key: str, at: datetime) -> datetime:
    kind = key.partition(":")[0]
    if kind == "grant":
        return datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
    return at + (KEPT if kind in ("user", "product") else MONTH + KEPT)
