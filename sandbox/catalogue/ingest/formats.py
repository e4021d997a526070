# ruff: noqa: S608 – declared names match an allow-list pattern, everything else is our own or a quoted literal
"""Reading CSV, Parquet and XLSX into one shape: a relation `raw` of the declared columns, texts or Parquet's own.

Files are read by declared names only; nothing about types is guessed. CSV and Parquet are views: the one pass over the
file is that of `type_cells`.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from sandbox.catalogue.entry import TableEntry
from sandbox.catalogue.ingest.limits import Limits, malformed
from sandbox.catalogue.ingest.sheets import header_of_sheet, load_sheet
from sandbox.engines.files import quoted
from sandbox.errors import Problem

LONGEST_LINE = 1 << 20
NESTED = ("list", "large_list", "struct", "map", "binary", "large_binary", "dictionary<values=binary")


def load_raw(
    connection: duckdb.DuckDBPyConnection, table: TableEntry, path: Path, form: str, limits: Limits, schema: str
) -> None:
    """Create `schema.raw` over the file; raises table_malformed, upload_too_large or media_type_unsupported."""
    if path.stat().st_size > limits.file_bytes:
        raise Problem(
            "upload_too_large", f"Table {table.name}: the file is larger than {limits.file_bytes} bytes; split it."
        )
    readers = {"csv": _load_csv, "parquet": _load_parquet, "xlsx": _load_xlsx}
    if form not in readers:
        raise Problem("media_type_unsupported", f"Table {table.name}: send CSV, Parquet or XLSX.")
    try:
        readers[form](connection, table, path, limits, schema)
    except duckdb.Error as error:
        raise unreadable(table, error) from None


def check_header(table: TableEntry, found: Sequence[str]) -> None:
    """Raise `Problem` unless `found` holds the declared columns, each once, in any order, and nothing else."""
    declared = [column.name for column in table.columns]
    if missing := [name for name in declared if name not in found]:
        raise malformed(
            table.name,
            f"the file has no column {_list(missing)}; name every declared column in the header, with commas between",
        )
    if double := [name for name, times in Counter(found).items() if times > 1]:
        raise malformed(table.name, f"the header names {_list(double)} more than once; name each column once")
    if unknown := [name for name in found if name not in declared]:
        raise malformed(table.name, f"the column {_list(unknown)} is not declared; declare it or leave it out")


def _load_csv(
    connection: duckdb.DuckDBPyConnection, table: TableEntry, path: Path, limits: Limits, schema: str
) -> None:
    header = _csv_header(table, path)
    check_header(table, header)
    columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in header)
    connection.execute(
        f"CREATE VIEW {schema}.raw AS SELECT {_names(table)} FROM read_csv({quoted(str(path))}, auto_detect = false, "
        f"columns = {{{columns}}}, header = true, delim = ',', quote = '\"', escape = '\"', encoding = 'utf-8', "
        f"compression = 'none', strict_mode = true, null_padding = false, ignore_errors = false, "
        f"max_line_size = {LONGEST_LINE}) LIMIT {limits.rows + 1}"
    )


def _csv_header(table: TableEntry, path: Path) -> list[str]:
    try:
        with path.open("rb") as stream:
            line = stream.readline(LONGEST_LINE).decode("utf-8-sig")
        return next(csv.reader([line], strict=True))
    except (UnicodeDecodeError, csv.Error, StopIteration):
        raise malformed(table.name, "line 1 is not a header of column names in UTF-8 CSV") from None


def _load_parquet(
    connection: duckdb.DuckDBPyConnection, table: TableEntry, path: Path, limits: Limits, schema: str
) -> None:
    try:
        with pq.ParquetFile(path) as file:
            about, arrow = file.metadata, file.schema_arrow
            unpacked = sum(about.row_group(number).total_byte_size for number in range(about.num_row_groups))
    except (OSError, ValueError):
        raise malformed(table.name, "the file is not readable as Parquet") from None
    if unpacked > limits.ratio * path.stat().st_size or about.num_rows > limits.rows:
        raise Problem("upload_too_large", f"Table {table.name}: the file unpacks to too much; split it.")
    check_header(table, arrow.names)
    if nested := [field.name for field in arrow if str(field.type).startswith(NESTED)]:
        raise malformed(table.name, f"the column {_list(nested)} is not a plain column; write numbers, texts or dates")
    connection.execute(f"CREATE VIEW {schema}.raw AS SELECT {_names(table)} FROM read_parquet({quoted(str(path))})")


def _load_xlsx(
    connection: duckdb.DuckDBPyConnection, table: TableEntry, path: Path, limits: Limits, schema: str
) -> None:
    header = header_of_sheet(table.name, path, limits)
    check_header(table, header)
    columns = ", ".join(f'"{name}" VARCHAR' for name in header)
    connection.execute(f"CREATE TABLE {schema}.raw ({columns})")
    load_sheet(connection, table.name, path, header, limits, f"{schema}.raw")


def _names(table: TableEntry) -> str:
    return ", ".join(f'"{column.name}"' for column in table.columns)


def _list(names: Sequence[str]) -> str:
    """Print names that look like names; in a file without a header they may be anything."""
    shown = [name if re.fullmatch(r"\w{1,63}", name) and not name.isdigit() else "(not a name)" for name in names[:5]]
    return ", ".join(shown) + (" and others" if len(names) > 5 else "")


def unreadable(table: TableEntry, error: duckdb.Error) -> Problem:
    """The refusal of a file that the reader gave up, by line where that is known."""
    line = re.search(r"Line: (\d+)", str(error))
    where = f"line {line[1]} of the file" if line else "the file"
    say = f"{where} is not well formed; check quotes, line ends, the number of cells and that it is UTF-8"
    return malformed(table.name, say)
