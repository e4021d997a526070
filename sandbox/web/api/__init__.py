"""One module per area of the contract; each handler parses, asks its room, and shows."""

from __future__ import annotations

from sandbox.web.api import (
    accounts,
    emergency,
    grants,
    jobs,
    log,
    parties,
    prices,
    products,
    publications,
    resources,
    results,
    revenue,
    settlements,
    signing,
    subscriptions,
    traces,
)

BLUEPRINTS = tuple(
    module.blueprint
    for module in (
        parties,
        resources,
        grants,
        products,
        prices,
        revenue,
        settlements,
        subscriptions,
        jobs,
        results,
        signing,
        publications,
        accounts,
        traces,
        log,
        emergency,
    )
)
