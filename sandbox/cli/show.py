"""How tables and answers look in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from sandbox.client import Answer

CENTI = Decimal("0.01")


def console() -> Console:
    """Give a console that writes plain text when it is not a terminal."""
    return Console(highlight=False, soft_wrap=False)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> Table:
    """Give a plain table; the columns whose numbers are in `right` are set flush right."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for place, head in enumerate(heads):
        made.add_column(head, justify="right" if place in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


def answer_table(answer: Answer, limit: int | None = None, interval: str = "95 % interval") -> Table:
    """Give the rows of an answer, each measure followed by its 95 % interval; at most `limit` rows."""
    heads: list[str] = []
    right: list[int] = []
    for name in answer.columns:
        heads.append(name)
        if name in answer.errors:
            right += [len(heads) - 1, len(heads)]
            heads.append(interval)
    intervals = {name: answer.intervals(name) for name in answer.errors}
    widths = {name: answer.row_errors(name) for name in answer.errors}
    rows = []
    for number, row in enumerate(answer.rows[:limit]):
        cells: list[str] = []
        for name, value in zip(answer.columns, row, strict=True):
            error = widths[name][number] if name in widths else None
            cells.append(_number(value, error))
            if name in widths:
                bounds = intervals[name][number]
                cells.append(
                    "" if bounds is None else f"{_number(bounds.lower, error)} – {_number(bounds.upper, error)}"
                )
        rows.append(cells)
    return table(heads, rows, right)


def at_most(amount: str) -> str:
    """Print an exact ε with two decimals (a tiny one with two digits), rounded up: what is spent is never shown too
    small."""
    exact = Decimal(amount)
    step = CENTI if exact == 0 or exact >= CENTI else Decimal(1).scaleb(exact.adjusted() - 1)
    return f"{exact.quantize(step, ROUND_CEILING):f}"


def at_least(amount: str) -> str:
    """Print an exact ε with two decimals, rounded down: what is left is never shown too large."""
    return f"{Decimal(amount).quantize(CENTI, ROUND_FLOOR):f}"


def _number(value: Any, error: float | None) -> str:
    """Print a measured number with the decimals that its error leaves a meaning; anything else as it is."""
    if value is None:
        return ""
    if error is None or isinstance(value, int):
        return str(value)
    decimals = 0 if error >= 10 else 1 if error >= 1 else 3
    return f"{round(float(value), decimals) + 0.0:.{decimals}f}"  # + 0.0: no "-0"
