"""The noise: exact discrete Gaussian samples on the integers, from a table of σ or by rejection.

A table (`sampler`) takes as long to build as some `WORTH`·σ samples take by `rejection`, and makes the rest several
times faster. So it serves whoever asks for that many; fewer, and those of a σ too wide for it, are drawn by rejection,
which has no tables of σ. The choice depends on σ and the number of cells alone, never on whether the table is there
already, and both cost the same where it changes. A kept table still saves the next job up to 0.3 s. With private keys
the number of cells is that of the groups present: this time, like that of the query itself, is covered by the deadline
of answers and otherwise a residual.

Runs in the vault only; numpy is loaded at the first draw, so that no other process pays for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.plan.block import SIGMA_UNIT
from sandbox.privacy.cumulative import WIDEST

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIGMA_LIMIT = SIGMA_UNIT << 55
"""The largest `sigma`: at σ = 2⁵⁵ the end of a 64-bit integer lies 256 σ away, and a sample reaches it with
probability below e⁻³²⁷⁶⁷. That it then fails is therefore no part of any δ. `calibrate` refuses more."""
WORTH = 32
"""Samples for each unit of σ from which on a table is worth being built."""


def gaussian(count: int, sigma: int) -> NDArray[np.int64]:
    """Give `count` independent samples of the discrete Gaussian, P(k) ∝ exp(−k²/2σ²), with σ = sigma/1024.

    Exact, whoever draws: `sampler` and `rejection` prove their laws. Samples fit 64 bits; what they are added to may
    not. Raises ValueError for a σ that has no exact float or lies beyond `SIGMA_LIMIT`, and whatever the system raises
    when it has no random bits.
    """
    if not 0 < sigma <= SIGMA_LIMIT or int(sigma / SIGMA_UNIT * SIGMA_UNIT) != sigma:
        raise ValueError("σ must be positive, exact as a float and at most 2⁵⁵")
    if sigma < SIGMA_UNIT or WORTH * sigma <= min(WORTH * WIDEST, count * SIGMA_UNIT):
        from sandbox.privacy.sampler import draw
    else:
        from sandbox.privacy.rejection import draw
    return draw(count, sigma)
