"""Stored registrations are read once, and only the same JSON is the same registration."""

from __future__ import annotations

import copy

from estate import registration

from sandbox.catalogue.entry import parse_entry
from sandbox.catalogue.stored import stored_entry


def test_the_same_registration_is_read_once_and_rightly() -> None:
    raw = registration()
    first = stored_entry(raw)
    assert first == parse_entry(raw)
    assert stored_entry(copy.deepcopy(raw)) is first
    assert stored_entry(dict(reversed(list(raw.items())))) is first


def test_a_changed_registration_is_read_anew() -> None:
    raw = registration()
    stored_entry(raw)
    raw["tables"][0]["columns"][3]["bounds"] = [0, 7]
    assert stored_entry(raw) == parse_entry(raw) != parse_entry(registration())


def test_order_within_a_list_matters() -> None:
    raw = registration()
    stored_entry(raw)
    raw["tables"][0]["columns"].reverse()
    assert [column.name for column in stored_entry(raw).tables[0].columns] == ["wage", "age", "town", "person"]
