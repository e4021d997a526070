"""What binds a resource besides its registration: contents that were found, the holder's conditions, dates."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest
from authority import World
from registrations import CLINIC

from sandbox.catalogue.entry import parse_entry
from sandbox.catalogue.holders import allowed_purposes, conditions_of, set_conditions
from sandbox.catalogue.quality import timeliness
from sandbox.catalogue.records import DataVersion, Regrading
from sandbox.catalogue.registry import register
from sandbox.catalogue.regrading import regrade
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.errors import Problem

ALL = ["public_welfare", "industry"]


def test_R6_what_the_data_hold_goes_on_binding_the_roles_of_their_columns(store):
    with store.write() as tx:
        world = World(tx)
        report = {"tables": {}, "holds": {"visits.visit_id": ["phone"]}}
        version = DataVersion(new_id("version"), new_id("resource"), 1, "f", b"", report, {}, now())
        made = register(tx, world.journal, world.authority, parse_entry(deepcopy(CLINIC)), version)
        steps = "general", "pseudonyms"
        with pytest.raises(Problem, match=r"grade_refused: visits\.visit_id holds mobile phone numbers"):
            regrade(tx, world.journal, world.authority, made.id, *steps, {"visits.visit_id": "quasi_identifier"})
        changed = regrade(tx, world.journal, world.authority, made.id, *steps, {"visits.visit_id": "personal"})
        assert changed.grade == "general" and parse_entry(changed.entry).tables[1].columns[1].role == "personal"
        [step] = tx.find(Regrading, resource=made.id)
        assert step.before == {"grade": "important", "columns": {"visits.visit_id": "identifier"}}
        assert step.after == {"grade": "general", "columns": {"visits.visit_id": "personal"}}


def test_conditions_hold_for_grants_given_after_them_and_for_what_was_registered_later(store):
    with store.write() as tx:
        world = World(tx)
        made = world.resource()
        early = made.created_at + timedelta(microseconds=1)
        assert allowed_purposes(tx, made, ALL, early) == ALL
        set_conditions(tx, world.journal, world.authority, made.id, ["industry"], False, "")
        assert allowed_purposes(tx, made, ALL, early) == ALL, "it was given before"
        assert allowed_purposes(tx, made, ALL, now()) == ["industry"]
        assert allowed_purposes(tx, made, ALL, made.created_at - timedelta(days=1)) == ["industry"]
        set_conditions(tx, world.journal, world.authority, made.id, [], True, "ask me")
        assert allowed_purposes(tx, made, ALL, now()) == ALL
        held = conditions_of(tx, made.id)
        assert held is not None and (held.number, held.consent, held.text) == (2, True, "ask me")


def test_R3_data_are_due_by_the_declared_frequency():
    came = datetime(2026, 1, 31, 12, tzinfo=UTC)
    said = timeliness("P1M", came, datetime(2026, 2, 28, 11, tzinfo=UTC))
    assert said["due"].startswith("2026-02-28T12:00") and not said["overdue"]
    assert timeliness("P1M", came, datetime(2026, 2, 28, 13, tzinfo=UTC))["overdue"]
    assert timeliness("PT1H", came, came + timedelta(hours=20))["due"].startswith("2026-02-01T12:00")
