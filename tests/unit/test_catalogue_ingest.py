"""Ingest: every declaration holds in what is written; what cannot be read is refused and leaves nothing."""

from __future__ import annotations

import random
from copy import deepcopy
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from registrations import CLINIC, DEPARTMENTS, PERSONS, VISITS, clinic_files, write_csv

from sandbox.catalogue.entry import parse_entry
from sandbox.catalogue.ingest import Limits, ingest
from sandbox.engines.files import attach, connect, read_table
from sandbox.errors import Problem

KEY, PRF = bytes(range(32)), b"order" * 6


def take(
    folder: Path, raw: dict[str, Any] = CLINIC, prf: bytes = PRF, limits: Limits | None = None, files=None, **changed
):
    """Ingest the clinic and give the report and the tables as lists of rows."""
    folder.mkdir(exist_ok=True)
    target = folder / "v.duckdb"
    entry = parse_entry(raw)
    sent = files or clinic_files(folder, **changed)
    report = ingest(entry, sent, target, KEY, prf, limits or Limits())
    return report.report["tables"], {table.name: read_table(target, KEY, table.name) for table in entry.tables}


def refused(code: str, folder: Path, saying: str = "", **given: Any) -> None:
    with pytest.raises(Problem) as refusal:
        take(folder, **given)
    assert refusal.value.code == code and saying in refusal.value.detail, refusal.value.detail
    assert not list(folder.glob("v.duckdb*"))


def test_rows_are_typed_clustered_and_numbered(tmp_path):
    report, tables = take(tmp_path)
    visits = tables["visits"]
    assert [(row["__unit"], row["__ord"]) for row in visits] == sorted((row["__unit"], row["__ord"]) for row in visits)
    assert {row["__unit"] for row in tables["persons"]} == set(range(8))
    assert all("person_id" not in row for row in visits)
    assert {type(visits[0][name]) for name in ("cost", "day", "urgent", "dept")} == {Decimal, date, bool, str}
    assert tables["departments"] == [{"__ord": 0, "dept": "eye"}, {"__ord": 1, "dept": "skin"}]
    for unit in {row["__unit"] for row in visits}:
        mine = [row for row in visits if row["__unit"] == unit]
        assert len(mine) <= 3 and [row["__ord"] for row in mine] == list(range(len(mine)))
    assert report["visits"]["rows_read"] == 21 and report["visits"]["rows_kept"] == 15
    assert report["visits"]["rows_dropped"]["beyond_max_rows"] == 6


def test_which_rows_are_kept_depends_on_content_and_key_only(tmp_path):
    _, first = take(tmp_path / "a")
    shuffled = VISITS[1:]
    random.Random(1).shuffle(shuffled)
    _, again = take(tmp_path / "b", visits=[VISITS[0], *shuffled], persons=[PERSONS[0], *reversed(PERSONS[1:])])
    assert again == first
    _, other = take(tmp_path / "c", prf=b"other" * 6)
    assert {row["visit_id"] for row in other["visits"]} != {row["visit_id"] for row in first["visits"]}


def test_a_unit_is_bounded_without_regard_to_others(tmp_path):
    """Neighbours differ in the rows of one unit only: nobody else's rows move, apart from the numbers of units."""
    _, all_of_them = take(tmp_path / "a")
    _, without = take(
        tmp_path / "b",
        persons=[row for row in PERSONS if row[0] != 5],
        visits=[row for row in VISITS if row[0] != 5],
    )
    kept = {(row["visit_id"], row["__ord"]) for row in without["visits"]}
    before = {(row["visit_id"], row["__ord"]) for row in all_of_them["visits"]}
    assert kept == {row for row in before if row[0] // 100 != 5}


def test_equal_rows_count_each_and_stay_apart(tmp_path):
    _, tables = take(tmp_path, visits=[VISITS[0], *[[1, 7, "eye", "1.00", "2023-01-01", "true"]] * 2])
    assert [row["visit_id"] for row in tables["visits"]] == [7, 7]
    assert [row["__ord"] for row in tables["visits"]] == [0, 1]


def test_declarations_are_enforced(tmp_path):
    good = [[1, "f", 30, "1.00"]] * 1
    persons = [
        PERSONS[0],
        *good,
        [2, "x", 30, "1.00"],
        [3, "m", 200, "1.00"],
        [4, "m", -7, "999999999"],
        [None, "m", 30, "1.00"],
        [5.0, "f", "31.0", "17000.0"],
    ]
    visits = [
        VISITS[0],
        [1, 1, "eye", "1.00", "2020-01-01", "TRUE"],
        [9, 2, "eye", "1.00", "2023-01-01", "0"],
        [2, None, "eye", "1.00", "2023-01-01", ""],
        [3, 4, "eye", "1e2", "2023-02-03 00:00:00", 1],
    ]
    report, tables = take(tmp_path, persons=persons, visits=visits)
    cells = sorted((row["age"], row["sex"] or "", row["income"]) for row in tables["persons"])
    assert cells == [
        (0, "m", Decimal("500000.00")),
        (30, "", Decimal("1.00")),
        (30, "f", Decimal("1.00")),
        (31, "f", Decimal("17000.00")),
        (110, "m", Decimal("1.00")),
    ]
    assert sorted((row["visit_id"], row["cost"], row["day"], row["urgent"]) for row in tables["visits"]) == [
        (1, Decimal("1.00"), date(2023, 1, 1), True),
        (4, Decimal("100.00"), date(2023, 2, 3), True),
    ]
    dropped = {"no_unit": 1, "no_parent": 0, "required_missing": 0, "beyond_max_rows": 0}
    assert report["persons"]["rows_dropped"] == dropped
    assert report["persons"]["columns"]["age"]["clamped"] == 2
    assert report["persons"]["columns"]["sex"] == {
        "nulls": 1,
        "distinct": 2,
        "failed": 0,
        "clamped": 0,
        "out_of_domain": 1,
    }
    assert report["persons"]["columns"]["income"]["distinct"] == 3, "counted by bits, 1 to 500,000 in cents"
    assert report["visits"]["rows_dropped"]["no_parent"] == 1
    assert report["visits"]["rows_dropped"]["required_missing"] == 1


def test_R3_the_quality_report(tmp_path):
    report, _ = take(tmp_path, visits=[VISITS[0], *[[1, 7, "eye", "", "2023-05-06", "true"]] * 2])
    assert report["visits"]["quality"] == {
        "completeness": "0.833333",
        "accuracy": "1.000000",
        "uniqueness": "0.500000",
        "timeliness": {"day": "2023-05-06"},
        "readability": "read in full as declared",
        "rules": [],
    }


def test_a_few_bad_cells_are_null_many_are_refused(tmp_path):
    many = [[number, number, "eye", "1.00", "2023-01-01", "true"] for number in [1] * 20]
    report, tables = take(tmp_path / "few", visits=[VISITS[0], *many, [2, 1, "eye", "NaN", "2023-01-01", "true"]])
    assert report["visits"]["columns"]["cost"]["failed"] == 1
    assert [row["cost"] for row in tables["visits"]].count(None) == 1
    bad = [[2, 1, "eye", "free", "2023-01-01", "true"]] * 2
    refused("table_malformed", tmp_path / "many", "column cost", visits=[VISITS[0], *many, *bad])


@pytest.mark.parametrize("form", ["parquet", "xlsx"])
def test_parquet_and_xlsx_give_what_csv_gives(tmp_path, form):
    _, expected = take(tmp_path / "csv")
    files = dict(clinic_files(tmp_path))
    header, *rows = VISITS
    typed = [[p, v, dept, float(cost), datetime.fromisoformat(day), urgent] for p, v, dept, cost, day, urgent in rows]
    path = tmp_path / f"visits.{form}"
    if form == "parquet":
        columns = dict(zip(header, map(list, zip(*typed, strict=True)), strict=True))
        columns["day"] = [moment.date() for moment in columns["day"]]
        pq.write_table(pa.table(columns), path)
    else:
        book = openpyxl.Workbook()
        for row in [header, *typed]:
            book.active.append(row)
        book.save(path)
    _, tables = take(tmp_path / form, files={**files, "visits": (path, form)})
    assert tables == expected


HEADER = "dept\n"
MALFORMED = {
    "empty": (b"", "has no column dept"),
    "no such column": (b"name\neye\n", "has no column dept"),
    "another column": (b"dept,extra\neye,1\n", "extra is not declared"),
    "a column twice": (b"dept,dept\neye,eye\n", "dept more than once"),
    "open quote": (b'dept\neye\n"skin\n', "line 3"),
    "text behind a quote": (b'dept\n"eye"x\n', "line 2"),
    "too many cells": (b"dept\neye\nskin,heart\n", "line 3"),
    "not UTF-8": (b"dept\n\xff\xfe\xfa\n", "line 2"),
    "header not UTF-8": (b"\xff\xfe\n", "line 1"),
    "a header of values": (b"4711\neye\n", "has no column dept"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_files_are_refused_by_line_without_quoting_them(tmp_path, name):
    content, saying = MALFORMED[name]
    files = dict(clinic_files(tmp_path))
    files["departments"][0].write_bytes(content)
    refused("table_malformed", tmp_path, saying, files=files)
    with pytest.raises(Problem) as refusal:
        take(tmp_path, files=files)
    assert not any(cell in str(refusal.value) for cell in ("skin", "heart", "4711"))


@pytest.mark.parametrize("form", ["parquet", "xlsx"])
def test_what_is_not_of_its_format_is_refused(tmp_path, form):
    files = dict(clinic_files(tmp_path))
    refused(
        "table_malformed", tmp_path, "not readable", files={**files, "departments": (files["departments"][0], form)}
    )


def test_limits(tmp_path):
    refused("upload_too_large", tmp_path / "a", "bytes", limits=Limits(file_bytes=100))
    refused("upload_too_large", tmp_path / "b", "rows", limits=Limits(rows=10))
    refused(
        "media_type_unsupported",
        tmp_path / "c",
        files={**clinic_files(tmp_path), "visits": (tmp_path / "visits.csv", "ods")},
    )
    bomb = tmp_path / "bomb.xlsx"
    book = openpyxl.Workbook()
    for _ in range(1500):
        book.active.append(["dept" * 2000])
    book.save(bomb)
    refused(
        "upload_too_large", tmp_path / "d", "unpacks", files={**clinic_files(tmp_path), "departments": (bomb, "xlsx")}
    )


def test_every_declared_table_is_sent_and_no_other(tmp_path):
    files = dict(clinic_files(tmp_path))
    refused("field_invalid", tmp_path, "visits", files={name: one for name, one in files.items() if name != "visits"})
    refused("field_invalid", tmp_path, "more", files={**files, "more": files["visits"]})


def test_nothing_is_readable_without_the_key(tmp_path):
    marker = "a-text-that-is-easy-to-find"
    take(tmp_path, departments=[["dept"], *[[marker]] * 50], visits=[VISITS[0], [1, 1, marker, "1", "2023-01-01", 1]])
    target = tmp_path / "v.duckdb"
    assert marker.encode() not in target.read_bytes()
    assert target.stat().st_mode & 0o777 == 0o400
    assert not list(tmp_path.glob("*.part*"))
    with connect(tmp_path, "500MB") as connection, pytest.raises(duckdb.Error):
        attach(connection, target, bytes(32))


def test_a_quoted_cell_is_only_text(tmp_path):
    """Declared texts with quotes stay literals in every statement of ingest."""
    raw = deepcopy(CLINIC)
    raw["tables"][2]["columns"][0]["domain"] = ["o'eye", "'); DROP TABLE units; --"]
    _, tables = take(tmp_path, raw=raw, departments=[["dept"], ["o'eye"], ["eye"]])
    assert sorted(row["dept"] or "" for row in tables["departments"]) == ["", "o'eye"]


def test_empty_tables_are_taken(tmp_path):
    report, tables = take(tmp_path, visits=VISITS[:1], persons=PERSONS[:1], departments=DEPARTMENTS[:1])
    assert tables == {"persons": [], "visits": [], "departments": []}
    assert report["visits"]["quality"]["completeness"] == "1.000000"
    assert write_csv(tmp_path / "again.csv", VISITS).exists()


def test_columns_may_be_called_anything_that_is_a_name(tmp_path):
    raw = deepcopy(CLINIC)
    [departments] = [table for table in raw["tables"] if table["name"] == "departments"]
    departments["columns"].append({"name": "raw_dept", "type": "string", "role": "public"})
    _, tables = take(tmp_path, raw=raw, departments=[["dept", "raw_dept"], ["eye", "other"]])
    assert tables["departments"] == [{"__ord": 0, "dept": "eye", "raw_dept": "other"}]


DAYS = {
    "2023-05-06": date(2023, 5, 6),
    " 2023-05-06 ": date(2023, 5, 6),
    "2023-05-06 00:00:00": date(2023, 5, 6),
    "2023-05-06T00:00:00.0": date(2023, 5, 6),
    "2023-05-06 10:00:00": None,
    "2023-5-6": None,
    "2023-02-30": None,
    "10000-01-01": None,
    "0000-01-01": None,
    "0001-01-01 (BC)": None,
    "epoch": None,
}
WHOLES = {
    "17": 17,
    " 17 ": 17,
    "+17": 17,
    "017": 17,
    "17000.0": 17000,
    "1.7e4": 17000,
    "17.5": None,
    "0x11": None,
    "-9223372036854775808": -(2**63),
    "9223372036854775808": None,
}


def test_cells_are_read_as_declared_and_no_other_way(tmp_path):
    raw = deepcopy(CLINIC)
    raw["tables"][2]["columns"] += [
        {"name": "day", "type": "date", "role": "public"},
        {"name": "whole", "type": "integer", "role": "public"},
    ]
    rows = [["dept", "day", "whole"]]
    rows += [[text, text, ""] for text in DAYS] + [[text, "", text] for text in WHOLES]
    _, tables = take(tmp_path, raw=raw, departments=rows, limits=Limits(failing=100))
    found = {row["dept"]: row for row in tables["departments"]}
    assert {text: found[text]["day"] for text in DAYS} == DAYS
    assert {text: found[text]["whole"] for text in WHOLES} == WHOLES


def test_doubles_are_rounded_like_their_text(tmp_path):
    doubles = [1.005, 2.675, 0.125, -0.125, -1.005, 1e11 + 0.005, 12345678.125, 0.1 + 0.2, float("nan"), 9e17]
    doubles += [random.Random(7).uniform(-1e4, 1e4) for _ in range(300)] + [n / 1000 for n in range(-50, 50)]
    tables = {}
    for form in ("csv", "parquet"):
        path = tmp_path / f"doubles.{form}"
        columns = [[1] * len(doubles), list(range(len(doubles))), ["eye"] * len(doubles), doubles]
        day, urgent = [date(2023, 1, 1)] * len(doubles), [True] * len(doubles)
        if form == "csv":
            write_csv(path, [VISITS[0], *zip(*columns, day, urgent, strict=True)])
        else:
            pq.write_table(pa.table(dict(zip(VISITS[0], [*columns, day, urgent], strict=True))), path)
        raw = deepcopy(CLINIC)
        raw["tables"][1] |= {"max_rows_per_unit": 1000}
        del raw["tables"][1]["columns"][3]["bounds"]
        files = {**clinic_files(tmp_path), "visits": (path, form)}
        _, tables[form] = take(tmp_path / form, raw=raw, files=files, limits=Limits(failing=100))
    assert len(tables["csv"]["visits"]) == len(doubles)
    assert tables["parquet"] == tables["csv"]
