"""Own runs: an operator runs its product, once for each period, and its users get copies of what was released.

The run is a job like any other, under the operator's own subscription (`grants/own.py`). Its row and its reservation
are one transaction, and the row is unique: however often a run is tried and whatever crashes, it is charged once. A run
that failed has spent its privacy and is not tried again by itself; one that was void has spent nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.core.clock import now
from sandbox.core.ids import id_at, new_id
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.grants.own import operator_of, own_subscription
from sandbox.jobs.copying import OWN
from sandbox.jobs.house import House
from sandbox.jobs.product import by_operator
from sandbox.jobs.records import Job, Run
from sandbox.jobs.run import submit
from sandbox.products.records import Product


def run_own(
    house: House,
    product_id: str,
    period: str,
    reason: str = "operator",
    parameters: Mapping[str, Any] | None = None,
    also: Callable[[Transaction, str], None] | None = None,
) -> Job:
    """Run a product for its operator, for `period`, and give the job: the first run of the period or, where there is
    one already, a revision. `parameters` go to the kind with the period; `also` runs in the same transaction with the
    id of the job.

    Raises not_found, field_invalid (users run products of this kind themselves), quota_exhausted (the runs of the year
    are used up), and what refuses any job."""
    with house.store.write() as tx:
        product = tx.get(Product, product_id)
        if product is None:
            raise Problem("not_found", "there is no such product")
        if not by_operator(house.products.get(product.kind)):
            raise Problem("field_invalid", f"products of kind {product.kind} are run by whoever asks; send POST /jobs")
        operator = operator_of(tx, product)
        subscription = own_subscription(tx, house.journal, product)
    parameters = {**(parameters or {}), "period": period}
    request = {"subscription": subscription.id, "parameters": parameters, OWN: reason}

    def keep(tx: Transaction, job: Job) -> None:
        tx.get(Product, product_id, lock=True)  # so that two runs at once cannot both be the last of the year
        moment = now()
        if left_of_year(tx, product, moment) < 1:
            raise Problem(
                "quota_exhausted",
                f"the {product.spec['runs']} runs planned for {moment.astimezone(UTC):%Y} are used up; wait for the "
                "next year, or submit a specification with more runs for review",
            )
        number = 1 + len(tx.find(Run, product=product.id, period=period))
        tx.add(Run(new_id("run"), product.id, period, number, product.spec_digest, job.version, job.id, reason, moment))
        if also is not None:
            also(tx, job.id)

    return submit(house, operator, request, keep)


def left_of_year(tx: Transaction, product: Product, moment: datetime) -> int:
    """Give how many runs of this calendar year (UTC) are left of those that the specification plans: `runs`. Void ones
    do not count; failed ones do."""
    begun = moment.astimezone(UTC).replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    runs = [run for run in tx.find(Run, product=product.id) if run.id >= id_at("run", begun)]
    void = tx.keys(Job, id=[run.job for run in runs], status="void") if runs else []
    return int(product.spec.get("runs", 0)) - (len(runs) - len(void))
