"""What the public profile made of a plan, in words, and what it predicts of the answer's errors. Public facts only."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Protocol

from sandbox.plan.block import Block, Key
from sandbox.plan.plan import Output, Plan
from sandbox.plan.relation import NUMBER
from sandbox.plan.scalar import columns
from sandbox.products.query.accuracy import constant_width, spelled
from sandbox.products.query.measure import needs
from sandbox.products.query.present import noisy, origin
from sandbox.products.query.totals import is_total
from sandbox.products.query.way import Way
from sandbox.sql.draft import Key as DraftKey
from sandbox.sql.draft import Measure

WORTH_SAYING = Decimal("0.0005")  # of a value


class Planned(Protocol):
    """A measure with its keys, and how it is bounded."""

    @property
    def measure(self) -> Measure: ...
    @property
    def keys(self) -> Sequence[tuple[DraftKey, Key]]: ...
    @property
    def way(self) -> Way: ...


def planned_notes(unit: str, part: Planned, block: Block) -> list[str]:
    """Give the sentences about published keys, weights and clamps, and how much bounds are predicted to leave out."""
    said = [
        f"{draft.name} shows the values that the public profile lists; rows with others are not shown"
        for draft, key in part.keys
        if draft.term.domain is None and key.domain is not None
    ]
    if any(m.norm for m in block.measurements):
        said.append(f"each row of a {unit} with unusually many or large rows counts for less")
    for ask in part.measure.asks:
        if ask.term is None or ask.what not in ("sum", "average", "quantile"):
            continue
        need = needs(ask, part.way.bounds.rows)[0]
        moved = part.way.of(need)
        if (moved.lower, moved.upper) != (need.lower, need.upper):
            name = " and ".join(sorted(name.partition(NUMBER)[0] or "rows" for name in columns(ask.term.node)))
            low, high = (f"{Decimal(end).scaleb(-moved.scale).normalize():f}" for end in (moved.lower, moved.upper))
            what = f"totals of {name} of one {unit} in a group" if is_total(ask.term.node) else f"values of {name}"
            said.append(f"{what} count as at least {low} and at most {high}: few are beyond")
    given = [f"{100 * (1 - share):.2g} %" for share in dict.fromkeys(part.way.kept.values())]
    if given:
        said.append(
            f"of counts and sums bounds leave out about {' and '.join(given)} by the public profile: that is added to "
            "every group alike"
        )
    most = max((bias for bias in part.way.bias.values() if bias is not None), default=0.0)
    if most >= WORTH_SAYING:
        said.append(f"by the public profile, bounds leave out up to about {100 * most:.2g} % of a value")
    return said


def expected(plan: Plan) -> list[dict[str, Any]]:
    """Give for each measured column of the answer what can be said before anything is measured: the half-width of its
    95 % interval where that is the same in every group (`error_95`), the share of the value that bounds are predicted
    to leave out (`bias`), its usual size in a group (`usual`), and the half-width against that (`relative`)."""
    found: list[dict[str, Any]] = []
    measures = noisy(plan)
    for column in plan.post.columns:
        if column.name in measures:
            shown = origin(plan.post, column.name, plan)
            found.append({"name": column.name, **(_unknown() if shown is None else _expected(*shown))})
    return found


def _unknown() -> dict[str, str | None]:
    return dict.fromkeys(("error_95", "bias", "usual", "relative"))


def _expected(block: Block, output: Output) -> dict[str, str | None]:
    width = constant_width(block, output) if output.what in ("count", "sum") else None
    relative = None if width is None or not output.usual else width / float(output.usual)
    return {
        "error_95": None if width is None else spelled(width),
        "bias": None if output.bias is None else f"{output.bias:f}",
        "usual": None if output.usual is None else f"{output.usual:f}",
        "relative": None if relative is None else spelled(relative),
    }
