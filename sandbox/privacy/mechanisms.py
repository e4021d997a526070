"""The noise: exact discrete Gaussian samples on the integers, from our own table or drawn by OpenDP.

A table (`sampler`) takes as long to build as OpenDP takes for about σ samples, and makes the rest a hundred times
faster. So it serves whoever asks for σ samples or more; fewer, and σ too wide for a table, are OpenDP's. The choice
depends on σ and the number of cells alone, never on whether the table is there already, and both cost the same where it
changes. A kept table still saves the next job up to 0.1 s. With private keys the number of cells is that of the groups
present: this time, like that of the query itself, is covered by the deadline of answers and otherwise a residual.

Runs in the vault only; both are loaded at the first draw, so that no other process pays for them. `opendp.prelude` is
never imported: it drags scikit-learn in.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sandbox.plan.block import SIGMA_UNIT
from sandbox.privacy.cumulative import WIDEST

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIGMA_LIMIT = SIGMA_UNIT << 55
"""The largest `sigma`: at σ = 2⁵⁵ the end of a 64-bit integer lies 256 σ away, and a sample reaches it with
probability below e⁻³²⁷⁶⁷. OpenDP's saturation is therefore no part of any δ. `calibrate` refuses more."""


def gaussian(count: int, sigma: int) -> NDArray[np.int64]:
    """Give `count` independent samples of the discrete Gaussian, P(k) ∝ exp(−k²/2σ²), with σ = sigma/1024.

    Exact, whoever draws: `sampler` proves its law; OpenDP is Canonne, Kamath and Steinke 2020, algorithm 3, in rational
    arithmetic, and σ reaches it as a float that equals the fraction. Samples fit 64 bits; what they are added to may
    not. Raises ValueError for a σ that has no exact float or lies beyond `SIGMA_LIMIT`, and whatever the system raises
    when it has no random bits.
    """
    scale = sigma / SIGMA_UNIT
    if not 0 < sigma <= SIGMA_LIMIT or int(scale * SIGMA_UNIT) != sigma:
        raise ValueError("σ must be positive, exact as a float and at most 2⁵⁵")
    import numpy as np

    if count == 0:
        return np.zeros(0, np.int64)
    if sigma <= min(WIDEST, count * SIGMA_UNIT):
        from sandbox.privacy.sampler import draw

        return draw(count, sigma)
    return np.array(_sampler(scale)([0] * count), np.int64)


@cache
def _opendp() -> tuple[Any, Any]:
    from opendp.domains import atom_domain, vector_domain
    from opendp.measurements import make_gaussian
    from opendp.metrics import l2_distance
    from opendp.mod import enable_features

    enable_features("contrib")  # OpenDP's name for everything whose proof has been reviewed by its contributors
    return (vector_domain(atom_domain(T="i64")), l2_distance(T="i64")), make_gaussian


def _sampler(scale: float) -> Any:
    space, make_gaussian = _opendp()
    return make_gaussian(*space, scale=scale)
