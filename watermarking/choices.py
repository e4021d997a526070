"""What colluders make of a cell whose copies differ when they choose by rule: of k ones among c chips, the chances that
the higher and the lower value are shown; else it is the middle between both."""

from __future__ import annotations

from collections.abc import Callable
from math import comb

import numpy as np

from watermarking.leak import Reals

Rule = Callable[[int, int], tuple[float, float]]
RULES: dict[str, Rule] = {
    "middle": lambda k, c: (0.0, 0.0),
    "lowest": lambda k, c: (0.0, 1.0),
    "highest": lambda k, c: (1.0, 0.0),
    "coin": lambda k, c: (0.5, 0.5),
    "median": lambda k, c: (float(2 * k > c), float(2 * k < c)),
    "majority": lambda k, c: (float(2 * k > c), float(2 * k < c)) if 2 * k != c else (0.5, 0.5),
    "minority": lambda k, c: (float(2 * k < c), float(2 * k > c)) if 2 * k != c else (0.5, 0.5),
}
"""Where all c chips are alike (k = 0 or c) the cell shows them, whatever the rule."""

Shares = tuple[Reals, Reals]


def shares(way: str, colluders: int, p: Reals) -> tuple[Shares, Shares]:
    """Give the chances of the higher and the lower value when one colluder's chip is 1, and when it is 0; the chips of
    the others are 1 with probability `p`."""
    shown = [(0.0, 1.0), *(RULES[way](k, colluders) for k in range(1, colluders)), (1.0, 0.0)]
    found = np.zeros((2, 2, len(p)))
    for k in range(colluders):  # ones among the others
        share = comb(colluders - 1, k) * p**k * (1 - p) ** (colluders - 1 - k)
        for chip in (1, 0):
            for value in (0, 1):
                found[1 - chip, value] += shown[k + chip][value] * share
    return (found[0, 0], found[0, 1]), (found[1, 0], found[1, 1])
