"""A released answer: a plan of the product's own, its noisy base, copies as they are delivered, and traces to them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sandbox.oversight.leaks import read_leak
from sandbox.oversight.marks import fingerprint, marks_bases, views
from sandbox.plan.block import Block, Bounds, Key, Measurement
from sandbox.plan.plan import SEMANTICS, Output, Plan
from sandbox.plan.relation import Released as Root
from sandbox.plan.relation import Scan
from sandbox.plan.scalar import DATE, INTEGER, STRING, Column, Type
from sandbox.privacy.released import Released
from sandbox.products.query.kind import QueryProduct
from watermarking.align import Alignment, align
from watermarking.base import Base
from watermarking.combine import Shown, together
from watermarking.design import Design
from watermarking.embed import channel
from watermarking.keys import base_key, user_key
from watermarking.leak import Leak
from watermarking.score import informative, log_e_values

MASTER, RHO = bytes(range(32)), Decimal("0.01")
CITIES = tuple("杭宁温嘉湖绍金衢舟台丽南无徐常苏")
MONTHS = tuple(date(year, month, 1) for year in (2023, 2024) for month in range(1, 13))
SIGMAS = (12, 6_000, 400)

Row = tuple[str, ...]
Table = tuple[Row, list[Row]]


@dataclass(frozen=True)
class Answer:
    """SELECT city, month, COUNT(*) AS n, SUM(pay), AVG(hours) … GROUP BY city, month as it was released to anybody who
    asked; seeds give other data, `noise` other noise over the same."""

    seed: int = 0
    noise: int = 0
    groups: int = 192

    @cached_property
    def plan(self) -> Plan:
        city, month = Column("city", STRING), Column("month", DATE)
        pay, hours = Column("pay", INTEGER), Column("hours", INTEGER, Decimal(0), Decimal(80))
        measurements = (
            Measurement("rows", None, 0, 0, 0, 0, 1, SIGMAS[0] * 1024, RHO),
            Measurement("sum", pay, 0, 0, 500, 0, 500**2, SIGMAS[1] * 1024, RHO),
            Measurement("sum", hours, 0, 0, 80, 40, 40**2, SIGMAS[2] * 1024, RHO),
        )
        outputs = (
            Output("city", "key", (0,), STRING),
            Output("month", "key", (1,), DATE),
            Output("n", "count", (0,), INTEGER),
            Output("pay", "sum", (1,), INTEGER),
            Output("mean", "average", (2, 0), Type("decimal", 4)),
        )
        keys = (Key("city", city, CITIES), Key("month", month, MONTHS))
        block = Block(Scan("t", 0, (city, month, hours, pay), 1), keys, Bounds(1, 1, 1), measurements, None)
        show = Root(0, tuple(output.column for output in outputs))
        return Plan(SEMANTICS, "r1", "p1", "v1", (block,), (outputs,), show)

    @property
    def id(self) -> str:
        return f"base-{self.seed}-{self.noise}"

    @cached_property
    def base(self) -> Released:
        chance = random.Random(self.seed)
        groups = [(city, month) for city in CITIES for month in MONTHS][: self.groups]
        draw, own = chance.lognormvariate, random.Random(f"{self.seed} {self.noise}")
        truth = [(int(draw(7, 1)) + 200, int(draw(12, 1)) + 50_000, int(chance.gauss(0, 6_000))) for _ in groups]
        values = [tuple(round(x + own.gauss(0, s)) for x, s in zip(row, SIGMAS, strict=True)) for row in truth]
        return Released(groups, values)

    def copy(self, recipient: str) -> Table:
        """Give the copy of a recipient as it is delivered."""
        marked = fingerprint(self.plan, self.id, [self.base], MASTER, recipient)
        answer = QueryProduct().present(self.plan, [self.base], marked.values)
        return tuple(column.name for column in answer.columns), [tuple(map(str, row)) for row in answer.rows]

    def scores(
        self, file: bytes, recipients: Sequence[str], beside: Sequence[Answer] = ()
    ) -> tuple[int, NDArray[np.float64], dict[str, object]]:
        """Trace a file as the instance does: how many marked cells it shows, ln E of each recipient, and what was
        done to it. No cells when it does not show the base. `beside`: other answers that may have gone into it."""
        found = self.traced(file, beside)
        if found is None:
            return 0, np.zeros(len(recipients)), {}
        base, alignment = found
        key, design = base_key(MASTER, base.id), Design.of(base)
        path = channel(base, design, key)
        log_e = log_e_values(alignment, base, design, path, [user_key(MASTER, name, base.id) for name in recipients])
        return len(informative(alignment, path)), log_e, alignment.report(base, ("city", "month"))

    def traced(self, file: bytes, beside: Sequence[Answer] = ()) -> tuple[Base, Alignment] | None:
        """Give the base and where a file shows it, seen together with other answers that may have gone into it."""
        leak = read_leak(file)
        own = self.shown(leak)
        others = [one for answer in beside if (one := answer.shown(leak)) is not None]
        return (own.base, together(own, others)) if own is not None else None

    def shown(self, leak: Leak) -> Shown | None:
        """Give the base and where the file shows it."""
        [base] = marks_bases(self.plan, self.id, [self.base])
        alignment = align(leak, base, views(self.plan.blocks[0]))
        return None if alignment is None else Shown(base, alignment)
