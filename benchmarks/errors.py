"""How far an answer is from the exact one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median
from typing import Any

Groups = Mapping[tuple[str, ...], Sequence[float]]


@dataclass(frozen=True)
class Error:
    """Relative errors of one column: the median over the groups and the worst of them, as fractions; and the largest
    absolute error."""

    median: float
    worst: float
    absolute: float


@dataclass(frozen=True)
class Compared:
    """Of one answer: groups released, groups there are, and the error of each measured column over those released."""

    released: int
    groups: int
    columns: tuple[Error, ...]


def grouped(rows: Sequence[Sequence[Any]], keys: int) -> Groups:
    """Read rows whose first `keys` cells are keys, and the others numbers; a missing number is NaN."""
    return {
        tuple(map(str, row[:keys])): [math.nan if cell is None else float(cell) for cell in row[keys:]] for row in rows
    }


def compare(answer: Groups, exact: Groups) -> Compared:
    """Compare the groups that both have. A group that does not exist counts as released, but not in the errors."""
    shared = [(answer[group], exact[group]) for group in answer if group in exact]
    columns = zip(*([abs(got - true) for got, true in zip(*pair, strict=True)] for pair in shared), strict=True)
    trues = zip(*(true for _, true in shared), strict=True)
    return Compared(len(answer), len(exact), tuple(_error(*one) for one in zip(columns, trues, strict=True)))


def together(compared: Sequence[Compared]) -> Compared:
    """Give the mean over several answers to one question."""
    columns = zip(*(one.columns for one in compared), strict=True)
    errors = (
        Error(mean(e.median for e in es), mean(e.worst for e in es), mean(e.absolute for e in es)) for es in columns
    )
    return Compared(round(mean(one.released for one in compared)), compared[0].groups, tuple(errors))


def _error(errors: Sequence[float], trues: Sequence[float]) -> Error:
    """NaN – no answer for a group – counts as an error of 100 %."""
    relative = [1.0 if math.isnan(e) else e / abs(true) for e, true in zip(errors, trues, strict=True) if true]
    absolute = max((e for e in errors if not math.isnan(e)), default=math.nan)
    return Error(median(relative), max(relative), absolute) if relative else Error(math.nan, math.nan, absolute)
