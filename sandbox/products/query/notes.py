"""What the plan does to the answer, in words. Public facts only."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil, log
from typing import Protocol

from sandbox.oversight.marks import strength_of
from sandbox.plan.block import SIGMA_UNIT, Block, Key, Measurement
from sandbox.plan.relation import NUMBER
from sandbox.plan.scalar import Column, Scalar, children, columns
from sandbox.sql.draft import COUNTS, Measure
from sandbox.sql.draft import Key as DraftKey
from watermarking.chips import ONE
from watermarking.score import FEWEST


class Noted(Protocol):
    """What notes are about: a measure with its keys, and what they became."""

    @property
    def measure(self) -> Measure: ...
    @property
    def keys(self) -> Sequence[tuple[DraftKey, Key]]: ...


def notes(unit: str, part: Noted, block: Block) -> tuple[str, ...]:
    """Give the sentences that go with every answer that a block is part of."""
    keys, asks, bounds, threshold = part.keys, part.measure.asks, block.bounds, block.threshold
    said = []
    if threshold is not None:
        open_keys = [draft.name for draft, _ in keys if draft.term.domain is None]
        why = f"{_list(open_keys)} has no declared domain" if open_keys else "there are too many combinations of keys"
        said.append(f"{why}: groups with fewer than about {threshold.tau} units are withheld")
    else:
        said += [
            f"rows whose {draft.name} is not one of the declared values are not shown"
            for draft, _ in keys
            if draft.term.nullable
        ]
    if bounds.truncates:
        said.append(
            f"each {unit} counts in at most {bounds.groups} groups with at most {bounds.rows_per_group} rows in each; "
            "further rows are left out"
        )
    named = {name for ask in asks if ask.what not in COUNTS and ask.term for name in bounded(ask.term.node)}
    clamped = sorted({name.partition(NUMBER)[0] for name in named} - {""})  # computed columns have no name
    if clamped:
        said.append(f"values of {_list(clamped)} outside the declared bounds count as the nearest bound")
    return (*said, *_ranks(part, block))


def _ranks(part: Noted, block: Block) -> list[str]:
    """What a quantile's rank may be off by, how fine its values are, and which rank stands for MIN and MAX."""
    said = []
    for ask in part.measure.asks:
        if ask.what != "quantile" or ask.term is None:
            continue
        measured = next(m for m in block.measurements if (m.expr, m.rank) == (ask.term.node, ask.rank))
        of = _list(sorted(name.partition(NUMBER)[0] for name in columns(ask.term.node)))
        what = f"the value of {of} that {_percent(ask.rank)} of the rows lie below"
        what = f"the median of {of}" if ask.rank == (1, 2) else what
        if ask.end:
            said.append(f"{'MIN' if ask.rank[0] == 1 else 'MAX'} is {what}: no single row decides it")
        step = Decimal(1 << measured.shift).scaleb(-measured.scale).normalize()
        wide = f"; values are middles of bins {step:f} wide" if measured.shift else ""
        said.append(f"{what} is at most {rank_width(measured):,} rows away in rank, with 95 % confidence{wide}")
    return said


def _percent(rank: tuple[int, int]) -> str:
    return f"{(Decimal(100) * rank[0] / rank[1]).normalize():f} %"


def rank_width(measured: Measurement) -> int:
    """Give by how many rows the rank of a released quantile is off at most in 95 % of all cases: the bin that the rank
    lies in has score 0, so that all bins together whose score is t·ln(20·bins) or more are drawn with probability 1/20
    or less. Scores are rows times b."""
    t = measured.sigma / SIGMA_UNIT
    return ceil(t * log(20 * measured.bins) / measured.rank[1])


def mark_notes(blocks: Sequence[Block]) -> list[str]:
    """Say when nothing in an answer carries a mark: a leak of it cannot be traced by what it shows."""
    if any(measured.what != "quantile" for block in blocks for measured in block.measurements):
        return []
    return ["medians and quantiles carry no marks: only the receipt tells whose copy of this answer leaked"]


def few_note(blocks: Sequence[Block], groups: Sequence[int], rows: int) -> tuple[str, ...]:
    """Say when an answer of so many `rows`, from so many released `groups` of each block, may carry marks, but so few
    that they name nobody. How many is not said: where keys are released, that would differ from draw to draw."""
    shares = [
        min(found, rows) * Fraction(share, ONE)
        for block, found in zip(blocks, groups, strict=True)
        for number in range(len(block.measurements))
        if (share := strength_of(block, number, found).share)
    ]
    if not shares or sum(shares) >= FEWEST:
        return ()
    said = (
        f"with fewer than {FEWEST} cells that carry marks this answer is too small to tell from them whose copy leaked"
    )
    return (f"{said}: only receipt and deliveries show whom it was given to",)


def default_note(epsilon: Decimal) -> str:
    """Give the sentence for a question without an ε."""
    return f"no epsilon was given: {epsilon:f} was used"


def bounded(node: Scalar) -> set[str]:
    """Give the columns in `node` whose declared bounds registration enforces."""
    if isinstance(node, Column):
        return set() if node.lower is None else {node.name}
    return set().union(*(bounded(child) for child in children(node)))


def _list(names: Sequence[str]) -> str:
    return " and ".join(names)
