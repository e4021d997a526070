"""What waits at the doors of workspaces (数据工作区): code and tables for their entry review, answers for their exit
review. Read by who reviews, by the watch, and by whoever tells operators of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from sandbox.core.store import Transaction
from sandbox.jobs.records import Job
from sandbox.products.records import Product
from sandbox.products.workspace.records import Admission, ExitReview

BATCH = 500


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
    mine = {} if operator is None else {"operator": operator}
    products = [one.id for one in tx.find(Product, kind="workspace") if _waits(one)]
    keys = tx.keys(Job, product=products, status="done", **mine) if products else []
    return list(islice(_unreviewed(tx, keys), limit))


def reviewed(tx: Transaction, product_id: str) -> bool:
    """Say whether answers of a workspace wait for a review before they leave."""
    product = tx.get(Product, product_id)
    return product is not None and _waits(product)


def review_of(tx: Transaction, job: Job) -> ExitReview | None:
    """Give the exit review of a job's answer, or of another job's whose answer is the same copy: asked again, what
    was decided holds. None while it waits."""
    same = tx.keys(Job, party=job.party, product=job.product, base_key=job.base_key)
    found = tx.find(ExitReview, job=[job.id, *same], order=("created_at",))
    return next((one for one in found if one.job == job.id), found[-1] if found else None)


def _waits(product: Product) -> bool:
    return str(product.spec.get("exit", "reviewed")) != "automatic"


def _unreviewed(tx: Transaction, keys: Sequence[str]) -> Iterator[Job]:
    for start in range(0, len(keys), BATCH):
        batch = list(keys[start : start + BATCH])
        over = {one.job for one in tx.find(ExitReview, job=batch)}
        if left := [key for key in batch if key not in over]:
            yield from (job for job in tx.find(Job, id=left) if review_of(tx, job) is None)
