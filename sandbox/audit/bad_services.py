"""Services that leak in ways other than numbers: what two worlds showed, changed as such a service would have.

The comparison must catch each of them in what it caught nothing in before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sandbox.audit.asking import MOVED, Seen
from sandbox.audit.compare import Pairs

After = tuple[tuple[str, ...], tuple[str, ...]]
Change = Callable[[int, Seen], Seen]
"""From the number of a question and what the world with the unit showed to what a leaking service shows."""


@dataclass(frozen=True)
class BadService:
    name: str
    change: Change

    def of(self, pairs: Pairs) -> list[tuple[Seen, Seen]]:
        """Give what was seen, as this service would have shown it."""
        return [(self.change(number, one), other) for number, (one, other) in enumerate(pairs)]


def slower(_: int, seen: Seen) -> Seen:
    """The next rung, whenever the unit's rows are read."""
    return replace(seen, seconds=2 * seen.seconds) if seen.status == "done" else seen


def fails(number: int, seen: Seen) -> Seen:
    """A division by a value that only the unit has."""
    return replace(seen, status="failed", numbers=()) if seen.kind == "hostile" and seen.status == "done" else seen


def tells(_: int, seen: Seen) -> Seen:
    """A refusal that names a cell."""
    return replace(seen, said=seen.said + " near 'mine 0'") if seen.status == "refused" else seen


def grows(_: int, seen: Seen) -> Seen:
    """Rows that are there only because the unit is."""
    return replace(seen, shape=(seen.shape[0] + 1, seen.shape[1])) if seen.kind == "numbers" else seen


def dearer(_: int, seen: Seen) -> Seen:
    """A fee by rows that were read."""
    return replace(seen, cost=("1.01", *seen.cost[1:])) if seen.cost else seen


def bare(_: int, seen: Seen) -> Seen:
    """Numbers without noise."""
    if seen.kind != "numbers":
        return seen
    return replace(seen, numbers=tuple(100.0 * MOVED for _ in seen.numbers))


def shows_keys(_: int, seen: Seen) -> Seen:
    """Every key that is there."""
    return replace(seen, keys=(*seen.keys, "mine 0")) if seen.kind == "keys" else seen


def redraws(_: int, seen: Seen) -> Seen:
    """A repeated question has new noise."""
    if seen.kind != "again":
        return seen
    return replace(seen, numbers=tuple(n + (-1) ** at * seen.sigma for at, n in enumerate(seen.numbers)))


def redraws_for_others(_: int, seen: Seen) -> Seen:
    """Another user's question has new noise, which the population is not charged."""
    if seen.kind != "shared":
        return seen
    return replace(seen, numbers=tuple(n + (-1) ** at * 1.1 * seen.sigma for at, n in enumerate(seen.numbers)))


BAD_SERVICES = (
    BadService("time depends on rows", slower),
    BadService("an error depends on a value", fails),
    BadService("a refusal names a cell", tells),
    BadService("sizes depend on rows", grows),
    BadService("fees depend on rows", dearer),
    BadService("numbers without noise", bare),
    BadService("all keys are shown", shows_keys),
    BadService("a repeated question is drawn anew", redraws),
    BadService("another user's question is drawn anew", redraws_for_others),
)
