# ruff: noqa: S608 – declared names match an allow-list pattern, everything else is our own or a quoted literal
"""Protected rows into their base table: sorted by unit, then chunk by chunk of whole units put into keyed order, cut at
`max_rows_per_unit`, coded, and indexed. Memory is that of two chunks, and of the largest units, whatever the size of
the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb
import numpy as np
import pyarrow as pa

from sandbox.catalogue.entry import ColumnEntry, TableEntry
from sandbox.catalogue.ingest.cells import Cells, Whole, digest_words, text_keys
from sandbox.catalogue.ingest.contribution import Groups, dense
from sandbox.catalogue.ingest.order import DIGEST, RowOrder, Words, null_words, starting, text_words
from sandbox.catalogue.ingest.storing import norm_type, text_type
from sandbox.catalogue.laying import sql_type
from sandbox.engines.files import ALIAS
from sandbox.engines.fixed import grains
from sandbox.engines.layout import ORDER, ROWS, UNIT, Index, Stored, TableLayout

CHUNK = 1 << 20  # rows
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Written:
    """What was written of a protected table: its rows, the units among them, the rows that differ from others of their
    unit; and the rows dropped because their unit had enough."""

    rows: int = 0
    units: int = 0
    different: int = 0
    beyond: int = 0

    def __add__(self, other: Written) -> Written:
        return Written(*(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True)))


def write_rows(
    connection: duckdb.DuckDBPyConnection,
    table: TableEntry,
    layout: TableLayout,
    schema: str,
    prf_key: bytes,
) -> Written:
    """Fill the base table of `layout` from `schema.judged`."""
    clustering = _Clustering(connection, table, layout, schema, prf_key)
    query = f"SELECT {', '.join(clustering.read())} FROM {schema}.judged WHERE __dropped IS NULL ORDER BY __unit"
    written = Written()
    with connection.cursor() as reading, ThreadPoolExecutor(1) as ahead:
        batches = reading.execute(query).to_arrow_reader(CHUNK)
        chunks = map(clustering.stored, _whole_units(batches))
        waiting = ahead.submit(next, chunks, None)
        while (chunk := waiting.result()) is not None:
            waiting = ahead.submit(next, chunks, None)  # one is put in order while another is written
            made, part = chunk
            connection.register("chunk", made)
            connection.execute(f'INSERT INTO {ALIAS}.main."{layout.base}" SELECT * FROM chunk')
            connection.unregister("chunk")
            written += part
    return written


def write_public(connection: duckdb.DuckDBPyConnection, table: TableEntry, schema: str) -> Written:
    """Write the rows of a public table in the order of their cells."""
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    text = ", ".join(f'CAST("{one.name}" AS {sql_type(one)}) AS "{one.name}"' for one in table.columns)
    kept = f"SELECT {text} FROM {schema}.judged WHERE __dropped IS NULL"
    place = f"row_number() OVER (ORDER BY {names}) - 1"  # equal rows are alike: any order of them is the same
    into = f'{ALIAS}.main."{table.name}"'
    connection.execute(f"INSERT INTO {into} SELECT {place} AS {ORDER}, {names} FROM ({kept}) ORDER BY {ORDER}")
    counted = f"SELECT (SELECT count(*) FROM {into}), count(*) FROM (SELECT DISTINCT {names} FROM {into})"
    rows, different = connection.execute(counted).fetchone() or (0, 0)
    return Written(rows=rows, different=different)


class _Clustering:
    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: TableEntry,
        layout: TableLayout,
        schema: str,
        prf_key: bytes,
    ) -> None:
        self.table, self.layout, self.schema = table, layout, schema
        self.order = RowOrder(table, prf_key)
        self.stored_as = {one.name: one for one in layout.columns}
        self.texts = {name: self._texts(connection, one) for name, one in self.stored_as.items()}

    def read(self) -> list[str]:
        """Give the SQL of what is read of each row: its unit, each column, and the digest of a text without codes."""
        cells = [UNIT]
        for place, column in enumerate(self.table.columns):
            stored, cell = self.stored_as.get(column.name), f'"{column.name}"'
            if column.plan_type.kind != "string" or stored is None or stored.kind == "plain":
                cells.append(f"{cell} AS c{place}")
            else:
                enum = f"CAST({cell} AS {text_type(self.schema, self.table, column)})"
                cells.append(f"enum_code({cell if stored.kind == 'domain' else enum}) AS c{place}")
            if self._plain_text(column):
                cells.append(f"coalesce(left(sha256({cell}), {DIGEST}), repeat('-', {DIGEST})) AS d{place}")
        return cells

    def stored(self, rows: pa.Table) -> tuple[pa.Table, Written]:
        """Give the rows of whole units as they are stored, and what was made of them."""
        columns = {name: rows[name].combine_chunks() for name in rows.column_names}
        unit = columns.pop(UNIT).to_numpy().astype(np.int64)
        cells = {
            column.name: Cells.of(columns[f"c{place}"])
            for place, column in enumerate(self.table.columns)
            if not self._plain_text(column)
        }
        order = self.order.order(unit, self._words(cells, columns, len(unit)))
        kept = order.place < (self.table.max_rows_per_unit or 1)
        places, unit, place = order.places[kept], unit[kept], order.place[kept]
        contents = np.zeros(len(kept) + 1, np.bool_)
        contents[order.content[kept]] = True
        different = int(contents.sum())
        written = Written(len(places), int(starting(unit).sum()), different, len(kept) - len(places))
        taken = {name: one.taken(places) for name, one in cells.items()}
        made = {
            UNIT: Cells(unit, None).arrow(str(self.layout.unit)),
            ORDER: Cells(place, None).arrow(self.layout.order),
        }
        for number, column in enumerate(self.table.columns):
            if column.name in self.stored_as:
                one = self.stored_as[column.name]
                if one.kind == "plain":
                    made[one.column] = columns[f"c{number}"].take(pa.array(places))
                else:
                    taken[column.name] = self._coded(taken[column.name], one)
                    made[one.column] = taken[column.name].arrow(one.sql)
        for index in self.layout.indexes:
            made |= self._index(index, unit, taken, columns, places)
        return pa.table(made), written

    def _coded(self, cells: Cells, stored: Stored) -> Cells:
        if stored.kind == "domain" and stored.type.kind != "string":
            return cells.codes(np.array([_number(value, stored.type.scale) for value in stored.domain], np.int64))
        return cells

    def _words(self, cells: dict[str, Cells], columns: dict[str, pa.Array], rows: int) -> list[Words]:
        """Give the content of each row, whatever way its columns are stored: codes stand for their texts."""
        valid, words = [], []
        for place, column in enumerate(self.table.columns):
            if self._plain_text(column):
                nulls = columns[f"c{place}"]
                valid.append(nulls.is_valid().to_numpy(zero_copy_only=False) if nulls.null_count else None)
                words += digest_words(columns[f"d{place}"])
            else:
                valid.append(cells[column.name].valid)
                words += cells[column.name].words(self.texts.get(column.name))
        return null_words(valid, rows) + words

    def _index(
        self, index: Index, unit: Whole, taken: dict[str, Cells], columns: dict[str, pa.Array], places: Whole
    ) -> dict[str, pa.Array]:
        keys = []
        for name in index.keys:
            if name in taken:
                keys.append(taken[name].keys())
            else:
                number = next(place for place, column in enumerate(self.table.columns) if column.name == name)
                keys.append(text_keys(columns[f"c{number}"].take(pa.array(places))))
        groups = Groups.of(unit, dense(keys, len(unit)))
        group, row = groups.ordinals()
        made = {index.groups: pa.array(group), index.rows: pa.array(row)}
        number_of_unit = np.cumsum(starting(unit)) - 1
        for measure, name in index.norms.items():
            x = None if measure == ROWS else np.abs(self._measured(measure, taken))
            bucket = groups.norms(x)[number_of_unit]
            made[name] = Cells(bucket, None).arrow(norm_type(self.table, measure))
        return made

    def _measured(self, name: str, taken: dict[str, Cells]) -> Whole:
        """Give the grains of a measured column: codes of a domain are looked up, NULL is 0."""
        one, cells = self.stored_as[name], taken[name]
        if one.kind != "domain":
            return cells.numbers
        values = np.array([_number(value, one.type.scale) for value in one.domain], np.int64)[cells.numbers]
        return values if cells.valid is None else np.where(cells.valid, values, 0)

    def _plain_text(self, column: ColumnEntry) -> bool:
        stored = self.stored_as.get(column.name)
        return column.plan_type.kind == "string" and (stored is None or stored.kind == "plain")

    def _texts(self, connection: duckdb.DuckDBPyConnection, stored: Stored) -> Words | None:
        """Give the words of each code's text."""
        if stored.type.kind != "string" or stored.dictionary is None:
            return None
        found = connection.execute(f'SELECT value FROM {ALIAS}.main."{stored.dictionary}" ORDER BY code').fetchall()
        return text_words([text for (text,) in found])


def _whole_units(batches: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Cut batches that ascend by unit into tables of whole units, of about CHUNK rows or one larger unit."""
    held: pa.Table | None = None
    for batch in batches:
        rows = pa.Table.from_batches([batch])
        rows = rows if held is None else pa.concat_tables([held, rows])
        units = rows[UNIT].to_numpy()
        last = int(np.searchsorted(units, units[-1])) if len(units) else 0  # that unit may go on in the next batch
        if last and len(units) >= CHUNK:
            yield rows.slice(0, last)
            rows = rows.slice(last)
        held = rows
    if held is not None and len(held):
        yield held


def _number(value: object, scale: int) -> int:
    match value:
        case date():
            return (value - EPOCH).days
        case Decimal():
            return grains(value, scale)
        case _:
            assert isinstance(value, int)
            return int(value)
