"""The audit over HTTP: what is asked of two worlds, and all that an asker can see of each answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import SystemRandom
from typing import Any, Literal, Protocol

from sandbox.audit.cases import CASES
from sandbox.client import Client
from sandbox.errors import Problem

Kind = Literal["numbers", "keys", "plain", "cases", "hostile", "again", "shared"]
NUMBERS = 24
"""Sums in one statement, each with noise of its own."""
PLAIN = 8
"""Small questions in a round, for their durations."""
MOVED = 600
"""What the unit moves each of them: 12 rows of 50."""


@dataclass(frozen=True)
class Ask:
    """A question. `by` is which of the world's users asks it; `fresh` wants noise of its own."""

    kind: Kind
    sql: str
    epsilon: str
    by: int = 0
    fresh: bool = True


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
    """Give so many questions of each kind: the very same text each time, with noise drawn anew. Between them stands
    every case of the audit, once; in the end the first question as it was, for its asker and for another user."""
    others = [Ask("hostile", sql, "1") for sql in HOSTILE] + [Ask("cases", sql, epsilon) for sql, epsilon in cases()]
    for number in range(rounds):
        yield Ask("numbers", SUMS, "24", fresh=number > 0)
        yield Ask("keys", "SELECT own, COUNT(*) AS n FROM visits GROUP BY own", "4")
        for _ in range(PLAIN):
            yield Ask("plain", "SELECT COUNT(*) AS n FROM visits", "1")
        yield from others[number::rounds]
    yield Ask("again", SUMS, "24", fresh=False)
    yield Ask("shared", SUMS, "24", by=1, fresh=False)


def cases() -> list[tuple[str, str]]:
    """Give the questions of the audit that can be asked as they stand, with their ε."""
    whole = [case for case in CASES if case.sql and not (case.request or case.pure or case.profiled or case.counting)]
    return [(case.sql, case.epsilon) for case in whole]


SUMS = ", ".join(f"SUM(gain) FILTER (WHERE number <> {7_000_000 + at}) AS n{at}" for at in range(NUMBERS))
SUMS = f"SELECT {SUMS} FROM visits"  # noqa: S608 – for our own service
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
            anew = {"fresh": True} if question.fresh else {}
            job = client.submit(subscription, question.sql, question.epsilon, wait=30, **anew)
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
    shape = (-1 if float(privacy["delta"]) else len(rows), len(columns))  # how many private keys show is noisy
    cost = (result["fee"], privacy["epsilon"], privacy["rho"], privacy["delta"], str(privacy["left"]))
    widths = [f"{one['name']} {one.get('error_95')}" for one in columns if kind in ("numbers", "again", "shared")]
    counted = () if kind in ("hostile", "cases") else tuple(float(one) for one in numbers if one is not None)
    return Seen(
        kind, "done", " ".join([*widths, *result["notes"]]), shape, cost, seconds, counted, keys,
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
