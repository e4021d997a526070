"""Finished plans for the tests of privacy, and the discrete Gaussian from its definition."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from sandbox.plan.block import Block, Bounds, Key, Measurement, Threshold
from sandbox.plan.plan import SEMANTICS, Plan
from sandbox.plan.relation import Released, Scan
from sandbox.plan.scalar import INTEGER, STRING, Column
from sandbox.privacy.calibrate import sigma_for
from sandbox.privacy.threshold import tau

X = Column("x", INTEGER, Decimal(0), Decimal(10))


def measurement(
    what: Any, square: int, rho: str = "0.02", lower: int = 0, upper: int = 0, centre: int = 0
) -> Measurement:
    sigma, charged = sigma_for(square, Decimal(rho))
    expr = X if what in ("values", "sum") else None
    return Measurement(what, expr, 0, lower, upper, centre, square, sigma, charged)


def key(name: str, domain: tuple[Any, ...] | None) -> Key:
    return Key(name, Column(name, STRING), domain)


def plan(bounds: Bounds, measurements: list[Measurement], keys: list[Key], delta: str = "1e-9") -> Plan:
    """A plan; with a private key its threshold is on measurement 0."""
    threshold = None
    if any(k.domain is None for k in keys):
        groups = min(bounds.groups, bounds.rows)
        threshold = Threshold(0, tau(measurements[0].sigma, groups, Decimal(delta)), Decimal(delta))
    scan = Scan("t", 0, (X, *(Column(name, STRING) for name in "abcd")), bounds.rows)
    return planned(Block(scan, tuple(keys), bounds, tuple(measurements), threshold))


def planned(*blocks: Block) -> Plan:
    """A plan of these blocks that shows nothing of them."""
    return Plan(SEMANTICS, "r", "p", "v", blocks, ((),) * len(blocks), Released(0, ()))


def weights(sigma: float) -> dict[int, float]:
    """P(k) of the discrete Gaussian, k within 40 σ."""
    reach = math.ceil(40 * sigma) + 2
    raw = {k: math.exp(-k * k / (2 * sigma * sigma)) for k in range(-reach, reach + 1)}
    whole = math.fsum(raw.values())
    return {k: weight / whole for k, weight in raw.items()}


def exact_tail(sigma: float, t: int) -> float:
    """P(noise ≥ t) by summing the definition."""
    return math.fsum(weight for k, weight in weights(sigma).items() if k >= t)
