"""How often the 95 % intervals of answers hold the truth: over bases, groups and recipients, with marks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from os import urandom

from query_examples import column, registration

from sandbox.catalogue.entry import Entry, parse_entry
from sandbox.engines.base import Exact
from sandbox.jobs.product import Answer
from sandbox.oversight.marks import fingerprint
from sandbox.plan.plan import Plan
from sandbox.plan.scalar import Value
from sandbox.privacy.release import release
from sandbox.products.query.kind import QueryProduct

CELLS = 500


def counted(cells: int) -> Entry:
    """A registration with so many declared groups, in which nothing is withheld."""
    columns = [
        column("pid", "integer", role="identifier"),
        column("g", "integer", domain=list(range(cells))),
        column("age", "integer", bounds=[0, 100]),
        column("income", "integer", bounds=[0, 500_000]),
        column("wage", "decimal(10,2)", bounds=["-10.00", "990.50"], required=True),
    ]
    table = {"name": "t", "unit": "pid", "max_rows_per_unit": 1, "columns": columns}
    return parse_entry(registration("r", [table], "t.pid"))


ENTRY = counted(CELLS)
DRAWS = 40_000
LOW, HIGH = 0.944, 0.956  # 5.5 standard deviations of so many draws; a width that is 5 % off lies outside


def copies(plan: Plan, base: Sequence[Exact], times: int) -> Iterator[Answer]:
    """So many answers to one question, each with noise and marks of its own."""
    for number in range(times):
        found = release(plan, base)
        marked = fingerprint(plan, f"base {number}", found, urandom(32), "91110000MA0000001X")
        yield QueryProduct().present(plan, found, marked.values)


def alike(plan: Plan, exact: Sequence[tuple[int, ...]], groups: int) -> list[Exact]:
    """The exact results of blocks whose groups are all alike."""
    keys: list[tuple[Value, ...]] = [(number,) for number in range(groups)]
    return [Exact(keys if block.keys else [()], [row] * (groups if block.keys else 1))
            for block, row in zip(plan.blocks, exact, strict=True)]  # fmt: skip


def held(answers: Sequence[Answer], truth: Mapping[str, float], factor: float = 1.0) -> dict[str, float]:
    """By column, the share of its values that are no further from the truth than what is stated, times `factor`."""
    found: dict[str, list[bool]] = {column.name: [] for column in answers[0].columns if column.name in truth}
    for answer in answers:
        for place, shown in enumerate(answer.columns):
            if shown.name in found:
                true = Decimal(repr(truth[shown.name]))
                for row, errors in zip(answer.rows, answer.errors, strict=True):
                    if (value := row[place]) is not None and errors[place] is not None:
                        reach = Decimal(errors[place] or "nan") * Decimal(str(factor))
                        found[shown.name].append(abs(Decimal(str(value)) - true) <= reach)
    return {name: sum(inside) / len(inside) for name, inside in found.items()}
