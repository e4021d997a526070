"""Keys, paths to the unit, key sets and the profile: what may be declared, and that ingest holds it."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from registrations import CLINIC, DEPARTMENTS, PERSONS, VISITS, write_csv

from sandbox.catalogue.dcat import table_as_dcat
from sandbox.catalogue.entry import ColumnEntry, TableEntry, parse_entry
from sandbox.catalogue.facts import public_facts
from sandbox.catalogue.ingest import ingest
from sandbox.catalogue.records import DataVersion, Ingested
from sandbox.core.clock import now
from sandbox.engines.files import read_table
from sandbox.errors import Problem

KEY, PRF = bytes(range(32)), b"order" * 6
Change = Callable[[dict[str, Any]], None]


def hospital() -> dict[str, Any]:
    """The clinic with two tables below visits: lines by a path to visits, scans by a path to lines."""
    raw = deepcopy(CLINIC)
    visit_id = raw["tables"][1]["columns"][1]
    visit_id["key"] = True
    raw["tables"] += [
        {
            "name": "lines",
            "unit": "visit_id -> visits.person_id",
            "max_rows_per_unit": 4,
            "columns": [
                {"name": "visit_id", "type": "integer", "role": "identifier"},
                {"name": "line_id", "type": "string", "role": "identifier", "key": True},
                {"name": "price", "type": "decimal(8,2)", "role": "sensitive", "bounds": [0, 100]},
            ],
        },
        {
            "name": "scans",
            "unit": "of -> lines.visit_id -> visits.person_id",
            "max_rows_per_unit": 2,
            "columns": [
                {"name": "of", "type": "string", "role": "identifier", "references": "lines.line_id"},
                {"name": "dose", "type": "integer", "role": "sensitive"},
            ],
        },
    ]
    raw["tables"][1]["key_sets"] = [["dept"], ["urgent", "dept"]]
    raw["tables"][1]["measures"] = ["cost"]
    raw["privacy"]["profile"] = {"epsilon": "0.5"}
    return raw


LINES = [["visit_id", "line_id", "price"], [100, "a", 1], [100, "b", 2], [200, "c", 3], [999, "d", 4], [None, "e", 5]]
SCANS = [["of", "dose"], ["a", 1], ["a", 1], ["a", 2], ["c", 3], ["d", 4], [None, 5], ["b", 6]]


def take(folder: Path, raw: dict[str, Any] | None = None, **changed: Any) -> tuple[Ingested, dict[str, Any]]:
    folder.mkdir(exist_ok=True)
    tables = {
        "persons": PERSONS,
        "visits": VISITS,
        "departments": DEPARTMENTS,
        "lines": LINES,
        "scans": SCANS,
    } | changed
    files = {name: (write_csv(folder / f"{name}.csv", rows), "csv") for name, rows in tables.items()}
    entry = parse_entry(raw or hospital())
    made = ingest(entry, files, folder / "v.duckdb", KEY, PRF)
    return made, {table.name: read_table(folder / "v.duckdb", KEY, table.name) for table in entry.tables}


def version(made: Ingested) -> DataVersion:
    """The record of an ingested version, after a while in a database."""
    return DataVersion("v", "r", 1, "v.duckdb", b"", made.report, json.loads(json.dumps(made.facts)), now())


def test_a_registration_with_paths_keys_and_key_sets_is_read_without_loss() -> None:
    entry = parse_entry(hospital())
    assert parse_entry(entry.as_json()) == entry
    lines, scans, visits = entry.table("lines"), entry.table("scans"), entry.table("visits")
    assert lines and scans and visits
    assert lines.unit_column is None and visits.unit_column == "person_id"
    assert entry.needs(scans) == {"lines"} and entry.needs(lines) == {"visits"}
    found = entry.parent(scans)
    assert found and (found[0].name, found[1].name) == ("lines", "line_id")
    assert visits.measured == ("cost",) and lines.measured == ("price",)
    assert entry.privacy and entry.privacy.profile and str(entry.privacy.profile.epsilon) == "0.5"


def test_a_path_may_end_where_the_parents_own_path_begins() -> None:
    raw = hospital()
    raw["tables"][4]["unit"] = "of->lines.visit_id"
    assert parse_entry(raw).table("scans") is not None


def at(*path: Any, value: Any) -> Change:
    def change(raw: dict[str, Any]) -> None:
        for step in path[:-1]:
            raw = raw[step]
        raw[path[-1]] = value

    return change


LINES_UNIT, SCANS_UNIT = ("tables", 3, "unit"), ("tables", 4, "unit")
REFUSED: dict[str, tuple[Change, str, str]] = {
    "no path": (at(*LINES_UNIT, value="visit_id -> visits"), "tables[3].unit", "column -> table.column"),
    "begins elsewhere": (at(*LINES_UNIT, value="nobody -> visits.person_id"), "tables[3].unit", "not a column"),
    "leads nowhere": (at(*LINES_UNIT, value="visit_id -> visitors.person_id"), "tables[3].unit", "protected table"),
    "leads to a public table": (at(*LINES_UNIT, value="visit_id -> departments.dept"), "tables[3].unit", "protected"),
    "leads to itself": (at(*LINES_UNIT, value="visit_id -> lines.visit_id"), "tables[3].unit", "protected table"),
    "ends elsewhere": (at(*LINES_UNIT, value="visit_id -> visits.dept"), "tables[3].unit", "visits.person_id"),
    "goes another way": (at(*SCANS_UNIT, value="of -> lines.visit_id -> persons.sex"), "tables[4].unit", "lines."),
    "parent without key": (at("tables", 1, "columns", 1, "key", value=False), "tables[3].unit", '"key": true'),
    "no column of that name": (at("tables", 4, "columns", 0, "references", value=None), "tables[4].unit", "references"),
    "another type": (at("tables", 3, "columns", 0, "type", value="string"), "tables[3].unit", "type"),
    "bounds on the way": (at("tables", 3, "columns", 0, "bounds", value=[1, 9]), "tables[3].columns[0].bounds", "none"),
    "bounds of a key": (at("tables", 1, "columns", 1, "bounds", value=[1, 9]), "tables[1].columns[1].bounds", "none"),
    "a yes as key": (at("tables", 1, "columns", 5, "key", value=True), "tables[1].columns[5].key", "another column"),
    "key is no yes": (at("tables", 1, "columns", 1, "key", value="yes"), "tables[1].columns[1].key", "boolean"),
    "no key": (
        at("tables", 0, "columns", 1, "references", value="scans.of"),
        "tables[0].columns[1].references",
        "key",
    ),
    "keys of no column": (at("tables", 1, "key_sets", value=[["town"]]), "tables[1].key_sets[0]", "not a column"),
    "keys in other letters": (at("tables", 1, "key_sets", value=[["Dept"]]), "tables[1].key_sets[0]", "not a column"),
    "no keys": (at("tables", 1, "key_sets", value=[[]]), "tables[1].key_sets[0]", "at least 1"),
    "a key twice": (at("tables", 1, "key_sets", value=[["dept", "dept"]]), "tables[1].key_sets[0]", "once"),
    "a set twice": (
        at("tables", 1, "key_sets", value=[["dept", "day"], ["day", "dept"]]),
        "tables[1].key_sets[1]",
        "each set once",
    ),
    "the unit as key": (at("tables", 1, "key_sets", value=[["person_id"]]), "tables[1].key_sets[0]", "the unit itself"),
    "keys of a public table": (at("tables", 2, "key_sets", value=[["dept"]]), "tables[2].key_sets", "public"),
    "a measure without bounds": (at("tables", 1, "measures", value=["visit_id"]), "tables[1].measures[0]", "bounds"),
    "a measure twice": (at("tables", 1, "measures", value=["cost", "cost"]), "tables[1].measures[1]", "once"),
    "a measure of no column": (at("tables", 1, "measures", value=["wage"]), "tables[1].measures[0]", "not a column"),
    "a free profile": (at("privacy", "profile", value={"epsilon": 0}), "privacy.profile.epsilon", "greater than 0"),
    "a profile of all": (at("privacy", "profile", value={"epsilon": 20}), "privacy.profile.epsilon", "less than"),
    "more than a share": (at("privacy", "profile", value={"rho": 1}), "privacy.profile.epsilon", "is missing"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_declared_is_refused_by_field(name: str) -> None:
    change, field, saying = REFUSED[name]
    raw = hospital()
    change(raw)
    with pytest.raises(Problem) as refusal:
        parse_entry(raw)
    assert (refusal.value.code, refusal.value.fields.get("field")) == ("field_invalid", field), refusal.value.detail
    assert saying in refusal.value.detail


def test_tables_cannot_refer_to_each_other_in_a_circle() -> None:
    raw = hospital()
    raw["tables"][1]["columns"].append(
        {"name": "first_line", "type": "string", "role": "personal", "references": "lines.line_id"}
    )
    with pytest.raises(Problem, match="circle"):
        parse_entry(raw)


def test_a_path_is_followed_to_the_unit_and_orphans_are_dropped(tmp_path: Path) -> None:
    made, tables = take(tmp_path)
    owner = {row["visit_id"]: row["__unit"] for row in tables["visits"]}
    assert {row["line_id"]: row["__unit"] for row in tables["lines"]} == {
        "a": owner[100],
        "b": owner[100],
        "c": owner[200],
    }
    dropped = made.report["tables"]["lines"]["rows_dropped"]
    assert dropped == {"no_unit": 1, "no_parent": 1, "required_missing": 0, "beyond_max_rows": 0}
    scans = made.report["tables"]["scans"]["rows_dropped"]
    assert scans == {"no_unit": 1, "no_parent": 1, "required_missing": 0, "beyond_max_rows": 2}
    assert [row["of"] for row in tables["scans"] if row["__unit"] == owner[200]] == ["c"]
    assert "visit_id" in tables["lines"][0] and "person_id" not in tables["visits"][0]


def test_a_parent_that_was_dropped_is_no_parent(tmp_path: Path) -> None:
    """Of person 6 three of six visits are kept; lines of the others go with them, and nobody else's."""
    visits = [row for row in VISITS[1:] if row[0] == 6]
    lines = [LINES[0], [100, "x", 1], *[[row[1], f"l{row[1]}", 1] for row in visits]]
    _, tables = take(tmp_path, lines=lines, scans=SCANS[:1])
    kept = {f"l{row['visit_id']}" for row in tables["visits"] if row["visit_id"] >= 600}
    assert {row["line_id"] for row in tables["lines"]} == kept | {"x"} and len(kept) == 3


def test_a_reference_holds_within_the_unit(tmp_path: Path) -> None:
    """A line that names its person itself and another person's visit has no parent."""
    raw = hospital()
    raw["tables"][3] |= {"unit": "person_id"}
    raw["tables"][3]["columns"][0]["references"] = "visits.visit_id"
    raw["tables"][3]["columns"].append({"name": "person_id", "type": "integer", "role": "identifier"})
    raw["tables"][4]["unit"] = "of -> lines.person_id"
    lines = [["visit_id", "line_id", "price", "person_id"], [100, "a", 1, 1], [100, "b", 1, 2], [None, "c", 1, 2]]
    made, tables = take(tmp_path, raw, lines=lines, scans=SCANS[:1])
    assert {row["line_id"] for row in tables["lines"]} == {"a", "c"}
    assert made.report["tables"]["lines"]["rows_dropped"]["no_parent"] == 1


@pytest.mark.parametrize("public", [False, True])
def test_a_key_that_names_two_rows_is_refused_and_nothing_stays(tmp_path: Path, public: bool) -> None:
    raw = hospital()
    raw["tables"][2]["columns"][0]["key"] = True
    changed = {"departments": [*DEPARTMENTS, ["eye"]]} if public else {"visits": [*VISITS, [7, 100, "eye", 1, "", ""]]}
    with pytest.raises(Problem) as refusal:
        take(tmp_path, raw, **changed)
    assert refusal.value.code == "table_malformed" and "key" in refusal.value.detail
    assert "100" not in refusal.value.detail and not list(tmp_path.glob("v.duckdb*"))


def test_a_key_may_be_null_often(tmp_path: Path) -> None:
    raw = hospital()
    raw["tables"][2]["columns"][0]["key"] = True
    departments = ["dept,name", "eye,a", ",b", ",c"]
    raw["tables"][2]["columns"].append({"name": "name", "type": "string", "role": "public"})
    rows = [line.split(",") for line in departments]
    made, tables = take(tmp_path, raw, departments=rows, lines=[*LINES, [100, None, 1], [100, None, 2]])
    assert [row["dept"] for row in tables["departments"]].count(None) == 2
    assert public_facts(version(made))["departments"].columns["dept"].unique
    assert [row["line_id"] for row in tables["lines"]].count(None) == 2


def test_the_catalogue_shows_what_is_declared() -> None:
    tables = {table["csvw:name"]: table for table in map(table_as_dcat, parse_entry(hospital()).as_json()["tables"])}
    assert tables["visits"]["sbx:keySets"] == [["dept"], ["urgent", "dept"]]
    assert tables["visits"]["csvw:column"][1]["sbx:key"] is True
    assert tables["lines"]["sbx:unit"] == "visit_id -> visits.person_id"
    assert tables["scans"]["csvw:column"][0]["sbx:references"] == "lines.line_id"


def test_facts_about_public_tables_are_exact_and_typed(tmp_path: Path) -> None:
    raw = hospital()
    raw["tables"][2]["columns"] += [
        {"name": "beds", "type": "integer", "role": "public"},
        {"name": "rate", "type": "decimal(6,2)", "role": "public"},
        {"name": "since", "type": "date", "role": "public"},
        {"name": "open", "type": "boolean", "role": "public"},
    ]
    rows = [
        ["dept", "beds", "rate", "since", "open"],
        ["eye", 7, "1.50", "1999-12-31", "true"],
        ["skin", 7, "0.25", "", "true"],
        ["skin", "", "1.50", "2001-01-01", "false"],
    ]
    made, tables = take(tmp_path, raw, departments=rows)
    facts = public_facts(version(made))
    assert set(facts) == {"departments"} and facts["departments"].rows == 3
    assert [row["__ord"] for row in tables["departments"]] == [0, 1, 2]
    found = facts["departments"].columns
    dept = found["dept"]
    assert (dept.distinct, dept.fan_out, dept.nulls, dept.unique) == (2, 2, 0, False)
    assert found["dept"].values == ("eye", "skin") and found["dept"].least is None
    assert (found["beds"].values, found["beds"].nulls, found["beds"].least, found["beds"].most) == ((7,), 1, 7, 7)
    assert found["rate"].values == (Decimal("0.25"), Decimal("1.50")) and found["rate"].fan_out == 2
    assert found["since"].values == (date(1999, 12, 31), date(2001, 1, 1)) and found["since"].unique
    assert found["since"].most == date(2001, 1, 1) and found["open"].values == (False, True)
    assert facts["departments"].lines == (
        ("eye", 7, Decimal("1.50"), date(1999, 12, 31), True),
        ("skin", 7, Decimal("0.25"), None, True),
        ("skin", None, Decimal("1.50"), date(2001, 1, 1), False),
    )


def test_facts_list_few_values_only(tmp_path: Path) -> None:
    many, long = [["dept"], *[[f"d{number}"] for number in range(1001)]], [["dept"], ["x" * 201], ["y"]]
    for name, rows, count in (("many", many, 1001), ("long", long, 2), ("none", many[:1], 0)):
        made, _ = take(tmp_path / name, departments=rows)
        found = public_facts(version(made))["departments"].columns["dept"]
        assert found.distinct == count and found.values == (() if not count else None)
        assert found.fan_out == min(count, 1)


def test_rows_of_large_tables_and_long_texts_are_not_among_the_facts(tmp_path: Path) -> None:
    small, many, long = ([["dept"], *[[f"d{number:05}"] for number in range(rows)]] for rows in (9999, 10001, 1))
    for name, rows, known in (("small", small, 9999), ("many", many, None), ("long", [*long, ["x" * 201]], None)):
        made, _ = take(tmp_path / name, departments=rows)
        lines = public_facts(version(made))["departments"].lines
        assert (None if lines is None else len(lines)) == known


def test_the_registration_of_the_documentation_is_one() -> None:
    page = (Path(__file__).parents[2] / "docs" / "registration.md").read_text(encoding="utf-8")
    entry = parse_entry(json.loads(page.split("```json")[1].split("```")[0]))
    assert entry.table("lines") and entry.table("visits")
    shown = set(ColumnEntry.model_fields) | set(TableEntry.model_fields) - {"columns"}
    assert {name for name in shown if f"`{name}`" not in page} == {"name", "role", "description"}
