"""What the plan does to the answer, in words. Public facts only."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from sandbox.plan.block import Block, Key
from sandbox.plan.plan import STATISTICS
from sandbox.plan.scalar import Column, Scalar, children
from sandbox.sql.draft import Key as DraftKey
from sandbox.sql.draft import Measure


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
    clamped = sorted({name for ask in asks if ask.what != "values" and ask.term for name in _clamped(ask.term.node)})
    if clamped:
        said.append(f"values of {_list(clamped)} outside the declared bounds count as the nearest bound")
    if any(ask.what == "average" for ask in asks):
        said.append("the interval of an average is that of a group of middle size")
    if any(ask.what in STATISTICS for ask in asks):
        said.append("the interval of a variance, and of what is made of one, is that of a middle group")
    return tuple(said)


def default_note(epsilon: Decimal) -> str:
    """Give the sentence for a question without an ε."""
    return f"no epsilon was given: {epsilon:f} was used"


def _clamped(node: Scalar) -> set[str]:
    """The columns in `node` whose declared bounds registration enforces."""
    if isinstance(node, Column):
        return set() if node.lower is None else {node.name}
    return set().union(*(_clamped(child) for child in children(node)))


def _list(names: Sequence[str]) -> str:
    return " and ".join(names)
