"""What two worlds behind a service showed, compared: everything that must be alike, and how unlike the rest may be."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from sandbox.audit.asking import MOVED, Kind, Seen
from sandbox.audit.bounds import interval
from sandbox.audit.durations import ALARM, SIGNS, Finding, durations
from sandbox.audit.verdict import TESTS, proved

Pairs = Sequence[tuple[Seen, Seen]]
FRESH = 0.5
"""Two draws of noise are 1.13 σ apart on average, two copies of one draw by their marks only."""


def compare(pairs: Pairs, after: tuple[tuple[str, ...], tuple[str, ...]]) -> list[Finding]:
    """Compare the answers of the world with the unit (first of each pair) and without it, and the accounts after."""
    alike = [
        _alike("how questions end", pairs, lambda seen: seen.status),
        _alike("what is said: refusals, notes, half-widths", pairs, lambda seen: seen.said),
        _alike("sizes of answers", pairs, lambda seen: seen.shape),
        _alike("fees, losses, what is left", pairs, lambda seen: seen.cost),
        Finding("accounts and usage afterwards", f"{len(after[0])} lines", after[0] == after[1] != ()),
    ]
    return [*alike, _numbers(pairs), _keys(pairs), *_kept(pairs), *_durations(pairs)]


def _durations(pairs: Pairs) -> Iterator[Finding]:
    """Time may depend on the question, not on the world."""
    done = [pair for pair in pairs if pair[0].status == pair[1].status == "done"]
    usual = {kind: statistics.median(one.seconds for pair in done for one in pair if one.kind == kind)
             for kind in {pair[0].kind for pair in done}}  # fmt: skip
    here, there = ([pair[side].seconds / usual[pair[0].kind] for pair in done] for side in (0, 1))
    medians = ", ".join(f"{kind} {seconds * 1000:.0f} ms" for kind, seconds in sorted(usual.items()))
    for one in durations(here, there):
        yield Finding(one.name, f"{one.found} ({medians})" if one.name == SIGNS else one.found, one.passed)


def _alike(name: str, pairs: Pairs, of: Callable[[Seen], object]) -> Finding:
    unlike = sum(of(one) != of(other) for one, other in pairs)
    return Finding(name, f"{unlike} of {len(pairs)} unlike", unlike == 0 < len(pairs))


def _only(pairs: Pairs, kind: Kind) -> list[tuple[Seen, Seen]]:
    return [pair for pair in pairs if pair[0].kind == kind and pair[0].status == pair[1].status == "done"]


def _numbers(pairs: Pairs) -> Finding:
    """Each number is a release of its own, which costs its share of what the statement is charged."""
    chosen = _only(pairs, "numbers")
    here, there = (np.array([n for pair in chosen for n in pair[side].numbers]) for side in (0, 1))
    if len(here) < 100 or len(here) != len(there):
        return Finding("numbers", f"only {len(here)} to compare", False)
    charged = max(seen.rho / len(seen.numbers) for pair in chosen for seen in pair)
    shown = proved(here, there, ALARM / TESTS, 0.0)[0]
    moved = (here.mean() - there.mean()) / MOVED
    found = (
        f"{len(here)} in each world, ρ at least {shown:.3g} of {charged:.3g} charged; the unit moves {moved:.2f} of it"
    )
    return Finding("numbers", found, shown <= charged)


def _keys(pairs: Pairs) -> Finding:
    """A key that nobody else has comes out with probability δ at most."""
    chosen = _only(pairs, "keys")
    told = [sum(any(key.startswith("mine") for key in pair[side].keys) for pair in chosen) for side in (0, 1)]
    delta = max((seen.delta for pair in chosen for seen in pair), default=0.0)
    least = interval(max(told), max(len(chosen), 1), ALARM / 2)[0]
    found = f"came out in {told[0]} and {told[1]} of {len(chosen)}, so at least {least:.3g}; δ is {delta:.3g}"
    return Finding("keys of one unit", found, len(chosen) > 0 and least <= delta)


def _kept(pairs: Pairs) -> Iterator[Finding]:
    """A question that was asked before has the same base: for its asker the very answer, for another a marked copy."""
    for side, world in ((0, "with"), (1, "without")):
        answers = {kind: [p[side] for p in _only(pairs, kind)][:1] for kind in ("numbers", "again", "shared")}
        if not all(answers.values()):
            yield Finding(f"asked again, {world} the unit", "no answer", False)
            continue
        first, again, shared = (answers[kind][0] for kind in ("numbers", "again", "shared"))
        apart = [_apart(first, other) for other in (again, shared)]
        found = f"{apart[0]:.2f} σ apart for its asker, {apart[1]:.2f} σ for another user"
        yield Finding(f"asked again, {world} the unit", found, apart[0] == 0 and apart[1] < FRESH)


def _apart(one: Seen, other: Seen) -> float:
    steps = [abs(a - b) for a, b in zip(one.numbers, other.numbers, strict=False)]
    return statistics.fmean(steps) / max(one.sigma, 1e-9) if steps else math.inf
