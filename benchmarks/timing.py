"""Works timed in turns, so that all see the same machine."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Times:
    """Seconds of one work, turn by turn."""

    taken: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.taken)

    def over(self, other: Times) -> tuple[float, float, float]:
        """Give how many times as long as `other` this took: the median over the turns, the least and the most."""
        ratios = [mine / its for mine, its in zip(self.taken, other.taken, strict=True)]
        return median(ratios), min(ratios), max(ratios)


def in_turns(works: Sequence[Callable[[], object]], rounds: int, warm: int = 1) -> list[Times]:
    """Time each work `rounds` times, in turns, after `warm` turns that do not count."""
    taken: list[list[float]] = [[] for _ in works]
    for turn in range(warm + rounds):
        for work, times in zip(works, taken, strict=True):
            seconds = clock(work)
            if turn >= warm:
                times.append(seconds)
    return [Times(tuple(times)) for times in taken]


def clock(work: Callable[[], object]) -> float:
    """Give the seconds of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ms(seconds: float) -> str:
    """Print seconds as milliseconds, with a decimal where there are few."""
    thousandths = seconds * 1000
    return f"{thousandths:.1f} ms" if thousandths < 100 else f"{thousandths:,.0f} ms"


def say(line: str) -> None:
    """Show progress."""
    print(line, file=sys.stderr, flush=True)
