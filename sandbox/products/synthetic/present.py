"""A recipient's synthetic table, and how good it is: rows follow from the base's model and the recipient's seed."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from typing import Any

import numpy as np

from sandbox.engines.base import Columns
from sandbox.jobs.product import Answer, AnswerColumn, Groups
from sandbox.modelling.drawing import draw, seed_of, shown
from sandbox.modelling.network import Codes, network
from sandbox.plan.block import SIGMA_UNIT
from sandbox.plan.plan import Plan

Marked = Sequence[Sequence[tuple[int, ...]]]


def presented(plan: Plan, base: Sequence[Groups], marked: Marked) -> Answer:
    """Give the rows; the utility report is kept with them."""
    assert plan.drawn is not None
    drawn = plan.drawn
    seed = seed_of([held for (held,) in base[-1].values], [after for (after,) in marked[-1]])
    net = network(drawn.sizes, drawn.marginals[: drawn.fitted], [weight for (weight,) in base[-2].values])
    codes = draw(net, drawn.count, seed)
    columns = tuple(AnswerColumn(one.name, one.type.kind, "synthetic") for one in drawn.columns)
    kept = {"utility": utility(plan, base, codes)}
    rows = Columns(shown(drawn.columns, codes, seed), drawn.count)
    return Answer(columns, rows, plan.notes, (), kept)


def utility(plan: Plan, base: Sequence[Groups], codes: Codes) -> list[dict[str, Any]]:
    """Say of each marginal how far the rows are from what was released of it: `distance`, half the sum of differences
    of shares (total variation), beside `expected`, what the noise of the release and the drawing of so few rows alone
    would make of it. Made of released numbers and of the rows, never of data."""
    assert plan.drawn is not None
    found = []
    for number, (marginal, block) in enumerate(zip(plan.drawn.marginals, plan.blocks, strict=True)):
        counts = np.array([count for (count,) in base[number].values], np.float64)
        total = max(float(counts.sum()), 1.0)
        at = np.ravel_multi_index(codes[:, marginal].T, [plan.drawn.columns[place].size for place in marginal])
        share = np.bincount(at, minlength=len(counts)) / len(codes)
        sigma = block.measurements[0].sigma / SIGMA_UNIT / total
        spread = np.sqrt(sigma**2 + share * (1 - share) / len(codes))
        found.append(
            {
                "columns": [plan.drawn.columns[place].name for place in marginal],
                "fitted": number < plan.drawn.fitted,
                "cells": len(counts),
                "distance": f"{np.abs(counts / total - share).sum() / 2:.4f}",
                "expected": f"{spread.sum() * np.sqrt(2 / pi) / 2:.4f}",
            }
        )
    return found
