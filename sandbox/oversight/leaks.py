"""Leaked files as tables of text: CSV, JSON (also an object a line), Parquet, Arrow, XLSX, and the numbers of an ONNX
file. The content decides which it is, not the name.

A leak is evidence, so reading is lenient about damage (short rows, odd encodings) and strict about what is no table.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sandbox.oversight.weights import FIRST, HEADS, NoOnnx, rows_of_file
from watermarking.leak import Leak

RATIO, SMALLEST = 100, 1 << 24  # a file may unpack to at most 100 times its size (or 16 MB)
MOST_COLUMNS, MOST_CELLS = 1_000, 50_000_000
TOP = 50  # lines that show how a text is delimited
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # what our CSV guards with a leading quote


class LeakUnreadable(ValueError):
    """The file is no table that can be traced; the message says why."""


def read_leak(data: bytes) -> Leak:
    """Give the table in `data`; raises `LeakUnreadable` when there is none."""
    try:
        columns, rows = _reader(data)(data)
    except LeakUnreadable:
        raise
    except Exception as error:  # a hostile file may break any parser in any way
        raise LeakUnreadable("the file is damaged beyond reading") from error
    if not columns or not rows:
        raise LeakUnreadable("the table has no columns or no rows")
    if len(columns) > MOST_COLUMNS:
        raise LeakUnreadable(f"the table has more than {MOST_COLUMNS} columns")
    width = _width(columns, rows)
    return Leak(_line(columns, width), tuple(_line(row, width) for row in rows))


def _width(columns: Sequence[Any], rows: Sequence[Sequence[Any]]) -> int:
    """Above a table there may stand a title, beside it a wider one: the greatest width that several rows have."""
    wider = sorted((len(row) for row in rows if len(row) > len(columns)), reverse=True)
    return next((width for width, again in pairwise(wider) if width == again <= MOST_COLUMNS), len(columns))


def _line(values: Sequence[Any], width: int) -> tuple[str, ...]:
    line = [_text(value) for value in values[:width]]
    return (*line, *[""] * (width - len(line)))


Table = tuple[Sequence[Any], Sequence[Sequence[Any]]]


def _reader(data: bytes) -> Callable[[bytes], Table]:
    if data.startswith(b"PAR1"):
        return _parquet
    if data.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
        return _arrow
    if data.startswith(b"PK"):
        return _xlsx
    if data.startswith(FIRST):
        return _onnx
    return _json if _decoded(data).lstrip()[:1] in ("[", "{") else _csv


def _csv(data: bytes) -> Table:
    text = _decoded(data)
    csv.field_size_limit(1 << 20)
    top = text.splitlines()[:TOP]
    delimiter = max(",\t;|", key=lambda mark: sum(line.count(mark) for line in top))
    try:
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True) if line]
    except csv.Error as error:
        raise LeakUnreadable(f"not a CSV table: {error}") from error
    if not lines:
        raise LeakUnreadable("the file is empty")
    return lines[0], lines[1:]


def _decoded(data: bytes) -> str:
    """Text in UTF-8, UTF-16 (also without a mark of its order) or GB 18030, which contains GBK."""
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030", "utf-16-le", "utf-16-be"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text and text.isprintable() | any(mark in text for mark in "\n,;\t"):
            return text
    raise LeakUnreadable("the file is neither text nor a table format that is known")


def _json(data: bytes) -> Table:
    """A list of objects, an object a line, or {"columns": [...], "rows": [[...]]}; columns are names or objects
    with a name."""
    text = _decoded(data)
    try:
        found = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        try:
            found = [json.loads(line, parse_float=Decimal) for line in text.splitlines() if line.strip()]
        except (ValueError, RecursionError):
            raise LeakUnreadable("not a JSON document") from error
    if isinstance(found, dict) and isinstance(found.get("columns"), list) and isinstance(found.get("rows"), list):
        columns = [column.get("name") if isinstance(column, dict) else column for column in found["columns"]]
        rows: list[Any] = found["rows"]
    elif isinstance(found, list) and all(isinstance(row, dict) for row in found):
        columns = list(dict.fromkeys(name for row in found for name in row))
        return columns, [[row.get(name) for name in columns] for row in found]
    else:
        raise LeakUnreadable('JSON must be a list of objects, or {"columns": […], "rows": [[…]]}')
    if not all(isinstance(row, list) for row in rows):
        raise LeakUnreadable("rows in JSON must be lists")
    return columns, rows


def _parquet(data: bytes) -> Table:
    file = pq.ParquetFile(io.BytesIO(data))
    groups = (file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups))
    _refuse_bomb(data, sum(groups))
    _refuse_size(file.metadata.num_rows * file.metadata.num_columns)
    return _arrow_table(file.read())


def _arrow(data: bytes) -> Table:
    opened = pa.ipc.open_file if data.startswith(b"ARROW1") else pa.ipc.open_stream
    return _arrow_table(opened(pa.BufferReader(data)).read_all())


def _arrow_table(table: Any) -> Table:
    _refuse_size(table.num_rows * table.num_columns)
    columns = [column.to_pylist() for column in table.columns]
    return table.column_names, list(zip(*columns, strict=True))


def _xlsx(data: bytes) -> Table:
    """All sheets below each other: the alignment takes them apart again."""
    from openpyxl import load_workbook  # takes long to load, and few leaks are workbooks

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        _refuse_bomb(data, sum(part.file_size for part in archive.infolist()))
    sheets = load_workbook(io.BytesIO(data), read_only=True, data_only=True).worksheets
    lines = [
        line for sheet in sheets for line in sheet.iter_rows(values_only=True) if any(cell is not None for cell in line)
    ]
    return (lines[0], lines[1:]) if lines else ((), ())


def _onnx(data: bytes) -> Table:
    try:
        return HEADS, rows_of_file(data)
    except NoOnnx as error:
        raise LeakUnreadable(f"{error}") from None


def _refuse_bomb(data: bytes, unpacked: int) -> None:
    if unpacked > max(SMALLEST, RATIO * len(data)):
        raise LeakUnreadable(f"the file unpacks to more than {RATIO} times its size")


def _refuse_size(cells: int) -> None:
    if cells > MOST_CELLS:
        raise LeakUnreadable(f"the table has more than {MOST_CELLS:,} cells; send a part of it")


def _text(value: Any) -> str:
    """Text of a cell as a copy would show it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.date().isoformat() if not (value.hour or value.minute or value.second) else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    text = str(value)
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text
