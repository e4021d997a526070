"""The audit without a service: every case on the engine that the service uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from sandbox.audit.cases import DELTA_KEYS, Case
from sandbox.audit.subject import Subject, run, subject
from sandbox.audit.verdict import Verdict, judge
from sandbox.audit.worlds import Pair, World, stored
from sandbox.catalogue.profile import Profile, profile_of
from sandbox.engines.base import Engine
from sandbox.engines.duckdb.pool import DuckDBEngine
from sandbox.jobs.profiling import content, profile_plan
from sandbox.privacy.release import release

RICH = Decimal(10**6)
"""The ρ of a profile that is there to plan by."""
ALARM = 1e-6
"""The probability that an audit of a right system fails somewhere."""


@dataclass
class Bench:
    """An engine, and the worlds that were stored so far."""

    engine: Engine
    folder: Path
    stored: dict[str, Pair] = field(default_factory=dict)
    profiles: dict[str, Profile] = field(default_factory=dict)

    def pair(self, world: World) -> Pair:
        """Give the two data versions of a world."""
        if world.name not in self.stored:
            self.stored[world.name] = stored(world, self.folder)
        return self.stored[world.name]

    def profile(self, world: World) -> Profile:
        """Give a public profile of a world, almost without noise, bought where the unit is missing."""
        if world.name not in self.profiles:
            plan = profile_plan(world.entry, "audit", "people", "v", RICH, DELTA_KEYS, False)
            found = release(plan, self.engine.run(self.pair(world).absent, plan))
            self.profiles[world.name] = profile_of(content(world.entry, plan, False, found))
        return self.profiles[world.name]


@contextmanager
def bench(children: int = 8) -> Iterator[Bench]:
    """Give a bench with the embedded engine in so many processes, gone in the end."""
    with TemporaryDirectory(prefix="sandbox-audit-") as folder:
        engine = DuckDBEngine(children=children, threads=1, memory="512MB")
        try:
            yield Bench(engine, Path(folder))
        finally:
            engine.close()


def audit(on: Bench, cases: Sequence[Case], tell: Callable[[Verdict], None] = lambda _: None) -> list[Verdict]:
    """Judge every case; the probability of a false alarm is split evenly."""
    verdicts = []
    for case in cases:
        verdicts.append(judged(on, case, ALARM / len(cases)))
        tell(verdicts[-1])
    return verdicts


def judged(on: Bench, case: Case, alpha: float) -> Verdict:
    """Compile a case, run it in both worlds and judge it."""
    return judge(case.name, case.covers, claimed(on, case), case.trials, alpha)


def claimed(on: Bench, case: Case) -> Subject:
    """Give what the product claims and does in a case."""
    pair = on.pair(case.world())
    plan = case.plan(pair.facts, on.profile(case.world()) if case.profiled else None)
    return subject(plan, run(on.engine, pair.present, plan), run(on.engine, pair.absent, plan))
