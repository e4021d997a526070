"""A result as a file: JSON, CSV, Parquet, Arrow, XLSX. Integers stay integers, decimals stay exact where they can."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

BOM = "\ufeff"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
GUARD_NOTE = "in CSV, text that begins with = + - @ TAB CR LF has a leading ' (dialect=raw leaves it out)"
_INT64 = 1 << 63

MEDIA = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def render(result: Mapping[str, Any], format: str, *, raw: bool = False) -> bytes:
    """Give the bytes of `result` (the contract's shape, with exact values) in `format`, a key of `MEDIA`."""
    if format == "csv":
        return _csv(result, guard=not raw)
    return _RENDER[format](result)


def number(value: Decimal) -> float | str:
    """Give a JSON number when its shortest spelling is exactly the value, else text."""
    return float(value) if Decimal(repr(float(value))) == value else format(value, "f")


def guarded(result: Mapping[str, Any]) -> bool:
    """Whether CSV needs the guard against formulas anywhere."""
    return any(isinstance(value, str) and value.startswith(FORMULA) for value in _texts(result))


def _texts(result: Mapping[str, Any]) -> list[Any]:
    return [*_names(result), *(value for row in result["rows"] for value in row)]


def _names(result: Mapping[str, Any]) -> list[str]:
    return [column["name"] for column in result["columns"]]


def _json(result: Mapping[str, Any]) -> bytes:
    notes = [*result["notes"], *([GUARD_NOTE] if guarded(result) else [])]
    rows = [[_plain(value) for value in row] for row in result["rows"]]
    return json.dumps({**result, "rows": rows, "notes": notes}, ensure_ascii=False).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return number(value)
    return value.isoformat() if isinstance(value, date) else value


def _csv(result: Mapping[str, Any], guard: bool) -> bytes:
    text = io.StringIO()
    text.write(BOM)
    writer = csv.writer(text)
    for row in (_names(result), *result["rows"]):
        writer.writerow([_cell(value, guard) for value in row])
    return text.getvalue().encode()


def _cell(value: Any, guard: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if guard and value.startswith(FORMULA) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _table(result: Mapping[str, Any]) -> Any:
    import pyarrow as pa  # 0.2 s to import: only where a table is asked for

    columns = list(zip(*result["rows"], strict=True)) or [() for _ in result["columns"]]
    arrays = [_array(pa, column["type"], values) for column, values in zip(result["columns"], columns, strict=True)]
    about = json.dumps({name: said for name, said in result.items() if name != "rows"}, ensure_ascii=False)
    return pa.table(arrays, names=_names(result)).replace_schema_metadata({"sandbox": about})


def _array(pa: Any, kind: str, values: Sequence[Any]) -> Any:
    if any(isinstance(value, Decimal) for value in values):
        return pa.array([None if value is None else Decimal(value) for value in values])
    if any(isinstance(value, int) and not -_INT64 <= value < _INT64 for value in values):
        return pa.array([None if value is None else Decimal(value) for value in values])
    types = {"integer": pa.int64(), "string": pa.string(), "date": pa.date32(), "boolean": pa.bool_()}
    return pa.array(values, types.get(kind, pa.float64()))


def _parquet(result: Mapping[str, Any]) -> bytes:
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(_table(result), sink)
    return sink.getvalue()


def _arrow(result: Mapping[str, Any]) -> bytes:
    import pyarrow as pa

    table, sink = _table(result), io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _xlsx(result: Mapping[str, Any]) -> bytes:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("result")
    for row in (_names(result), *result["rows"]):
        sheet.append([_sheet_cell(sheet, value) for value in row])
    about = book.create_sheet("about")
    for note in (*result["notes"], *(f"{name}: {said}" for name, said in result["privacy"].items())):
        about.append([_sheet_cell(about, note)])
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def _sheet_cell(sheet: Any, value: Any) -> Any:
    """A cell that is never a formula; numbers beyond a spreadsheet's 15 digits become text rather than wrong."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if isinstance(value, Decimal):
        value = number(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**15:
        value = str(value)
    if not isinstance(value, str):
        return WriteOnlyCell(sheet, value)
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value))
    cell.data_type = "s"
    return cell


_RENDER: dict[str, Callable[[Mapping[str, Any]], bytes]] = {
    "json": _json,
    "parquet": _parquet,
    "arrow": _arrow,
    "xlsx": _xlsx,
}
