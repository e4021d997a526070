"""Who published a copy says so: a leaf of the log, shown beside the findings of traces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from authority import World
from offer import Offer
from traced import Box, damaged
from webhouse import Web, make_house

from sandbox.core.clock import now
from sandbox.jobs.records import Job
from sandbox.oversight.publications import declare
from sandbox.oversight.records import Publication
from sandbox.stores.sql import SqlStore
from sandbox.transparency.records import LogEntry
from sandbox.web.app import create_app

SAID = {"place": "https://acme.example/report", "day": "2026-01-31"}


@pytest.fixture
def job(tmp_path: Path) -> Iterator[tuple[Web, Job]]:
    """A finished job of a user, and another user."""
    store = SqlStore(f"sqlite:///{tmp_path / 'control.db'}")
    store.create()
    house = make_house(store, tmp_path / "home")
    with store.write() as tx:
        world = World(tx, journal=house.journal)
        offer = Offer(world)
        other = world.party("Other", "user")
        made = offer.job(population="clinic", base="base_1")
    keys = {"user": world.keys[offer.user.key.id], "other": world.keys[other.key.id]}
    yield Web(house, create_app(house).test_client(), world.keys[world.authority.key.id], keys), made
    store.close()


def test_a_publication_is_declared_listed_and_logged(job: tuple[Web, Job]) -> None:
    web, made = job
    answer = web.call("POST", f"/jobs/{made.id}/publications", SAID, "user")
    assert answer.status_code == 201
    assert {name: answer.json[name] for name in ("job", "party", *SAID)} == {
        "job": made.id,
        "party": made.party,
        **SAID,
    }
    assert not {"base", "entry"} & set(answer.json)
    listed = web.call("GET", f"/jobs/{made.id}/publications", key="user").json["items"]
    assert [one["id"] for one in listed] == [answer.json["id"]]
    with web.house.store.read() as tx:
        [row] = tx.find(Publication, job=made.id)
        entry = tx.get(LogEntry, row.entry)
        assert entry is not None
        opened = web.house.journal.openings(tx, entry, "recipient")
    assert (entry.kind, row.base) == ("publication.declared", "base_1")
    assert opened["place"].value.decode() == SAID["place"]
    assert b"acme" not in entry.leaf


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"day": (now().date() + timedelta(days=2)).isoformat()}, "field_invalid"),
        ({"day": "soon"}, "field_invalid"),
        ({"place": " "}, "field_invalid"),
    ],
)
def test_a_wrong_declaration_is_refused_and_nothing_is_kept(
    job: tuple[Web, Job], change: dict[str, str], code: str
) -> None:
    web, made = job
    answer = web.call("POST", f"/jobs/{made.id}/publications", {**SAID, **change}, "user")
    assert (answer.status_code, answer.json["code"]) == (422, code)
    with web.house.store.read() as tx:
        assert tx.find(Publication) == []


def test_what_is_not_there_yet_or_not_ones_own_cannot_be_published(job: tuple[Web, Job]) -> None:
    web, made = job
    assert web.call("POST", f"/jobs/{made.id}/publications", SAID, "other").status_code == 404
    with web.house.store.write() as tx:
        held = tx.get(Job, made.id)
        assert held is not None
        tx.change(held, status="sealing")
    answer = web.call("POST", f"/jobs/{made.id}/publications", SAID, "user")
    assert (answer.status_code, answer.json["code"]) == (409, "job_not_finished")


def test_publications_of_a_base_stand_beside_each_of_its_findings(tmp_path: Path) -> None:
    store = SqlStore(f"sqlite:///{tmp_path / 'control.db'}")
    store.create()
    box = Box(store, tmp_path / "log")
    base, another = box.base(1), box.base(2)
    leaked = box.release(base, "Alpha")
    box.release(base, "Beta")
    box.release(another, "Beta")
    with store.write() as tx:
        for job in tx.find(Job, party="party-Beta"):
            declare(tx, box.journal, job, f"journal of {job.base}", date(2026, 2, 1))
    _, outcome = box.trace(damaged(leaked))
    [finding] = outcome.findings
    assert finding.party == "party-Alpha"
    assert [(one["party"], one["place"]) for one in finding.publications] == [("party-Beta", f"journal of {base}")]
    shown = outcome.to_json()["findings"][0]["publications"]
    assert shown[0]["day"] == "2026-02-01"
    store.close()


def test_a_declaration_needs_a_base(job: tuple[Web, Job]) -> None:
    web, made = job
    with web.house.store.write() as tx, pytest.raises(Exception, match="no answer to publish"):
        declare(tx, web.house.journal, replace(made, base=None), "here", date(2026, 2, 1))
