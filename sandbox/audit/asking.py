"""The audit over HTTP: what is asked of two worlds, and all that an asker can see of each answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import SystemRandom
from typing import Any, Literal, Protocol

from sandbox.client import Client
from sandbox.errors import Problem

Kind = Literal["numbers", "keys", "plain", "hostile", "again", "shared"]
NUMBERS = 24
"""Sums in one statement, each with noise of its own."""
PLAIN = 4
"""Small questions in a round, for their durations."""
MOVED = 600
"""What the unit moves each of them: 12 rows of 50."""


@dataclass(frozen=True)
class Ask:
    """A question. `by` is which of the world's users asks it."""

    kind: Kind
    sql: str
    epsilon: str
    by: int = 0


@dataclass(frozen=True)
class Seen:
    """What comes back: how it ended, what it says, its size, what it costs, how long it took. `keys` are the texts of
    its first column, `numbers` the numbers of the second, or of all columns where there is one row."""

    kind: Kind
    status: str
    said: str
    shape: tuple[int, int]
    cost: tuple[str, ...]
    seconds: float
    numbers: tuple[float, ...] = ()
    keys: tuple[str, ...] = ()
    sigma: float = 0.0
    rho: float = 0.0
    delta: float = 0.0


class Asker(Protocol):
    """Whoever can be asked: a world behind a service."""

    def ask(self, question: Ask) -> Seen: ...
    def after(self) -> tuple[str, ...]:
        """What accounts and bills say in the end."""


def questions(rounds: int) -> Iterator[Ask]:
    """Give so many questions of each kind, no two with one canonical plan unless that is the point."""
    for number in range(rounds):
        yield _numbers(number)
        yield Ask("keys", _keys(number), "4")
        for at in range(PLAIN):
            where = f"WHERE number <> {9_000_000 + number * PLAIN + at}"
            yield Ask("plain", f"SELECT COUNT(*) AS n FROM visits {where}", "1")  # noqa: S608 – for our own service
        if number < len(HOSTILE):
            yield Ask("hostile", HOSTILE[number], "1")
    yield Ask("again", _numbers(0).sql, _numbers(0).epsilon)
    yield Ask("shared", _numbers(0).sql, _numbers(0).epsilon, by=1)


def _numbers(number: int) -> Ask:
    first = 7_000_000 + number * NUMBERS
    sums = (f"SUM(gain) FILTER (WHERE number <> {first + at}) AS n{at}" for at in range(NUMBERS))
    return Ask("numbers", f"SELECT {', '.join(sums)} FROM visits", "24")  # noqa: S608 – for our own service


def _keys(number: int) -> str:
    return f"SELECT own, COUNT(*) AS n FROM visits WHERE number <> {8_000_000 + number} GROUP BY own"  # noqa: S608 – the same


HOSTILE = (
    "SELECT own FROM visits",
    "SELECT nothing FROM visits",
    "SELECT COUNT(*) AS n FROM visits WHERE",
    "SELECT AVG(cost) AS n FROM visits WHERE own = 'mine 0'",
    "SELECT SUM(100 / gain) AS n FROM visits",
    "SELECT SUM(TRY_CAST(own AS INTEGER)) AS n FROM visits",
    "SELECT CORR(gain, other) AS n FROM visits WHERE number >= 1000",
    "SELECT MEDIAN(cost) AS n FROM visits WHERE number >= 1000",
    "SELECT COUNT(*) / (COUNT(*) - COUNT(*)) AS n FROM visits",
    "SELECT COUNT(*) AS n FROM visits WHERE own LIKE '%%%%mine%%%%'",
)


class OverHttp:
    """A world that a service has, with its users and their subscriptions; `overseer` sees the population's account."""

    def __init__(self, users: Sequence[tuple[Client, str]], overseer: Client) -> None:
        self._users, self._overseer = users, overseer

    def ask(self, question: Ask) -> Seen:
        """Ask and wait for the answer. The time is from the question to the end of the job."""
        client, subscription = self._users[question.by]
        begin = time.monotonic()
        try:
            job = client.submit(subscription, question.sql, question.epsilon, wait=30)
            while job["status"] in ("queued", "running", "sealing"):
                time.sleep(0.02)
                job = client.job(job["id"])
            seconds = time.monotonic() - begin
            if job["status"] != "done":
                return Seen(question.kind, job["status"], "", (0, 0), (), seconds)
            result = client.answer(job["id"]).result
        except Problem as problem:
            said = f"{problem.code}: {problem.detail}"
            return Seen(question.kind, "refused", said, (0, 0), (), time.monotonic() - begin)
        return _seen(question.kind, result, seconds)

    def after(self) -> tuple[str, ...]:
        """Give what every account has left and spent, and every fee that was metered."""
        said = []
        for client, _ in self._users:
            for one in client.budgets():
                said.append(f"{one['left']} {one['spent']}")
            said += sorted(f"usage {one.get('fee')} {one.get('cells')}" for one in client.usage())
        return tuple(said)


def _seen(kind: Kind, result: dict[str, Any], seconds: float) -> Seen:
    rows, columns, privacy = result["rows"], result["columns"], result["privacy"]
    numbers = rows[0] if len(rows) == 1 and kind != "keys" else [row[-1] for row in rows]
    keys = tuple(sorted(str(row[0]) for row in rows)) if kind == "keys" else ()
    scales = [float(one["scale"]) for one in columns if one.get("scale") is not None]
    shape = (-1 if kind == "keys" else len(rows), len(columns))  # how many keys show is noisy
    cost = (result["fee"], privacy["epsilon"], privacy["rho"], privacy["delta"], str(privacy["left"]))
    said = " ".join([*(f"{one['name']} {one.get('error_95')}" for one in columns), *result["notes"]])
    return Seen(
        kind, "done", said if kind in ("numbers", "again", "shared") else "", shape, cost, seconds,
        tuple(float(one) for one in numbers if isinstance(one, int | float | str) and kind != "hostile"), keys,
        max(scales, default=0.0), float(privacy["rho"]), float(privacy["delta"]),
    )  # fmt: skip


def both(
    present: Asker, absent: Asker, asked: Sequence[Ask], tell: Callable[[int], None] = lambda _: None
) -> list[tuple[Seen, Seen]]:
    """Ask both worlds each question, in an order that chance decides, so that what else a machine does hits both."""
    chance, found = SystemRandom(), []
    for number, question in enumerate(asked):
        first = chance.random() < 0.5
        seen = [world.ask(question) for world in ((present, absent) if first else (absent, present))]
        found.append((seen[0], seen[1]) if first else (seen[1], seen[0]))
        tell(number)
    return found
