"""A base to mark and leaks made of its copies, for the tests of marks and traces."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from watermarking.align import Alignment, align
from watermarking.base import Base, Primitive
from watermarking.design import Design
from watermarking.embed import Channel, channel, embed
from watermarking.keys import base_key, user_key
from watermarking.leak import Average, Direct, Leak, View
from watermarking.score import log_e_values

MASTER = bytes(range(32))
CENTRE = 40
VIEWS: tuple[View, ...] = (Direct("n", 0), Direct("hours", 1), Average("mean", 2, 0, CENTRE, 0, (-10_000, 10_000)))

Row = tuple[str, ...]


class World:
    """A base of `ages` × two sexes with a count, a sum and a centred sum, and the keys of its recipients."""

    def __init__(self, ages: int, sigma: int, seed: int = 0) -> None:
        self.random = random.Random(seed)
        groups = tuple((age, sex) for age in range(17, 17 + ages) for sex in ("Female", "Male"))
        draw = self.random.randint
        values = tuple((draw(40, 900), draw(-9_000, 50_000), draw(-4_000, 4_000)) for _ in groups)
        primitives = (
            Primitive("rows", Fraction(sigma), True),
            Primitive("sum", Fraction(sigma * 90), False),
            Primitive("centred", Fraction(sigma * 45), False),
        )
        self.base = Base(b"base-1", ("age", "sex"), groups, primitives, values)
        self.design = Design.of(self.base)
        self.k_base = base_key(MASTER, self.base.id)

    def key(self, recipient: str) -> bytes:
        return user_key(MASTER, recipient, self.base.id)

    def path(self) -> Channel:
        return channel(self.base, self.design, self.k_base)

    def copy(self, recipient: str) -> list[tuple[int, ...]]:
        return embed(self.base, self.design, self.k_base, self.key(recipient))

    def table(self, copy: Sequence[tuple[int, ...]], *, average: bool = False) -> list[Row]:
        """Rows age, sex, n, and hours or, with `average`, the mean to four decimals."""
        return [
            (str(age), sex, str(n), f"{centred / n + CENTRE:.4f}" if average else str(total))
            for (age, sex), (n, total, centred) in zip(self.base.groups, copy, strict=True)
        ]

    def shuffled(self, rows: Sequence[Row], keep: float = 1.0) -> list[Row]:
        rows = self.random.sample(rows, len(rows))
        return rows[: int(len(rows) * keep)]

    def found(self, rows: Sequence[Row]) -> Alignment | None:
        leak = Leak(tuple(f"c{i}" for i in range(len(rows[0]))), tuple(rows))
        return align(leak, self.base, VIEWS)

    def scores(self, rows: Sequence[Row], recipients: Sequence[str]) -> np.ndarray:
        """ln E of each recipient; the leak must show the base."""
        alignment = self.found(rows)
        assert alignment is not None
        keys = [self.key(recipient) for recipient in recipients]
        return log_e_values(alignment, self.base, self.design, self.path(), keys)
