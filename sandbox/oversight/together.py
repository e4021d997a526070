"""Answers of one recipient that went into one file together, averaged: each is seen through with the others known.

Only answers of the same recipient are put together. What another asked is not opened in anybody's evidence, and what an
accused sees opened is its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sandbox.oversight.candidates import Candidate, Shown
from watermarking import combine
from watermarking.align import Alignment


def by_holdings(candidate: Candidate, candidates: Sequence[Candidate]) -> Iterator[tuple[tuple[Shown, ...], list[str]]]:
    """Give the recipients of a base in groups that hold the same others of the bases that the file shows, and how the
    file shows it with these known. Decided by file, bases and records of releases: no recipient's key is read."""
    groups: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for recipient in sorted(candidate.releases):
        others = [n for n, other in enumerate(candidates) if other is not candidate and recipient in other.releases]
        groups[tuple(others)].append(recipient)
    for held, recipients in groups.items():
        yield seen_with(candidate.shown, [one for number in held for one in candidates[number].shown]), recipients


def seen_with(shown: Sequence[Shown], others: Sequence[Shown]) -> tuple[Shown, ...]:
    """Give the blocks of a base as the file shows them with `others` known; the same where that explains no more."""
    known = [combine.Shown(one.marks, one.alignment) for one in others if isinstance(one.alignment, Alignment)]
    if not known:
        return tuple(shown)
    return tuple(
        replace(one, alignment=combine.together(combine.Shown(one.marks, one.alignment), known))
        if isinstance(one.alignment, Alignment)
        else one  # rows that were drawn are not averaged
        for one in shown
    )


def beside(shown: Sequence[Shown]) -> list[str]:
    """Give the ids of the other bases that a base was seen together with, each once."""
    aligned = [one.alignment for one in shown if isinstance(one.alignment, Alignment)]
    return list(dict.fromkeys(other.decode() for one in aligned for other in one.beside))
