"""One module per area of the contract; each handler parses, asks its room, and shows."""

from __future__ import annotations

from sandbox.web.api import (
    accounts,
    alerts,
    credit,
    emergency,
    grants,
    incidents,
    holding,
    jobs,
    limits,
    log,
    matters,
    parties,
    policies,
    prices,
    products,
    publications,
    resources,
    results,
    revenue,
    reviews,
    settlements,
    signing,
    subscriptions,
    traces,
    webhooks,
)

BLUEPRINTS = tuple(
    module.blueprint
    for module in (
        parties,
        resources,
        holding,
        matters,
        grants,
        products,
        prices,
        limits,
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
        credit,
        policies,
        reviews,
        emergency,
        alerts,
        incidents,
        webhooks,
    )
)
