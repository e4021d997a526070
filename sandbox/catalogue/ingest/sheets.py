# ruff: noqa: S608 – declared names match an allow-list pattern, everything else is our own or a quoted literal
"""The first sheet of an XLSX file, read row by row without formulas, styles or links."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from sandbox.catalogue.ingest.limits import Limits, malformed
from sandbox.errors import Problem

BATCH = 10_000
UNREADABLE = (zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError)  # an XML error is a SyntaxError


def header_of_sheet(table: str, path: Path, limits: Limits) -> list[str]:
    """Give the first row as texts; raises `Problem` when the file is no workbook or unpacks to too much."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
        if unpacked > limits.ratio * path.stat().st_size:
            raise Problem("upload_too_large", f"Table {table}: the file unpacks to too much; send it as CSV.")
        first = next(_rows(path), ())
    except UNREADABLE:
        raise malformed(table, "the file is not readable as XLSX") from None
    return [_text(cell) or "" for cell in first]


def load_sheet(
    connection: duckdb.DuckDBPyConnection, table: str, path: Path, header: Sequence[str], limits: Limits, into: str
) -> None:
    """Append the rows below the header to the table `into`; cells beyond the header must be empty."""
    try:
        rows = islice(_rows(path), 1, limits.rows + 2)
        line = 1
        while batch := list(islice(rows, BATCH)):
            for row in batch:
                line += 1
                if any(cell is not None for cell in row[len(header) :]):
                    raise malformed(table, f"line {line} of the sheet has more cells than the header")
            cells = [[_text(row[place]) if place < len(row) else None for row in batch] for place in range(len(header))]
            connection.register(
                "batch", pa.table([pa.array(column, pa.string()) for column in cells], names=list(header))
            )
            connection.execute(f"INSERT INTO {into} SELECT * FROM batch")
            connection.unregister("batch")
    except UNREADABLE:
        raise malformed(table, "the file is not readable as XLSX") from None


def _rows(path: Path) -> Iterator[tuple[Any, ...]]:
    import openpyxl  # takes long to load, and few files are workbooks

    book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its size may be stale: all rows are read, whatever it says
        yield from sheet.iter_rows(values_only=True)
    finally:
        book.close()


def _text(cell: Any) -> str | None:
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return cell.strftime("%Y-%m-%d %H:%M:%S") if isinstance(cell, datetime) else str(cell)
