"""Sums around the middle of their bounds, shown together with a count that is measured anyway.

With the middle m of what a row can add, Σ(x − m) has half the sensitivity of Σx, and Σx = Σ(x − m) + m·n for the number
n of the same rows. Where the question, an average or a threshold has n measured, its noise serves both. If a sum takes
f of the root of the loss by itself and the count k, the two of them take f/2 + √(f²/4 + k²), which is never more than
f + k, and 1.2 f in place of 1.4 f for k = 0.4 f. A pure ε is split by another rule, under which it need not pay: there
sums stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from sandbox.products.query.measure import Need, count_of, needs
from sandbox.products.query.way import Way
from sandbox.sql.draft import Ask

T = TypeVar("T")


def centred(need: Need) -> Need:
    """Give the sum around the middle of its bounds."""
    return replace(need, centre=(need.lower + need.upper) // 2)


def counts_of_sums(asks: Sequence[Ask], rows: int) -> dict[Need, Need]:
    """Give for each sum that is asked for the count of the very rows that it adds up, asked for or not."""
    return {needs(ask, rows)[0]: count_of(ask.term) for ask in asks if ask.what == "sum" and ask.term is not None}


def averages_of_sums(asks: Sequence[Ask], rows: int) -> dict[Need, Need]:
    """Give for each sum the same sum as an average has it, where that is asked for, too."""
    averaged = {needs(ask, rows)[0] for ask in asks if ask.what == "average"}
    return {need: centred(need) for need in counts_of_sums(asks, rows) if centred(need) in averaged}


def around(asks: Sequence[Ask], way: Way, counted: Need | None) -> Way:
    """Give the way with sums around the middle of their bounds wherever the count of their rows is measured, for the
    asks themselves or, as `counted`, for a threshold."""
    rows = way.bounds.rows
    measured = {counted, *(way.of(need) for ask in asks for need in needs(ask, rows))}
    beside: dict[Need, Need] = {}
    moved: dict[Need, Need] = {}
    for need, count in counts_of_sums(asks, rows).items():
        of_rows = way.of(count)
        if of_rows == Need("rows") and counted == Need("units") and way.bounds.rows_per_group == 1:
            of_rows = counted  # of one row each in a group
        old, new = way.of(need), centred(way.of(need))
        if old.norm is None and of_rows.norm is None and of_rows in measured and new.centre:
            beside[need], moved[need] = of_rows, new
    if not beside:
        return way
    planned = {**way.planned, **moved}
    renamed = {way.of(need): new for need, new in moved.items()}
    return replace(
        way, planned=planned, beside=beside, means=_renamed(way.means, renamed), kept=_renamed(way.kept, renamed)
    )


def _renamed(values: Mapping[Need, T], names: Mapping[Need, Need]) -> dict[Need, T]:
    return {names.get(need, need): value for need, value in values.items()}
