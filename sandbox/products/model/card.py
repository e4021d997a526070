"""The card of a model: what it is, what it cost, how good it is, what it goes by, what it is for. In both languages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.catalogue.records import Resource
from sandbox.catalogue.stored import stored_entry
from sandbox.core.store import Transaction
from sandbox.jobs.house import House
from sandbox.jobs.records import Job
from sandbox.jobs.telling import stored_answer
from sandbox.plan.codec import from_json
from sandbox.plan.plan import Plan
from sandbox.privacy import accountant
from sandbox.privacy.convert import epsilon_for
from sandbox.products.model.specification import read
from sandbox.products.model.words import explained, spoken, titled
from sandbox.products.records import Product


def card(house: House, tx: Transaction, job: Job) -> dict[str, Any]:
    """Give the card of a finished job's copy. ε is what the model cost whoever was charged for it, whoever joined."""
    plan, product = from_json(job.plan), tx.get(Product, job.product)
    assert isinstance(plan, Plan) and product is not None
    model, answer = plan.stages[0].model, stored_answer(house, tx, job)
    account = accountant.account_for(tx, job.population, job.party)
    epsilon = epsilon_for(plan.rho, account.delta_conv)
    items = [
        {"part": row[0], "item": row[1], "value": _text(row[2]), "error_95": width[2]}
        for row, width in zip(answer.rows, answer.errors, strict=True)
    ]
    use, resource = _use(product), tx.get(Resource, job.resource)
    unit = stored_entry(resource.entry).unit if resource is not None else None
    whom = unit.name if unit is not None else ""
    return {
        "job": job.id,
        "product": product.id,
        "name": product.name,
        "method": model.method,
        "target": model.target.name if model.target else None,
        "features": [feature.name for feature in model.features],
        "version": job.version,
        "specification": product.spec_digest,
        "epsilon": str(epsilon),
        "delta": str(account.delta_conv),
        "rho": str(plan.rho),
        "use": use,
        "quality": [one for one in items if one["part"] in ("size", "quality", "calibration", "share")],
        "reasons": [one for one in items if one["part"] == "reason"],
        "weights": [one for one in items if one["part"] == "weight"],
        "notes": list(answer.notes),
        "words": {
            language: [
                titled(product.name, model.method, use[language], language),
                *explained(plan, whom, language),
                *spoken(items, str(epsilon), language),
            ]
            for language in ("en", "zh")
        },
    }


def _use(product: Product) -> dict[str, str]:
    return read(product.spec).use.model_dump()


def _text(value: object) -> str | None:
    return f"{value:f}" if isinstance(value, Decimal) else None
