"""The e-value of rows that were drawn: synthetic tables, whose marks are which rows there are.

A recipient's rows y₁ … yₙ are drawn one by one from a known law q, by its key. If its copy played no part in the leak,
they are fresh draws whatever the attacker did. Let L(v) be the share of the leaked rows that are v. Then for any λ
between 0 and 1 each factor 1 − λ + λ·L(y)/q(y) has a mean of at most 1 (Σ_v q(v)·L(v)/q(v) ≤ 1), the factors are
independent, so the mean of their product is at most 1, and so is that of an average over a fixed list of λ: an e-value,
P(E ≥ t) ≤ 1/t. Rows that occur often tell by how many there are, rare ones by being there: L/q is the likelihood of a
row in the leak against that in the model. λ is the share of the recipient's rows that a leak may be thought to hold.
"""

from __future__ import annotations

import numpy as np

from watermarking.leak import Reals

SHARES = tuple(0.9 * 2.0**-halved for halved in range(17))
"""The λ that are averaged over: from nearly all rows of a copy to one in a hundred thousand."""
ROUNDING = 1e-11
"""By how much rounding may move ln of one factor: a law is a product of at most some hundred numbers."""


def log_e(ratios: Reals) -> float:
    """Give ln E of a recipient from L(y)/q(y) of each of its rows, 0 for those that the leak has not; less a bound of
    what rounding does to the sum."""
    if not len(ratios):
        return 0.0
    present = ratios[ratios > 0]
    absent = len(ratios) - len(present)
    sums = [float(np.log1p(share * (present - 1)).sum() + absent * np.log1p(-share)) for share in SHARES]
    top = max(sums)
    return float(top + np.log(np.mean(np.exp(np.array(sums) - top))) - ROUNDING * len(ratios))


def most(ratios: Reals, rows: int) -> float:
    """Give what nobody's ln E is above: that of so many rows which are all the one that tells most."""
    return log_e(np.full(rows, ratios.max(initial=0.0)))
