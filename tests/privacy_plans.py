"""Finished plans for the tests of privacy, and the discrete Gaussian from its definition."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from sandbox.plan.plan import SEMANTICS, Bounds, Key, Measurement, Plan, Post, Threshold
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
    return Plan(SEMANTICS, "r", "p", "v", "t", None, tuple(keys), bounds, tuple(measurements), threshold, (), Post())


def weights(sigma: float) -> dict[int, float]:
    """P(k) of the discrete Gaussian, k within 40 σ."""
    reach = math.ceil(40 * sigma) + 2
    raw = {k: math.exp(-k * k / (2 * sigma * sigma)) for k in range(-reach, reach + 1)}
    whole = math.fsum(raw.values())
    return {k: weight / whole for k, weight in raw.items()}


def exact_tail(sigma: float, t: int) -> float:
    """P(noise ≥ t) by summing the definition."""
    return math.fsum(weight for k, weight in weights(sigma).items() if k >= t)
