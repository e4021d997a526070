"""Programs asked in process: data of before, plans forged in the database, a test instance's fresh noise."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from estate import Estate, estate
from programs import needs_isolation

from sandbox.catalogue.records import DataVersion
from sandbox.core.canonical import digest
from sandbox.jobs.records import Base, Job
from sandbox.products.afresh import anew
from sandbox.products.records import Product

pytestmark = needs_isolation
SPEC: dict[str, Any] = {
    "sql": "SELECT wage FROM people",
    "code": "def program(rows, parameters): return {'wage': rows['wage'].mean()}",
    "outputs": [{"name": "wage", "lower": 0, "upper": 100}],
    "blocks": 2,
    "seconds": "0.2",
    "memory_mb": 128,
}


def as_program(box: Estate) -> dict[str, Any]:
    """Publish, and turn the product into a program, as if it had been reviewed as one; give the question."""
    box.publish()
    with box.house.store.write() as tx:
        product = tx.get(Product, box.product)
        assert product is not None
        tx.change(product, kind="program", spec=SPEC, spec_digest=digest(SPEC))
    return {"subscription": box.subscriptions["firm"], "epsilon": "1"}


def submit(box: Estate, body: dict[str, Any], key: str) -> Any:
    box.beat()
    return box.web.call("POST", "/jobs", body, "firm", {"Idempotency-Key": key})


def test_data_without_names_of_units_are_refused_before_anything_is_spent(tmp_path: Path) -> None:
    with estate(tmp_path / "home") as box:
        body = as_program(box)
        with box.house.store.write() as tx:
            [version] = tx.find(DataVersion)
            tx.change(version, report={name: one for name, one in version.report.items() if name != "units_named"})
        refused = submit(box, body, "old")
        assert (refused.status_code, refused.json["code"]) == (409, "state_conflict")
        assert "upload them again" in refused.json["detail"]
        assert box.web.call("GET", "/budgets", None, "firm").json["items"] == []


@pytest.mark.parametrize("forged", ["sensitivity", "truncated"])
def test_a_plan_forged_in_the_database_does_not_run(tmp_path: Path, forged: str) -> None:
    """Its loss as it was reserved, its block as it must not be."""
    with estate(tmp_path / "home") as box:
        job = submit(box, as_program(box), "forged").json["id"]
        with box.house.store.write() as tx:
            row = tx.get(Job, job, lock=True)
            assert row is not None
            plan = dict(row.plan)
            block = dict(plan["blocks"][0])
            if forged == "sensitivity":
                block["measurements"] = [{**block["measurements"][0], "upper": 1000}]
            else:
                block["bounds"] = {**block["bounds"], "rows_per_group": 1}
            tx.change(row, plan={**plan, "blocks": [block]})
        with suppress(ValueError):  # a plan that cannot be built breaks its attempt off
            box.finish()
        with box.house.store.read() as tx:
            found, bases = tx.get(Job, job), tx.find(Base)
        assert found is not None and found.status != "done" and bases == []


def test_noise_is_drawn_anew_for_the_same_program(tmp_path: Path) -> None:
    with estate(tmp_path / "home") as box:
        job = submit(box, as_program(box), "one").json["id"]
        with box.house.store.read() as tx:
            row = tx.get(Job, job)
        assert row is not None
        from sandbox.jobs.working import plan_of

        plan: Any = plan_of(row)
        other = anew(plan)
        assert other.base_key() != plan.base_key() and other.rho == plan.rho
        assert other.blocks[0].rows.code == SPEC["code"]
