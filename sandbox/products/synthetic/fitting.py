"""Fits a graphical model to noisy marginals, with the library mbi (Private-PGM), in a process of its own.

    python -m sandbox.products.synthetic.fitting < marginals.json > probabilities.json

Nothing but released numbers comes in, and nothing but probabilities goes out: neither keys nor rows are in reach of
the library. In double precision and on one thread; what it gives is rounded and kept with the base, so it need not be
the same on another machine."""

from __future__ import annotations

import json
import sys
from typing import Any

ITERATIONS = 2_000
STILL = 1e-7
"""Relative improvement of the loss in 50 steps, below which the fit has ended."""


def fit(asked: dict[str, Any]) -> list[list[float]]:
    """Give, for each of the `wanted` sets of columns, its probabilities in row-major order. `sizes`: codes of each
    column; `marginals`: columns, σ of the noise and noisy counts of each that is fitted."""
    import mbi  # takes seconds
    import numpy as np

    domain = mbi.Domain([str(number) for number in range(len(asked["sizes"]))], asked["sizes"])
    measured = [
        mbi.LinearMeasurement(np.array(one["values"], np.float64), tuple(map(str, one["columns"])), one["sigma"])
        for one in asked["marginals"]
    ]
    total = _total(asked["marginals"])
    model = mbi.estimation.MirrorDescent().estimate(domain, measured, known_total=total, iters=ITERATIONS, tol=STILL)
    found = []
    for columns in asked["wanted"]:
        names = tuple(map(str, columns))
        values = np.asarray(model.project(names).transpose(names).values, np.float64) / total
        found.append(np.clip(np.nan_to_num(values), 0, None).ravel().tolist())
    return found


def _total(marginals: list[dict[str, Any]]) -> float:
    """How many units there are: the sum of every marginal is an estimate with a variance of its own."""
    weight = [1 / (len(one["values"]) * one["sigma"] ** 2) for one in marginals]
    sums = [sum(one["values"]) for one in marginals]
    return max(1.0, float(sum(w * s for w, s in zip(weight, sums, strict=True)) / sum(weight)))


if __name__ == "__main__":
    json.dump(fit(json.load(sys.stdin)), sys.stdout)
