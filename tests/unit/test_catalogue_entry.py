"""Registrations: what is read, what is refused, and that the refusal names the field."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import date
from decimal import Decimal

import pytest
from registrations import CLINIC

from sandbox.catalogue.entry import parse_entry
from sandbox.errors import Problem
from sandbox.plan.scalar import INTEGER, Type


def test_R1_a_registration_is_read_and_written_without_loss():
    entry = parse_entry(CLINIC)
    assert parse_entry(json.loads(json.dumps(entry.as_json()))) == entry
    visits = entry.table("VISITS")
    assert visits is not None and visits.max_rows_per_unit == 3
    cost, day = visits.column("Cost"), visits.column("day")
    assert cost.plan_type == Type("decimal", 2) and (cost.lower, cost.upper) == (Decimal(0), Decimal(20000))
    assert day.bounds == (date(2023, 1, 1), date(2023, 12, 31)) and day.lower is None
    assert entry.table("persons").column("age").plan_type == INTEGER
    assert entry.population == "Health Bureau/clinic/person"
    assert entry.table("nothing") is None and visits.column("nothing") is None


def test_R1_numbers_may_come_as_numbers_or_text():
    raw = deepcopy(CLINIC)
    raw["tables"][0]["columns"][2]["bounds"] = ["0", 110.0]
    raw["privacy"]["epsilon"] = 20
    entry = parse_entry(raw)
    assert entry.table("persons").column("age").bounds == (0, 110)
    assert entry.privacy.epsilon == Decimal(20) and entry.privacy.per_user.delta == Decimal("1e-7")


def test_R1_a_pure_promise_has_no_delta():
    for delta in ({}, {"delta": "0"}):
        raw = deepcopy(CLINIC)
        raw["privacy"] = {"epsilon": "20", "per_user": {"epsilon": "4", **delta}, "pure": True, **delta}
        entry = parse_entry(raw)
        assert entry.privacy.pure and entry.privacy.delta == entry.privacy.per_user.delta == 0
        assert parse_entry(entry.as_json()) == entry


def test_R1_a_population_may_be_named():
    raw = deepcopy(CLINIC)
    raw["unit"]["population"] = "residents"
    assert parse_entry(raw).population == "residents"


def column(place: int, **changes):
    def change(raw):
        raw["tables"][0]["columns"][place].update(changes)

    return change


def drop(*path):
    def change(raw):
        for step in path[:-1]:
            raw = raw[step]
        del raw[path[-1]]

    return change


def put(value, *path):
    def change(raw):
        for step in path[:-1]:
            raw = raw[step]
        raw[path[-1]] = value

    return change


REFUSED = {
    "no role": (drop("tables", 0, "columns", 1, "role"), "field_invalid", "tables[0].columns[1].role"),
    "unknown role": (column(1, role="secretive"), "field_invalid", "tables[0].columns[1].role"),
    "unknown field": (column(1, colour="red"), "field_invalid", "tables[0].columns[1].colour"),
    "unknown type": (column(1, type="float"), "field_invalid", "tables[0].columns[1].type"),
    "too precise": (column(3, type="decimal(30,2)"), "field_invalid", "tables[0].columns[3].type"),
    "bounds the wrong way": (column(2, bounds=[3, 1]), "field_invalid", "tables[0].columns[2].bounds"),
    "bounds of another type": (column(2, bounds=[0, "x"]), "field_invalid", "tables[0].columns[2].bounds"),
    "bounds finer than the type": (column(3, bounds=[0, "0.001"]), "field_invalid", "tables[0].columns[3].bounds"),
    "bounds of a text": (column(1, domain=None, bounds=["a", "b"]), "field_invalid", "tables[0].columns[1].bounds"),
    "domain of another type": (column(1, domain=[1, 2]), "field_invalid", "tables[0].columns[1].domain"),
    "domain with a value twice": (column(1, domain=["f", "f"]), "field_invalid", "tables[0].columns[1].domain"),
    "domain and bounds": (column(2, domain=[1, 2]), "field_invalid", "tables[0].columns[2].bounds"),
    "bad name": (put("1 table", "tables", 0, "name"), "field_invalid", "tables[0].name"),
    "reserved name": (put("__unit", "tables", 0, "columns", 1, "name"), "field_invalid", "tables[0].columns"),
    "a column twice": (put("SEX", "tables", 0, "columns", 2, "name"), "field_invalid", "tables[0].columns"),
    "a table twice": (put("Persons", "tables", 1, "name"), "field_invalid", "tables"),
    "no duration": (put("monthly", "update_frequency"), "field_invalid", "update_frequency"),
    "free text as legal basis": (put("because", "legal_basis", "type"), "field_invalid", "legal_basis.type"),
    "no ε": (put("-1", "privacy", "epsilon"), "field_invalid", "privacy.epsilon"),
    "more for a user than for all": (put("21", "privacy", "per_user", "epsilon"), "field_invalid", "privacy.per_user"),
    "no budget": (drop("privacy"), "field_invalid", "privacy"),
    "no δ": (drop("privacy", "delta"), "field_invalid", "privacy.delta"),
    "no δ of a share": (drop("privacy", "per_user", "delta"), "field_invalid", "privacy.per_user.delta"),
    "pure with a δ": (put(True, "privacy", "pure"), "field_invalid", "privacy.delta"),
    "never renewing": (put("P0D", "privacy", "renew"), "field_invalid", "privacy.renew"),
    "renewing by the hour": (put("PT1H", "privacy", "renew"), "field_invalid", "privacy.renew"),
    "renewing sometimes": (put("yearly", "privacy", "renew"), "field_invalid", "privacy.renew"),
    "no row bound": (drop("tables", 1, "max_rows_per_unit"), "field_invalid", "tables[1].max_rows_per_unit"),
    "unit is no column": (put("nobody", "tables", 1, "unit"), "field_invalid", "tables[1].unit"),
    "unit elsewhere": (put("visits.dept", "unit", "column"), "field_invalid", "unit.column"),
    "public with a unit": (put("dept", "tables", 2, "unit"), "field_invalid", "tables[2].unit"),
    "reference to others' rows": (
        lambda raw: raw["tables"][1]["columns"][2].update(references="persons.sex"),
        "field_invalid",
        "tables[1].columns[2].references",
    ),
    "exact service of protected tables": (put("exact", "protection"), "field_invalid", "tables[0].public"),
    "another protection": (put("none", "protection"), "field_invalid", "protection"),
    "no unit of the table": (drop("tables", 0, "unit"), "unit_missing", "tables[0].unit"),
    "no unit at all": (drop("unit"), "unit_missing", "tables[0].unit"),
    "core": (put("core", "grade"), "grade_refused", "grade"),
    "secret": (put("secret", "grade"), "grade_refused", "grade"),
    "ungraded": (drop("grade"), "grade_refused", "grade"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_R2_what_cannot_be_registered_is_refused_by_field(name):
    change, code, field = REFUSED[name]
    raw = deepcopy(CLINIC)
    change(raw)
    with pytest.raises(Problem) as refusal:
        parse_entry(raw)
    assert (refusal.value.code, refusal.value.fields.get("field")) == (code, field)


def test_R1_free_text_for_a_legal_basis_is_told_what_to_write():
    raw = deepcopy(CLINIC)
    put("because", "legal_basis")(raw)
    with pytest.raises(Problem, match="legal_basis is no free text; write"):
        parse_entry(raw)


def test_R2_the_negative_list_holds():
    raw = deepcopy(CLINIC)
    raw["tables"][0]["columns"][1]["name"] = "genome"
    with pytest.raises(Problem, match="grade_refused"):
        parse_entry(raw)
    raw["tables"][0]["columns"][1]["role"] = "sensitive"
    parse_entry(raw)
    with pytest.raises(Problem, match="grade_refused"):
        parse_entry({**raw, "grade": "general"})
    with pytest.raises(Problem, match="grade_refused"):
        parse_entry({**deepcopy(CLINIC), "title": {"en": "Military secret", "zh": "军事秘密"}})


@pytest.mark.parametrize("raw", [None, [], "text", {}, {"grade": "general"}, {"grade": ["general"]}])
def test_anything_else_is_refused_too(raw):
    with pytest.raises(Problem):
        parse_entry(raw)
