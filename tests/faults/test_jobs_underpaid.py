"""Attacks on the account: a draw that was not paid in full, by whoever writes the job's row or waits long enough."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from estate import Estate, estate

from sandbox.catalogue.records import Resource
from sandbox.core.store import Record
from sandbox.jobs import run, trace
from sandbox.jobs.records import Base, Job
from sandbox.jobs.tasks import claim
from sandbox.plan.codec import from_json
from sandbox.plan.relation import Join, Values
from sandbox.plan.scalar import INTEGER, Column
from sandbox.privacy.accountant import check_balances
from sandbox.privacy.accounts import account_id
from sandbox.privacy.records import Account, Charge
from sandbox.privacy.rederive import loss


@pytest.fixture
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    with estate(tmp_path_factory.mktemp("box") / "home") as made:
        made.publish(users=("firm", "other"))
        yield made


def read(box: Estate, kind: type[Record], key: str) -> Record:
    with box.house.store.read() as tx:
        found = tx.get(kind, key)
    assert found is not None
    return found


def change(box: Estate, record: Record, **values: object) -> None:
    with box.house.store.write() as tx:
        tx.change(record, **values)


def status_of(box: Estate, job: str) -> str:
    box.finish()
    found = read(box, Job, job)
    assert isinstance(found, Job)
    return found.status


def test_a_plan_that_understates_the_rows_of_a_unit_is_not_run(box: Estate) -> None:
    """The loss follows from K; a plan that says 1 where registration left 5 would pay a 25th."""
    job = box.ask("SELECT COUNT(*) FROM people")
    resource = read(box, Resource, box.resource)
    assert isinstance(resource, Resource)
    tables = [{**one, "max_rows_per_unit": 5} for one in resource.entry["tables"]]
    change(box, resource, entry={**resource.entry, "tables": tables})
    assert status_of(box, job) == "failed"


def test_a_plan_under_another_plans_key_is_not_run(box: Estate) -> None:
    """Its base would stand for a question that was never asked, and be free to whoever holds that one."""
    job = box.ask("SELECT COUNT(*) FROM people")
    change(box, read(box, Job, job), base_key="of another plan")
    assert status_of(box, job) == "failed"


def test_a_plan_that_understates_what_a_join_meets_is_not_run(box: Estate) -> None:
    """Each row meets two others; a plan that says one would pay a quarter."""
    job = box.ask("SELECT COUNT(*) FROM people")
    row = read(box, Job, job)
    assert isinstance(row, Job)
    plan = from_json(row.plan)
    [block] = plan.blocks
    two = Values((Column("x@v", INTEGER),), ((1,), (2,)))
    forged = replace(plan, blocks=(replace(block, rows=Join("inner", block.rows, two, (), None, 1)),))
    assert loss(forged) == (row.rho, row.delta), "nothing else tells"
    change(box, row, plan=forged.json, base_key=forged.base_key())
    assert status_of(box, job) == "failed"


@pytest.mark.parametrize("whose", ["the population's", "the user's"])
def test_what_is_not_paid_in_full_is_not_run(box: Estate, whose: str) -> None:
    """The vault asks the journal, not the job: a charge of a grain pays for no draw."""
    job = box.ask("SELECT COUNT(*) FROM people")
    with box.house.store.read() as tx:
        [charge] = [
            one
            for one in tx.find(Charge, job=job)
            if (account := tx.get(Account, one.account)) and (account.party is None) == (whose == "the population's")
        ]
    change(box, charge, loss=Decimal("1e-18"))
    assert status_of(box, job) == "failed"


def test_a_version_of_another_population_is_not_read(box: Estate) -> None:
    job = box.ask("SELECT COUNT(*) FROM people")
    change(box, read(box, Resource, box.resource), population="somebody else's")
    assert status_of(box, job) == "failed"


def test_what_was_paid_for_a_closed_base_pays_for_no_other(box: Estate) -> None:
    """One user's two jobs for one question, the base closed between them: two draws reach the user, who pays twice."""
    sql = "SELECT town, COUNT(*) FROM people GROUP BY town"
    first, second = box.ask(sql, key="first"), box.ask(sql, key="second")
    task = claim(box.house.store, "works")
    assert task is not None
    run.carry_out(box.house, task)
    assert claim(box.house.store, "dies") is not None, "the second job waits for its lease to end"
    with box.house.store.write() as tx:
        [base] = tx.find(Base)
        trace.close(tx, base)
    box.ask(sql, "other")
    box.finish()
    box.expire()
    box.finish()
    with box.house.store.read() as tx:
        jobs = [tx.get(Job, job) for job in (first, second)]
        assert all(job is not None and job.status == "done" for job in jobs)
        assert len({job.base for job in jobs if job is not None}) == 2
        share = tx.get(Account, account_id(jobs[0].population, jobs[0].party))
        assert share is not None and share.loss_spent == 2 * jobs[0].rho
        assert check_balances(tx) == []
