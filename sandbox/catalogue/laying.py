"""How a declared table is stored, as far as its declaration says it; see `sandbox.engines.layout`."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.catalogue.entry import ColumnEntry, Entry, TableEntry
from sandbox.engines.fixed import grains
from sandbox.engines.layout import ROWS, Index, Layout, Stored, TableLayout

MOST_CODES = 65_535


def declared_layout(entry: Entry) -> Layout:
    """Give a layout that a version of `entry` can have: texts without a domain are few."""
    few = {table.name: dict.fromkeys((one.name for one in table.columns), MOST_CODES) for table in entry.tables}
    return Layout({table.name: laid_out(table, few[table.name], 1 << 32) for table in entry.tables})


def laid_out(table: TableEntry, codes: Mapping[str, int], units: int) -> TableLayout:
    """Give how `table` is stored when there are so many units, and `codes` says of columns of texts how many different
    ones they have, where these are few."""
    if table.public:
        columns = [Stored(one.name, one.plan_type, "plain", one.name, sql_type(one)) for one in table.columns]
        return TableLayout(table.name, table.name, tuple(columns))
    stored = [_stored(table, one, codes.get(one.name, 0)) for one in table.columns if one.name != table.unit_column]
    most = table.max_rows_per_unit or 1
    indexes = tuple(_index(table, number) for number in range(len(table.key_sets)))
    return TableLayout(table.name, f"__t_{table.name}", tuple(stored), unsigned(units - 1), unsigned(most - 1), indexes)


def sql_type(column: ColumnEntry) -> str:
    """Give the type of the column's values."""
    simple = {"integer": "BIGINT", "string": "VARCHAR", "boolean": "BOOLEAN", "date": "DATE"}
    return simple.get(column.type) or column.type.upper()


def _stored(table: TableEntry, column: ColumnEntry, codes: int) -> Stored:
    name, kind = column.name, column.plan_type
    if column.domain is not None:
        sql, domain = unsigned(len(column.domain) - 1), tuple(sorted(column.domain))
        return Stored(name, kind, "domain", f"__c_{name}", sql, domain=domain, dictionary=f"__d_{table.name}.{name}")
    if column.bounds is not None and kind.numeric:
        least, most = (grains(bound, kind.scale) for bound in column.bounds)
        return Stored(name, kind, "grains", f"__f_{name}", _signed(least, most), kind.scale, least, most)
    if codes and kind.kind == "string":
        sql = unsigned(codes - 1)
        return Stored(name, kind, "dictionary", f"__c_{name}", sql, dictionary=f"__d_{table.name}.{name}")
    return Stored(name, kind, "plain", name, sql_type(column))


def _index(table: TableEntry, number: int) -> Index:
    keys = tuple(column.name for column in table.columns if column.name in table.key_sets[number])
    norms = {ROWS: f"__n{number}"} | {measure: f"__n{number}_{measure}" for measure in table.measured}
    return Index(keys, f"__g{number}", f"__r{number}", norms)


def unsigned(most: int) -> str:
    """Give the SQL type of whole numbers from 0 to `most`."""
    return "UTINYINT" if most < 1 << 8 else "USMALLINT" if most < 1 << 16 else "UINTEGER"


def _signed(least: int, most: int) -> str:
    sizes = (("TINYINT", 7), ("SMALLINT", 15), ("INTEGER", 31), ("BIGINT", 63))
    return next(name for name, bits in sizes if -(1 << bits) <= least and most < 1 << bits)
