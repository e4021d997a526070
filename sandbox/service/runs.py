"""What web does about products that their operators run: it begins the runs that are due."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from sandbox.core.clock import now
from sandbox.core.store import Duplicate
from sandbox.errors import Problem
from sandbox.jobs.house import House
from sandbox.jobs.own import run_own
from sandbox.jobs.product import by_operator
from sandbox.products.records import Product
from sandbox.products.schedule import Due, due

AGAIN = timedelta(hours=1)
"""How long a refused run waits: each refusal of a policy is a leaf of the log."""

log = structlog.get_logger()


class Runs:
    """One per process; several begin nothing twice, since a run is unique."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._refused: dict[tuple[str, Due], datetime] = {}

    def look(self) -> int:
        """Begin what is due, one run of each product at most; give how many were begun."""
        kinds = [name for name, kind in self._house.products.items() if by_operator(kind)]
        moment = now()
        with self._house.store.read() as tx:
            products = tx.find(Product, kind=kinds, status="approved") if kinds else []
            wanted = [(one.id, due(tx, one, moment)) for one in products if "schedule" in one.spec]
        return sum(self._begin(product, run, moment) for product, run in wanted if run is not None)

    def _begin(self, product: str, run: Due, moment: datetime) -> bool:
        if self._refused.get((product, run), moment) > moment:
            return False
        try:
            run_own(self._house, product, run.period, run.reason)
        except Duplicate:  # another process was faster
            return False
        except Problem as problem:
            self._refused[product, run] = moment + AGAIN
            log.warning("run refused", product=product, period=run.period, code=problem.code)
            return False
        return True
