"""What a question compiles to, and what follows from its plan: worked out once, and kept for whoever asks it again.

Only for the same party: how long a question takes must not tell anybody whether others asked it before."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from threading import Lock
from typing import Any

from sandbox.core.canonical import canonical_bytes
from sandbox.plan.extent import most_cells
from sandbox.plan.plan import Plan
from sandbox.plan.reading import Reading
from sandbox.privacy.rederive import loss, pure_loss

KEPT = 256
"""Questions that a process keeps compiled."""


@dataclass(frozen=True)
class Compiled:
    """A finished plan with its cost: ρ and δ, ε where a pure account can pay it, the most cells its answer has. A
    reading costs nothing."""

    plan: Plan | Reading

    @cached_property
    def key(self) -> str:
        return self.plan.base_key()

    @cached_property
    def loss(self) -> tuple[Decimal, Decimal]:
        return loss(self.plan) if isinstance(self.plan, Plan) else (self.plan.rho, self.plan.delta)

    @cached_property
    def pure(self) -> Decimal | None:
        return pure_loss(self.plan) if isinstance(self.plan, Plan) else None

    @cached_property
    def cells(self) -> int | None:
        return most_cells(self.plan)


class Recent:
    """The compiled questions of the last askers. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, tuple[Hashable, Compiled]] = OrderedDict()

    def has(self, asked: Hashable) -> bool:
        """Say whether the party asked this before, under whatever circumstances."""
        return asked in self._kept

    def get(self, asked: Hashable, given: Hashable) -> Compiled | None:
        """Give what was kept of a question, if it was compiled under the same circumstances."""
        with self._lock:
            found = self._kept.get(asked)
            if found is None or found[0] != given:
                return None
            self._kept.move_to_end(asked)
            return found[1]

    def keep(self, asked: Hashable, given: Hashable, compiled: Compiled) -> None:
        """Keep a question, and let go of the one that was asked the longest ago."""
        with self._lock:
            self._kept[asked] = given, compiled
            self._kept.move_to_end(asked)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)


def question_of(party: str, request: Mapping[str, Any]) -> Hashable | None:
    """Give what a party's question is kept under: itself, word for word. None for one that means something else each
    time, as on a test instance."""
    if request.get("fresh"):
        return None
    try:
        return party, canonical_bytes(dict(request))
    except TypeError:
        return None
