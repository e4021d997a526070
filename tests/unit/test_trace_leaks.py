"""Leaked files in every format, and files that are no tables."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from sandbox.oversight.leaks import LeakUnreadable, read_leak

TABLE = pa.table(
    {"科室": ["内科", None], "n": [12, 7], "mean": [Decimal("1.50"), None], "day": [date(2024, 1, 2), None]}
)
ROWS = (("内科", "12", "1.50", "2024-01-02"), ("", "7", "", ""))


def parquet() -> bytes:
    pq.write_table(TABLE, out := io.BytesIO())
    return out.getvalue()


def arrow(stream: bool) -> bytes:
    out = io.BytesIO()
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(out, TABLE.schema) as writer:
        writer.write_table(TABLE)
    return out.getvalue()


def xlsx() -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["科室", "n", "mean", "day"])
    sheet.append(["内科", 12, Decimal("1.50"), date(2024, 1, 2)])
    sheet.append([None, 7, None, None])
    book.save(out := io.BytesIO())
    return out.getvalue()


CSV = "科室,n,mean,day\n内科,12,1.50,2024-01-02\n,7,,\n"
OBJECTS = '[{"科室": "内科", "n": 12, "mean": 1.50, "day": "2024-01-02"}, {"n": 7}]'
COLUMNS = '{"columns": [{"name": "科室"}, "n", "mean", "day"], "rows": [["内科", 12, "1.50", "2024-01-02"], [null, 7]]}'


@pytest.mark.parametrize(
    "data",
    [
        CSV.encode(),
        CSV.encode("utf-8-sig").replace(b"\n", b"\r\n"),
        CSV.encode("gb18030"),
        CSV.encode("utf-16"),
        CSV.replace(",", ";").encode(),
        OBJECTS.encode(),
        COLUMNS.encode("utf-8-sig"),
        parquet(),
        arrow(stream=False),
        arrow(stream=True),
    ],
)
def test_one_table_in_every_format(data: bytes) -> None:
    leak = read_leak(data)
    assert leak.columns == ("科室", "n", "mean", "day")
    assert leak.rows == ROWS


def test_a_workbook_shows_numbers_and_days() -> None:
    assert read_leak(xlsx()).rows == (("内科", "12", "1.5", "2024-01-02"), ROWS[1])


def test_guards_against_formulas_are_taken_off() -> None:
    leak = read_leak(b"a,b\n'=x,'plain\n'-3,'@y\n")
    assert leak.rows == (("=x", "'plain"), ("-3", "@y"))


def test_short_and_long_rows_of_a_damaged_file_count() -> None:
    assert read_leak(b"a,b\n1\n2,3,4\n").rows == (("1", ""), ("2", "3"))


LINES = '{"科室": "内科", "n": 12, "mean": "1.50", "day": "2024-01-02"}\n{"n": 7}\n'


@pytest.mark.parametrize(
    "data", [LINES.encode(), CSV.encode("utf-16-le"), CSV.encode("utf-16-be"), LINES.encode("gbk")]
)
def test_lines_of_json_and_wide_text_without_a_mark(data: bytes) -> None:
    leak = read_leak(data)
    assert (leak.columns, leak.rows) == (("科室", "n", "mean", "day"), ROWS)


def test_a_title_above_a_table_does_not_cut_it() -> None:
    leak = read_leak("一览\n科室\tn\n内科\t12\n外科\t7\n".encode())
    assert leak.columns == ("一览", "")
    assert leak.rows == (("科室", "n"), ("内科", "12"), ("外科", "7"))


def test_all_sheets_of_a_workbook_are_read() -> None:
    book = Workbook()
    first, second = book.active, book.create_sheet()
    assert first is not None
    for line in (["a", "b"], [1, 2]):
        first.append(line)
    for line in (["c", "d", "e"], [3, 4, 5]):
        second.append(line)
    book.save(out := io.BytesIO())
    leak = read_leak(out.getvalue())
    assert leak.rows == (("1", "2", ""), ("c", "d", "e"), ("3", "4", "5"))


def bomb() -> bytes:
    with zipfile.ZipFile(out := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", bytes(1 << 25))
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"a,b\n",
        b'a,b\n1,"x\n',
        b"\x00\x01\x02",
        b"{}",
        b"[1, 2]",
        b'{"columns": ["a"], "rows": [1]}',
        b"[" * 100_000,
        b"PK\x03\x04 broken",
        b"PAR1 broken PAR1",
        b"ARROW1 broken",
        bomb(),
        (",".join("a" * 2000) + "\n" + ",".join("1" * 2000)).encode(),
        json.dumps([]).encode(),
    ],
    ids=range(14),
)
def test_what_is_no_table_is_refused(data: bytes) -> None:
    with pytest.raises(LeakUnreadable):
        read_leak(data)
