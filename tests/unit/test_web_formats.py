"""Results as files: exact numbers, harmless spreadsheets."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sandbox.web.formats import GUARD_NOTE, MEDIA, number, render

NAMES = ["name", "n", "mean", "day", "open"]
TYPES = ["string", "integer", "decimal", "date", "boolean"]
ROWS: list[list[Any]] = [
    ["=cmd()", 501, Decimal("0.1"), date(2023, 1, 2), True],
    ["会", -3, Decimal("12345678901234567.25"), None, None],
    [None, 2**70, None, date(2023, 1, 3), False],
]
RESULT: dict[str, Any] = {
    "job": "job_1",
    "columns": [{"name": name, "type": kind} for name, kind in zip(NAMES, TYPES, strict=True)],
    "rows": ROWS,
    "privacy": {"rho": "0.1"},
    "notes": ["a note"],
    "fee": "1.20",
    "receipt": "/r",
}


def cells(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def test_json_keeps_integers_and_exact_decimals() -> None:
    said = json.loads(render(RESULT, "json"))
    assert said["rows"] == [
        ["=cmd()", 501, 0.1, "2023-01-02", True],
        ["会", -3, "12345678901234567.25", None, None],
        [None, 2**70, None, "2023-01-03", False],
    ]
    assert said["notes"] == ["a note", GUARD_NOTE]


@pytest.mark.parametrize("text", ["0.1", "1.20", "12345678901234567.25", "1e-30", "0.30000000000000004", "-7"])
def test_a_number_is_a_json_number_only_when_exact(text: str) -> None:
    shown = number(Decimal(text))
    assert Decimal(str(shown)) == Decimal(text)
    assert isinstance(shown, float) or Decimal(repr(float(text))) != Decimal(text)


def test_csv_has_a_bom_and_guards_text_only() -> None:
    data = render(RESULT, "csv")
    assert data.startswith(b"\xef\xbb\xbf")
    assert cells(data) == [
        NAMES,
        ["'=cmd()", "501", "0.1", "2023-01-02", "true"],
        ["会", "-3", "12345678901234567.25", "", ""],
        ["", str(2**70), "", "2023-01-03", "false"],
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_every_formula_start_is_guarded_also_in_headers(start: str) -> None:
    result = {**RESULT, "columns": [{"name": f"{start}h", "type": "string"}], "rows": [[f"{start}x"]]}
    assert cells(render(result, "csv")) == [[f"'{start}h"], [f"'{start}x"]]
    assert cells(render(result, "csv", raw=True)) == [[f"{start}h"], [f"{start}x"]]


def test_parquet_and_arrow_hold_the_same_table() -> None:
    parquet = pq.read_table(io.BytesIO(render(RESULT, "parquet")))
    arrow = pa.ipc.open_stream(render(RESULT, "arrow")).read_all()
    assert parquet.to_pylist() == arrow.to_pylist()
    assert parquet.column_names == NAMES
    assert parquet.column("name").to_pylist() == ["=cmd()", "会", None]
    assert parquet.column("mean").to_pylist()[1] == Decimal("12345678901234567.25")
    assert parquet.column("n").to_pylist() == [501, -3, 2**70]
    assert json.loads(parquet.schema.metadata[b"sandbox"])["fee"] == "1.20"


def test_a_result_without_rows_keeps_its_columns() -> None:
    empty = {**RESULT, "rows": []}
    assert cells(render(empty, "csv")) == [NAMES]
    assert pq.read_table(io.BytesIO(render(empty, "parquet"))).column_names == NAMES
    assert all(render(empty, format) for format in MEDIA)


def test_xlsx_has_no_formula_and_no_rounded_integer() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(render(RESULT, "xlsx")))["result"]
    rows = list(sheet.iter_rows())
    assert [cell.value for cell in rows[0]] == NAMES
    assert (rows[1][0].value, rows[1][0].data_type) == ("=cmd()", "s")
    assert rows[1][1].value == 501
    assert rows[3][1].value == str(2**70)
    assert rows[2][2].value == "12345678901234567.25"
