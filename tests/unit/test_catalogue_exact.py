"""Which data may be served exactly (U6): the rules of grading, one by one."""

from __future__ import annotations

from typing import Any

import exact_world
import pytest

from sandbox.catalogue.entry import parse_entry
from sandbox.catalogue.exact import inexact, readable
from sandbox.catalogue.registry import read_new
from sandbox.errors import Problem

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "grade": (exact_world.registration(grade="important"), "grade important"),
    "personal information": (exact_world.registration(personal_information=True), "personal information"),
    "legal basis": (exact_world.registration(legal_basis=exact_world.LEGAL | {"type": "consent"}), "consent"),
    "a personal column": (exact_world.with_role("stations", "name", "personal"), "stations.name"),
    "a trade secret": (exact_world.with_role("lines", "colour", "trade_secret"), "lines.colour"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_u6_what_the_rules_do_not_allow_is_not_registered_and_opens_nothing(case: str) -> None:
    raw, said = REFUSED[case]
    with pytest.raises(Problem, match=said) as refused:
        read_new(raw)
    assert refused.value.code == "grade_refused"
    assert readable(parse_entry(raw)) == {}, "a resource that became so is read no more"
    assert inexact(parse_entry({**raw, "protection": "private"})) is None, "it may be registered all the same"


def test_u6_what_the_rules_allow_opens_its_tables() -> None:
    tables = readable(read_new(exact_world.registration()))
    assert {name: len(columns) for name, columns in tables.items()} == {"stations": 6, "lines": 2}


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"unit": {"name": "person", "column": "stations.id"}}, "unit"),
        ({"privacy": {"epsilon": "1", "per_user": {"epsilon": "1"}}}, "privacy"),
    ],
)
def test_u6_it_protects_nobody(more: dict[str, Any], field: str) -> None:
    with pytest.raises(Problem) as refused:
        parse_entry(exact_world.registration(**more))
    assert refused.value.code == "field_invalid" and refused.value.fields["field"] == field
