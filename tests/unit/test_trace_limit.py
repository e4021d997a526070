"""A regulator traces only so many files a day: who could trace at will could try until the marks are gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from authority import World, refused
from webhouse import make_house

from sandbox.core.clock import now
from sandbox.core.ids import id_at
from sandbox.core.spool import SpoolRef
from sandbox.core.store import Store
from sandbox.jobs.house import House
from sandbox.jobs.trace import submit
from sandbox.oversight.records import Trace


@pytest.fixture
def house(store: Store, tmp_path: Path) -> House:
    made = make_house(store, tmp_path / "home")
    return replace(made, settings=made.settings.model_copy(update={"traces_a_day": 2}))


def test_the_third_trace_of_a_day_waits(house: House) -> None:
    with house.store.write() as tx:
        world = World(tx)
        one, other = world.party("One", "regulator"), world.party("Other", "regulator")
    file = SpoolRef("leak", 1, "d")
    first = submit(house, one, file, {})
    submit(house, one, file, {})
    with refused("rate_limited: this instance traces at most 2 files"):
        submit(house, one, file, {})
    submit(house, other, file, {})
    with house.store.write() as tx:
        assert len(tx.find(Trace)) == 3
        held = tx.get(Trace, first.id)
        assert held is not None
        tx.remove(held)
        yesterday = now() - timedelta(hours=25)
        tx.add(replace(held, id=id_at("trace", yesterday) + "0" * 20, created_at=yesterday))
    assert submit(house, one, file, {}).status == "queued"
