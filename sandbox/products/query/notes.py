"""What the plan does to the answer, in words. Public facts only."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sandbox.plan.plan import Bounds, Key, Threshold
from sandbox.plan.scalar import Column
from sandbox.sql.draft import Ask
from sandbox.sql.draft import Key as DraftKey


def notes(
    unit: str,
    keys: Sequence[tuple[DraftKey, Key]],
    asks: Sequence[Ask],
    bounds: Bounds,
    threshold: Threshold | None,
    default_epsilon: Decimal | None,
) -> tuple[str, ...]:
    """Give the sentences that go with every answer of the plan."""
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
    clamped = sorted({ask.term.node.name for ask in asks if ask.term and _plain(ask)})  # type: ignore[union-attr]
    if clamped:
        said.append(f"values of {_list(clamped)} outside the declared bounds count as the nearest bound")
    if any(ask.what == "average" for ask in asks):
        said.append("the interval of an average is that of a group of middle size")
    if default_epsilon is not None:
        said.append(f"no epsilon was given: {default_epsilon:f} was used")
    return tuple(said)


def _plain(ask: Ask) -> bool:
    return ask.what in ("sum", "average") and ask.term is not None and isinstance(ask.term.node, Column)


def _list(names: Sequence[str]) -> str:
    return " and ".join(names)
