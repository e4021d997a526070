"""The adapter: a question through compile → engine → release → present in this process, as the walk of a job goes.

Everything that the benchmarks know of the API inside the sandbox stands here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from benchmarks.profiled import profile
from benchmarks.questions import Question as Asked
from benchmarks.registered import Built
from sandbox.catalogue.entry import parse_entry
from sandbox.engines.base import EngineFailed, Exact
from sandbox.engines.duckdb.pool import DuckDBEngine
from sandbox.errors import Problem
from sandbox.jobs.compiled import Compiled, Recent, question_of
from sandbox.jobs.product import Answer, Question
from sandbox.plan.plan import Plan
from sandbox.privacy.rederive import loss
from sandbox.privacy.release import release
from sandbox.privacy.released import Released
from sandbox.products.query.kind import QueryProduct

EPSILON, DELTA = "1", Decimal("1e-6")


class Refused(Exception):
    """The sandbox does not answer the question; the text says why."""


@dataclass(frozen=True)
class Walked:
    """An answer, and the seconds of each step towards it."""

    answer: Answer
    seconds: Mapping[str, float]

    @property
    def whole(self) -> float:
        return sum(self.seconds.values())


class Walk:
    """Asks questions of one data version, as one party does: what it asks again was compiled for it before, as by an
    estimate. A new walk is cold: its first question is compiled, and starts the engine's process."""

    def __init__(self, built: Built) -> None:
        self._version, self._entry = built.opened, parse_entry(built.entry)
        self._profile = profile(built)
        self._kind, self._engine, self._recent = QueryProduct(), DuckDBEngine(), Recent()

    def estimated(self, asked: Asked) -> Plan:
        """Give the plan as the service has it for a party that asked before what the question costs: compiled once, and
        kept for that party. Raises `Refused`."""
        key, given = question_of("party", self._request(asked, EPSILON)), self._version.id
        kept = self._recent.get(key, given)
        if kept is None:
            kept = Compiled(self.compile(asked))
            self._recent.keep(key, given, kept)
        assert isinstance(kept.plan, Plan)
        return kept.plan

    def compile(self, asked: Asked, epsilon: str = EPSILON) -> Plan:
        """Give the plan at δ = 1e-6, compiled anew; raises `Refused`."""
        private = self._private(asked)
        question = Question(
            request=self._request(asked, epsilon),
            resource="resource_1",
            population="population_1",
            version=self._version.id,
            entry=self._entry,
            spec={},
            delta_conv=DELTA / 2 if private else DELTA,
            delta_threshold=DELTA / 2,
            profile=self._profile,
        )
        try:
            return self._kind.compile(question)
        except Problem as problem:
            raise Refused(problem.detail) from None

    def ask(self, asked: Asked) -> Walked:
        """Give the answer; raises `Refused`."""
        times = {}
        start = time.perf_counter()
        plan = self.estimated(asked)
        times["compile"], start = _since(start)
        loss(plan)
        times["loss"], start = _since(start)
        try:
            exact = self.exact(plan)
        except EngineFailed:
            raise Refused("the engine failed") from None
        times["engine"], start = _since(start)
        base = release(plan, exact)
        times["release"], start = _since(start)
        answer = self.present(plan, base)
        times["present"], start = _since(start)
        return Walked(answer, times)

    def exact(self, plan: Plan) -> list[Exact]:
        """Give what the engine measures for a plan."""
        return self._engine.run(self._version, plan)

    def present(self, plan: Plan, base: list[Released]) -> Answer:
        """Give the answer of a base, unmarked."""
        return self._kind.present(plan, base, [one.values for one in base])

    def close(self) -> None:
        """End the engine's process."""
        self._engine.close()

    def _request(self, asked: Asked, epsilon: str) -> dict[str, Any]:
        return {"sql": asked.sql, "epsilon": epsilon, **asked.request}

    def _private(self, asked: Asked) -> bool:
        """Whether half of δ goes to a threshold: hospitals are the only keys without a domain."""
        return "hospital" in asked.sql


def _since(start: float) -> tuple[float, float]:
    now = time.perf_counter()
    return now - start, now
