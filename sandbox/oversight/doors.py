"""What waits at the doors of workspaces (数据工作区): code and tables for their entry review, answers for their exit
review. Read by who reviews, by the watch, and by whoever tells operators of it."""

from __future__ import annotations

from typing import Any

from sandbox.core.store import Transaction
from sandbox.jobs.records import Job
from sandbox.products.records import Product
from sandbox.products.workspace.records import Admission, ExitReview, ExitWait


def entering(tx: Transaction, operator: str | None = None) -> list[Admission]:
    """Give what waits for its entry review, the oldest first: at the workspaces of `operator`, or at all."""
    mine: dict[str, Any] = {}
    if operator is not None:
        mine = {"product": [product.id for product in tx.find(Product, operator=operator, kind="workspace")]}
        if not mine["product"]:
            return []
    return sorted(tx.find(Admission, status="submitted", **mine), key=lambda one: (one.created_at, one.id))


def leaving(tx: Transaction, operator: str | None = None, limit: int | None = None) -> list[Job]:
    """Give the jobs whose answers wait for their exit review, the oldest first, at most `limit`."""
    keys = [one.id for one in waiting(tx, operator)][:limit]
    found = {one.id: one for one in tx.find(Job, id=keys)} if keys else {}
    return [found[key] for key in keys]


def waiting(tx: Transaction, operator: str | None = None) -> list[ExitWait]:
    """Give what waits for its exit review, the oldest first: at the workspaces of `operator`, or at all."""
    mine: dict[str, Any] = {} if operator is None else {"operator": operator}
    products = [one.id for one in tx.find(Product, kind="workspace") if _waits(one)]
    return tx.find(ExitWait, product=products, order=("finished_at", "id"), **mine) if products else []


def arrived(tx: Transaction, job: Job) -> bool:
    """Note that a workspace's job is done; say whether its answer waits now. One whose copy was decided on does not,
    and where answers leave without a review it is noted in case that changes."""
    tx.get(Product, job.product, lock=True)  # or the same copy were decided on at this moment, unseen
    if review_of(tx, job) is not None:
        return False
    assert job.finished_at is not None, "a job that is done was finished"
    tx.add(ExitWait(job.id, job.product, job.operator, job.finished_at))
    return reviewed(tx, job.product)


def decided(tx: Transaction, job: Job) -> None:
    """Note that a job's exit was reviewed, and with it that of every other job of the same copy."""
    tx.get(Product, job.product, lock=True)
    for one in tx.find(ExitWait, id=[job.id, *_same(tx, job)]):
        tx.remove(one)


def reviewed(tx: Transaction, product_id: str) -> bool:
    """Say whether answers of a workspace wait for a review before they leave."""
    product = tx.get(Product, product_id)
    return product is not None and _waits(product)


def review_of(tx: Transaction, job: Job) -> ExitReview | None:
    """Give the exit review of a job's answer, or of another job's whose answer is the same copy: asked again, what
    was decided holds. None while it waits."""
    found = tx.find(ExitReview, job=[job.id, *_same(tx, job)], order=("created_at",))
    return next((one for one in found if one.job == job.id), found[-1] if found else None)


def _waits(product: Product) -> bool:
    return str(product.spec.get("exit", "reviewed")) != "automatic"


def _same(tx: Transaction, job: Job) -> list[str]:
    """The jobs that have the same copy."""
    return tx.keys(Job, party=job.party, product=job.product, base_key=job.base_key)
