"""Attacks on exact service (U6): whoever writes the database still gets no row of a protected table as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import exact_world
import pytest
from estate import Estate, estate

from sandbox.catalogue.entry import parse_entry
from sandbox.catalogue.exact import readable
from sandbox.catalogue.records import Resource
from sandbox.jobs import run, working
from sandbox.jobs.records import Job, Release
from sandbox.jobs.tasks import claim
from sandbox.plan import relation as r
from sandbox.plan import scalar as s
from sandbox.plan.plan import SEMANTICS
from sandbox.plan.reading import Reading
from sandbox.privacy.rederive import PlanUnsound, loss, reading_loss

WAGE = s.Column("wage", s.INTEGER)


@pytest.fixture
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    with estate(tmp_path_factory.mktemp("exact") / "home") as made:
        made.publish()
        yield made


def rows_of(table: str, column: s.Column, box: Estate, version: str) -> Reading:
    """What nobody may have: the rows of a table as they are."""
    return Reading(SEMANTICS, box.resource, version, r.Sort(r.Public(table, 0, (column,)), (), 101), 1, 100)


def stored(box: Estate, kind: Any, key: str) -> Any:
    with box.house.store.read() as tx:
        return tx.get(kind, key)


def change(box: Estate, record: Any, **values: object) -> None:
    with box.house.store.write() as tx:
        tx.change(record, **values)


def forged(box: Estate) -> str:
    """A job whose reserved plan somebody replaced by a reading of the protected table."""
    job = stored(box, Job, box.ask("SELECT COUNT(*) FROM people"))
    reading = rows_of("people", WAGE, box, job.version)
    change(box, job, plan=reading.json, base_key=reading.base_key())
    return str(job.id)


def ended(box: Estate, job: str) -> str:
    box.finish()
    with box.house.store.read() as tx:
        assert not tx.find(Release), "nothing leaves"
    return str(stored(box, Job, job).status)


def test_u6_a_reading_forged_into_a_protected_job_is_not_run(box: Estate) -> None:
    assert ended(box, forged(box)) == "failed"


def test_u6_nor_is_it_when_the_registration_is_forged_too(box: Estate) -> None:
    """The file itself says that its rows have units."""
    job, resource = forged(box), stored(box, Resource, box.resource)
    tables = [{"name": "people", "public": True, "columns": [{"name": "wage", "type": "integer", "role": "public"}]}]
    raw = {name: value for name, value in resource.entry.items() if name not in ("unit", "privacy")}
    raw |= {"protection": "exact", "personal_information": False, "tables": tables, "grade": "general"}
    assert readable(parse_entry(raw)), "to the rules it is data that may be served exactly"
    change(box, resource, entry=raw)
    assert ended(box, job) == "failed"


def test_u6_a_resource_registered_anew_as_protected_is_not_read_by_what_was_reserved(box: Estate) -> None:
    protected = stored(box, Resource, box.resource)
    exact_world.publish(box)
    job = stored(box, Job, box.ask("SELECT name FROM stations", epsilon=None))
    reading = rows_of("people", WAGE, box, protected.version)
    change(box, job, plan=reading.json, base_key=reading.base_key())
    assert ended(box, job.id) == "failed", "the version is not the job's resource's"
    again = stored(box, Job, box.ask("SELECT line FROM stations", epsilon=None))
    moved = replace(reading, resource=protected.id)
    change(box, again, plan=moved.json, base_key=moved.base_key(), resource=protected.id)
    assert ended(box, again.id) == "failed", "and of a resource that is protected nothing is read"


def test_u6_a_grade_that_rises_after_the_job_began_stops_it_before_the_first_row(box: Estate) -> None:
    exact_world.publish(box)
    job = box.ask("SELECT name FROM stations", epsilon=None)
    task = claim(box.house.store, "works")
    assert task is not None
    begun = run.Begun(working.begin(box.house, task))
    box.ok("POST", f"/resources/{box.resource}/grade", {"grade": "important", "reason": "shafts"})
    run.carry_out(box.house, task, begun)
    assert ended(box, job) == "failed"


def test_u6_a_reading_is_nothing_but_public_rows_of_tables_that_are_open() -> None:
    entry = parse_entry(exact_world.REGISTRATION)
    good = Reading(SEMANTICS, "r", "v", r.Sort(r.Public("lines", 0, (s.Column("line", s.STRING),)), (), 11), 1, 10)
    assert reading_loss(good, readable(entry)) == (0, 0)
    important = parse_entry(exact_world.registration(grade="important"))
    unknown = r.Sort(r.Public("lines", 0, (s.Column("wage", s.INTEGER),)), (), 11)
    for reading, tables in (
        (good, readable(important)),
        (good, {}),
        (replace(good, rows=unknown), readable(entry)),
        (replace(good, semantics="0"), readable(entry)),
    ):
        with pytest.raises(PlanUnsound):
            reading_loss(reading, tables)
    with pytest.raises(PlanUnsound):
        loss(good)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="public"):
        replace(good, rows=r.Sort(r.Released(0, (s.Column("n", s.INTEGER),)), (), 11))
    with pytest.raises(ValueError, match="order"):
        r.Sort(r.Scan("people", 0, (WAGE,), 1), (), 11)
