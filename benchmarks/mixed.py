"""Leaks that several copies, or several answers, went into: pasted, mixed, averaged, with totals, filtered."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import mean

from benchmarks.answer import Answer, Row, Table
from benchmarks.leaked import File, text

COLLUDERS = ("leaker", "second", "third")


def others(answer: Answer) -> list[Answer]:
    """Two more answers of the same question, over the same data, that the leaker holds too."""
    return [replace(answer, noise=answer.noise + more) for more in (1, 2)]


def pasted(leaker: Answer, chance: random.Random) -> bytes:
    """Every row four times, in other spellings."""
    head, rows = leaker.copy("leaker")
    return text(
        (head, [*rows, *rows, *rows, *((c, m, f"{n}.0", f"{int(pay):,}", mean) for c, m, n, pay, mean in rows)])
    )


def pasted_of_three(leaker: Answer, chance: random.Random) -> bytes:
    """The rows of three copies below each other."""
    tables = [leaker.copy(name) for name in COLLUDERS]
    return text((tables[0][0], [row for _, rows in tables for row in rows]))


def aliased(leaker: Answer, chance: random.Random) -> bytes:
    head, rows = leaker.copy("leaker")
    return text(((*head, *(f"{name}2" for name in head[2:])), [(*row, *row[2:]) for row in rows]))


def with_totals(leaker: Answer, chance: random.Random) -> bytes:
    """A line for each city below its months, and one below all."""
    head, rows = leaker.copy("leaker")
    cities = list(dict.fromkeys(row[0] for row in rows))
    found = []
    for city in cities:
        own = [row for row in rows if row[0] == city]
        found += [*own, _total(city, own)]
    return text((head, [*found, _total("合计", rows)]))


def having(leaker: Answer, chance: random.Random) -> bytes:
    """Only the rows whose marked number is large."""
    head, rows = leaker.copy("leaker")
    return text((head, [row for row in rows if int(row[2]) >= 900]))


def other_answer_averaged(leaker: Answer, chance: random.Random) -> bytes:
    """The average of two answers of the same question, each with its own noise."""
    return text(_merged([leaker.copy("leaker"), others(leaker)[0].copy("leaker")], mean))


def three_answers_averaged(leaker: Answer, chance: random.Random) -> bytes:
    return text(_merged([each.copy("leaker") for each in (leaker, *others(leaker))], mean))


def two_answers_mixed(leaker: Answer, chance: random.Random) -> bytes:
    """Each number from one answer or the other."""
    return text(_merged([leaker.copy("leaker"), others(leaker)[0].copy("leaker")], chance.choice))


def published_averaged(leaker: Answer, chance: random.Random) -> bytes:
    """The leaker's copy averaged with one that somebody else published."""
    return text(_merged([leaker.copy("leaker"), leaker.copy("publisher")], mean))


def three_averaged(leaker: Answer, chance: random.Random) -> bytes:
    return text(_merged([leaker.copy(name) for name in COLLUDERS], mean))


def three_mixed(leaker: Answer, chance: random.Random) -> bytes:
    return text(_merged([leaker.copy(name) for name in COLLUDERS], chance.choice))


def three_middle(leaker: Answer, chance: random.Random) -> bytes:
    return text(_merged([leaker.copy(name) for name in COLLUDERS], lambda values: (min(values) + max(values)) / 2))


def three_lowest(leaker: Answer, chance: random.Random) -> bytes:
    return text(_merged([leaker.copy(name) for name in COLLUDERS], min))


MIXED: tuple[File, ...] = (
    pasted, pasted_of_three, aliased, with_totals, having, other_answer_averaged, published_averaged, three_averaged,
    three_answers_averaged, two_answers_mixed, three_mixed, three_middle, three_lowest,
)  # fmt: skip


def _total(name: str, rows: Sequence[Row]) -> Row:
    return name, "", str(sum(int(row[2]) for row in rows)), str(sum(int(row[3]) for row in rows)), ""


def _merged(tables: Sequence[Table], merge: Callable[[list[float]], float]) -> Table:
    rows = []
    for lines in zip(*(rows for _, rows in tables), strict=True):
        values = zip(*(line[2:] for line in lines), strict=True)
        rows.append((*lines[0][:2], *(f"{merge([float(value) for value in each]):.4f}" for each in values)))
    return tables[0][0], rows
